/**
 * Each setting is changed after an installation, and changed back: what CloudFormation would refuse or lose is known
 * for every one. It takes a synthesis for each, and no program but those of npm.
 */
import { describe, expect, it } from 'vitest';
import { settingNames } from '../../../stacks/support/settings.ts';
import { type Synthesized, synthesize } from '../../../stacks/synthesize.ts';
import { problemsOfUpgrade } from '../../stacks/upgrades.ts';

const arn = (service: string, rest: string, region = 'eu-west-1') =>
  `arn:aws:${service}:${region}:111122223333:${rest}`;
const secret = (name: string) => arn('secretsmanager', `secret:${name}-AbCdEf`);
const certificate = (region: string) =>
  arn('acm', 'certificate/0a1b2c3d-0000-4000-8000-000000000000', region);

const issuer = { 'berth:issuer': 'https://id.example.com', 'berth:audience': 'berth' };
const domain = { 'berth:domain': 'berth.example.com', 'berth:certificate': certificate('us-east-1') };
const database = {
  'berth:database': 'postgres.example.com:5432',
  'berth:databaseSecret': secret('postgres'),
};
const cluster = { 'berth:cluster': 'ours', ...database };
const endpoint = {
  'berth:clusterEndpoint': 'https://abc.gr7.eu-west-1.eks.amazonaws.com',
  'berth:clusterCertificate': 'Y2VydA==',
};
const subnets = {
  'berth:privateSubnets': 'subnet-0a0a0a0a,subnet-0b0b0b0b',
  'berth:publicSubnets': 'subnet-0c0c0c0c,subnet-0d0d0d0d',
  'berth:databaseSubnets': 'subnet-0e0e0e0e,subnet-0f0f0f0f',
};
const vpc = {
  'berth:vpc': 'vpc-0a0a0a0a',
  ...subnets,
  'berth:ingressCidrs': '10.64.0.0/20',
  'berth:egressCidrs': '10.64.16.0/20',
};

type Settings = Record<string, string>;
type Templates = Synthesized['templates'];
interface Change {
  /** The setting of an installation before; all as in cdk.json unless given. */
  before?: Settings;
  after: Settings;
}

const mail = { 'berth:mailFrom': 'berth@example.com' };
const vault = { 'berth:vault': 'https://vault.example.com', 'berth:vaultToken': secret('vault') };

const githubApp = { 'berth:githubApp': '123456', 'berth:githubAppSecret': secret('app') };

