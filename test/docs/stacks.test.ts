/** What the documents say of Berth on AWS is what the stacks are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { architectureText } from '../../scripts/docs/architecture.ts';
import { explanationPages } from '../../scripts/docs/explanation.ts';
import { synthesize } from '../../stacks/synthesize.ts';
import { root } from './markdown.ts';

const { templates } = synthesize();

describe('Pages with parts that follow from the stacks', () => {
  it.each(Object.entries(explanationPages(templates)))('%s is what `npm run docs` writes', (name, text) => {
    expect(readFileSync(join(root, 'docs/explanation', name), 'utf8')).toBe(text);
  });
});

describe('The picture of the stacks', () => {
  it('changes with who may do what', () => {
    const without = structuredClone(templates);
    for (const resource of Object.values(without['Berth-Access']!.Resources))
      resource.Properties = { ...resource.Properties, PrincipalArn: 'arn:aws:iam::111122223333:role/other' };
    expect(architectureText(templates)).toContain('--> EKS_cluster\n');
    expect(architectureText(without).match(/^.*--> EKS_cluster$/gm)).toEqual([
      '  visitors([visitors]) --> EKS_cluster',
    ]);
  });

  it('is not drawn with a service that it does not know', () => {
    const more = structuredClone(templates);
    const [policy] = Object.values(more['Berth-Steps']!.Resources).filter(
      ({ Type }) => Type === 'AWS::IAM::ManagedPolicy',
    );
    policy!.Properties = {
      PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'kinesis:PutRecord', Resource: '*' }] },
    };
    expect(() => architectureText(more)).toThrow(/kinesis/);
  });
});
