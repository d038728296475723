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
  it('changes with who calls whom', () => {
    const line = /^ *Scheduler_each_minute --> Lambda_sweep$/m;
    expect(architectureText(templates)).toMatch(line);
    const without = structuredClone(templates);
    const schedules = Object.values(without['Berth-Sweep']!.Resources).filter(
      ({ Type }) => Type === 'AWS::Scheduler::Schedule',
    );
    for (const schedule of schedules) schedule.Properties = { ...schedule.Properties, Target: {} };
    expect(architectureText(without)).not.toMatch(line);
  });

  it('changes with who may do what', () => {
    const line = /^ *Lambda_requests --> Secrets_Manager$/m;
    expect(architectureText(templates)).toMatch(line);
    const text = JSON.stringify(templates).replaceAll('"secretsmanager:', '"states:');
    expect(architectureText(JSON.parse(text) as typeof templates)).not.toMatch(line);
  });

  it('has a box for a service that it did not know', () => {
    const more = structuredClone(templates);
    const [policy] = Object.values(more['Berth-Steps']!.Resources).filter(
      ({ Type }) => Type === 'AWS::IAM::ManagedPolicy',
    );
    policy!.Properties = {
      PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'kinesis:PutRecord', Resource: '*' }] },
    };
    expect(architectureText(more)).toMatch(/--> kinesis$/m);
  });
});