/** How each setting is changed. */
const changes: Record<(typeof settingNames)[number], Change> = {
  name: { after: { 'berth:name': 'other' } },
  tags: { after: { 'berth:tags': 'team=platform,cost-center=42' } },
  permissionsBoundary: { after: { 'berth:permissionsBoundary': 'arn:aws:iam::111122223333:policy/bounds' } },
  vpc: { after: vpc },
  vpcCidr: { after: { 'berth:vpcCidr': '10.80.0.0/16' } },
  privateSubnets: {
    before: vpc,
    after: { ...vpc, 'berth:privateSubnets': 'subnet-0a0a0a0a,subnet-01010101' },
  },
  publicSubnets: { before: vpc, after: { ...vpc, 'berth:publicSubnets': 'subnet-0c0c0c0c,subnet-01010101' } },
  databaseSubnets: {
    before: vpc,
    after: { ...vpc, 'berth:databaseSubnets': 'subnet-0e0e0e0e,subnet-01010101' },
  },
  cluster: { before: database, after: cluster },
  clusterAdministrators: {
    after: { 'berth:clusterAdministrators': 'arn:aws:iam::111122223333:role/platform' },
  },
  serviceCidr: { after: { 'berth:serviceCidr': '10.100.0.0/16' } },
  privateCluster: { after: { 'berth:privateCluster': 'yes' } },
  architecture: { after: { 'berth:architecture': 'both' } },
  buildsAtOnce: { after: { 'berth:buildsAtOnce': '1' } },
  packBuilder: { after: { 'berth:packBuilder': `heroku/builder@sha256:${'a'.repeat(64)}` } },
  imageMirror: { after: { 'berth:imageMirror': 'https://mirror.example.com' } },
  dockerHubSecret: { after: { 'berth:dockerHubSecret': secret('hub') } },
  nodesCpu: { after: { 'berth:nodesCpu': '128' } },
  environmentCpu: { after: { 'berth:environmentCpu': '4' } },
  environmentMemoryGib: { after: { 'berth:environmentMemoryGib': '8' } },
  environmentPods: { after: { 'berth:environmentPods': '20' } },
  environmentStorageGib: { after: { 'berth:environmentStorageGib': '20' } },
  ingressCidrs: { after: { 'berth:ingressCidrs': '10.9.0.0/16' } },
  egressCidrs: { after: { 'berth:egressCidrs': '10.9.0.0/16' } },
  secretSources: { after: { 'berth:secretSources': `${secret('shop')}*` } },
  mailFrom: { after: mail },
  mailDomains: { before: mail, after: { ...mail, 'berth:mailDomains': 'example.org,example.com' } },
  githubApp: { after: githubApp },
  githubAppSecret: { before: githubApp, after: { ...githubApp, 'berth:githubAppSecret': secret('other') } },
  githubAppApi: {
    before: githubApp,
    after: { ...githubApp, 'berth:githubAppApi': 'https://github.example.com/api/v3' },
  },
  vault: { after: vault },
  vaultNamespace: { before: vault, after: { ...vault, 'berth:vaultNamespace': 'teams/shop' } },
  vaultRole: { before: vault, after: { 'berth:vault': vault['berth:vault'], 'berth:vaultRole': 'berth' } },
  vaultAuth: {
    before: { 'berth:vault': vault['berth:vault'], 'berth:vaultRole': 'berth' },
    after: { 'berth:vault': vault['berth:vault'], 'berth:vaultRole': 'berth', 'berth:vaultAuth': 'aws-eu' },
  },
  vaultToken: { before: vault, after: { ...vault, 'berth:vaultToken': secret('other') } },
  gatewayImage: { after: { 'berth:gatewayImage': 'registry.example.com/traefik:v3.7.15' } },
  outputSenders: { after: { 'berth:outputSenders': 'arn:aws:iam::444455556666:role/berth-output' } },
  activatorImage: { after: { 'berth:activatorImage': 'registry.example.com/node:24' } },
  logAgentImage: { after: { 'berth:logAgentImage': 'registry.example.com/otelcol:0.157.0' } },
  bucketsAndQueues: { after: { 'berth:bucketsAndQueues': 'no' } },
  redisImage: { after: { 'berth:redisImage': 'registry.example.com/redis:7.2.12' } },
  gatewayApi: { after: { 'berth:gatewayApi': 'https://mirror.example.com/gateway-api' } },
  clusterEndpoint: { before: cluster, after: { ...cluster, ...endpoint } },
  clusterCertificate: {
    before: { ...cluster, ...endpoint },
    after: { ...cluster, ...endpoint, 'berth:clusterCertificate': 'T3RoZXI=' },
  },
  database: { after: database },
  restoredTable: { after: { 'berth:restoredTable': 'berth-restored' } },
  restoredDatabase: { after: { 'berth:restoredDatabase': 'berth-before-the-fire' } },
  restoredAnchors: { after: { 'berth:restoredAnchors': 'berth-anchors-restored' } },
  restoredBackups: { after: { 'berth:restoredBackups': 'berth-backups-restored' } },
  databaseMinAcu: { after: { 'berth:databaseMinAcu': '0.5' } },
  databaseMaxAcu: { after: { 'berth:databaseMaxAcu': '16' } },
  databaseSecret: { before: database, after: { ...database, 'berth:databaseSecret': secret('other') } },
  issuer: { after: issuer },
  audience: { before: issuer, after: { ...issuer, 'berth:audience': 'other' } },
  clientId: { before: issuer, after: { ...issuer, 'berth:clientId': 'console' } },
  clientSecret: { before: issuer, after: { ...issuer, 'berth:clientSecret': secret('client') } },
  terminalClientId: { before: issuer, after: { ...issuer, 'berth:terminalClientId': 'terminal' } },
  groupsClaim: { before: issuer, after: { ...issuer, 'berth:groupsClaim': 'roles' } },
  administratorGroup: { after: { 'berth:administratorGroup': 'platform' } },
  administrator: { after: { 'berth:administrator': 'ada@example.com' } },
  apps: { after: { 'berth:apps': 'apps.example.com' } },
  appsCertificate: { after: { 'berth:appsCertificate': certificate('eu-west-1') } },
  appsZone: { after: { 'berth:appsZone': 'Z0123456789ABC' } },
  domain: { after: domain },
  certificate: {
    before: domain,
    after: { ...domain, 'berth:certificate': `${domain['berth:certificate'].slice(0, -1)}1` },
  },
  reservedConcurrency: { after: { 'berth:reservedConcurrency': '50' } },
  alarmsEmail: { after: { 'berth:alarmsEmail': 'platform@example.com' } },
  dashboard: { after: { 'berth:dashboard': 'yes' } },
};

/** What is decided at the first deployment, as docs/how-to/install-on-aws.md says. */
const FIXED: Record<string, RegExp> = {
  vpc: /Berth-(Cluster|Database)/,
  vpcCidr: /Berth-Network\/\w+ is lost/,
  privateSubnets: /Berth-Cluster\/\w+ can not be replaced under its name/,
  // What was restored is not thrown away by taking the setting back.
  restoredDatabase: /Berth-Database\/Restored\w+ is lost/,
  serviceCidr: /Berth-Cluster\/\w+ can not be replaced under its name/,
};

const known = new Map<string, Templates>();

/** Most settings are changed in the same installation, whose templates are made once. */
function templatesOf(settings: Settings): Templates {
  const key = JSON.stringify(settings);
  const templates = known.get(key) ?? synthesize(settings).templates;
  known.set(key, templates);
  return templates;
}

// The first one bundles all functions.
describe('A setting that is changed after the installation', { timeout: 300_000 }, () => {
  it.each(settingNames)('%s: CloudFormation refuses nothing, and nothing is lost, there and back', (name) => {
    const { before = {}, after } = changes[name];
    const [one, other] = [templatesOf(before), templatesOf(after)];
    const found = [...problemsOfUpgrade(one, other), ...problemsOfUpgrade(other, one)];
    const fixed = FIXED[name];
    if (fixed) expect(found).toContainEqual(expect.stringMatching(fixed));
    else expect(found).toEqual([]);
  });

  it('of two installations in an account shares no name with the other', () => {
    const one = templatesOf({});
    const other = templatesOf({ 'berth:name': 'other', 'berth:dashboard': 'yes' });
    expect(Object.keys(other).filter((stack) => Object.hasOwn(one, stack))).toEqual([]);
    expect(problemsOfUpgrade(one, other)).toEqual([]);
  });
});
