/** The templates of all stacks, as files that linters read: one installation for each way to settle it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize, type Template } from '../../../stacks/synthesize.ts';

/** Settings that change which resources there are. */
export const installations: Record<string, Record<string, string>> = {
  'all new': { 'berth:administrator': 'ada@example.com' },
  'beside what is there': {
    'berth:cluster': 'ours',
    'berth:clusterEndpoint': 'https://abc.gr7.eu-west-1.eks.amazonaws.com',
    'berth:clusterCertificate': 'Y2VydA==',
    'berth:database': 'postgres.example.com:5432',
    'berth:databaseSecret': 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:postgres-AbCdEf',
    'berth:issuer': 'https://id.example.com',
    'berth:audience': 'berth',
    'berth:administrator': 'ada',
    'berth:dashboard': 'yes',
    'berth:domain': 'berth.example.com',
    'berth:certificate':
      'arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000',
  },
  'in a company’s network': {
    'berth:name': 'acme',
    'berth:tags': 'team=platform,cost-center=42',
    'berth:permissionsBoundary': 'arn:aws:iam::111122223333:policy/bounds',
    'berth:vpc': 'vpc-0a0a0a0a',
    'berth:privateSubnets': 'subnet-0a0a0a0a,subnet-0b0b0b0b',
    'berth:publicSubnets': 'subnet-0c0c0c0c,subnet-0d0d0d0d',
    'berth:databaseSubnets': 'subnet-0e0e0e0e,subnet-0f0f0f0f',
    'berth:ingressCidrs': '10.64.0.0/20',
    'berth:egressCidrs': '10.64.16.0/20',
    'berth:privateCluster': 'yes',
    'berth:clusterAdministrators': 'arn:aws:iam::111122223333:role/platform',
    'berth:architecture': 'both',
    'berth:environmentCpu': '4',
    'berth:environmentMemoryGib': '8',
    'berth:environmentPods': '20',
    'berth:environmentStorageGib': '50',
    'berth:databaseMinAcu': '1',
    'berth:databaseMaxAcu': '16',
    'berth:reservedConcurrency': '50',
    'berth:appsCertificate':
      'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000',
  },
};

export interface TemplateFiles {
  directory: string;
  templates: Record<string, Template>;
  remove(): void;
}

/** @param change spoils a template, to see that it is found */
export function writeTemplates(
  settings: Record<string, string>,
  change: (templates: Record<string, Template>) => void = () => undefined,
): TemplateFiles {
  const { templates } = synthesize(settings);
  change(templates);
  return { templates, ...writeFiles(templates, '.template.json') };
}

/** @param texts by file name without ending; what is no string is written as JSON */
export function writeFiles(
  texts: Record<string, unknown>,
  ending: string,
): { directory: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'berth-lint-'));
  for (const [name, content] of Object.entries(texts)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 2);
    writeFileSync(join(directory, `${name}${ending}`), text);
  }
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
