/** What the documents say of Berth on AWS is what the stacks are. */
import { describe, expect, it } from 'vitest';
import { architectureText } from '../../scripts/docs/architecture.ts';
import { keptText } from '../../scripts/docs/installation.ts';
import { synthesize } from '../../stacks/synthesize.ts';
import { readDoc } from './markdown.ts';

const { templates } = synthesize();

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
    const line = /^ *Berth-Api --> Secrets_Manager$/m;
    expect(architectureText(templates)).toMatch(line);
    const text = JSON.stringify(templates).replaceAll('"secretsmanager:', '"states:');
    expect(architectureText(JSON.parse(text) as typeof templates)).not.toMatch(line);
  });

  it('has a box for a service that it did not know', () => {
    const more = structuredClone(templates);
    const [policy] = Object.values(more['Berth-Workflows']!.Resources).filter(
      ({ Type }) => Type === 'AWS::IAM::ManagedPolicy',
    );
    policy!.Properties = {
      PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'kinesis:PutRecord', Resource: '*' }] },
    };
    expect(architectureText(more)).toMatch(/--> kinesis$/m);
  });
});

describe('Pages about Berth on AWS', () => {
  const pages = ['how-to/install-on-aws.md', 'how-to/upgrade-on-aws.md', 'how-to/remove-from-aws.md'];
  const all = [...pages, 'explanation/cost.md'].map((page) => readDoc(`docs/${page}`)).join('\n');
  const { context } = JSON.parse(readDoc('cdk.json')) as { context: Record<string, string> };

  it('name settings that there are, and every one', () => {
    const named = [...all.matchAll(/\bberth:([A-Za-z]+)/g)].map(([name]) => name);
    const known = Object.keys(context).filter((name) => name.startsWith('berth:'));
    expect([...new Set(named)].sort()).toEqual(known.sort());
  });

  it('name outputs that there are, and every one', () => {
    const outputs = Object.entries(templates).flatMap(([stack, { Outputs = {} }]) =>
      Object.entries(Outputs)
        .filter(([, output]) => !Object.hasOwn(output as object, 'Export'))
        .map(([name]) => `${stack}.${name}`),
    );
    const named = [...all.matchAll(/\bBerth-[A-Z][a-z]+\.[A-Z][A-Za-z]+/g)].map(([name]) => name);
    expect([...new Set(named)].sort()).toEqual(outputs.sort());
  });

  it('name stacks, files and commands that there are', () => {
    const { scripts } = JSON.parse(readDoc('package.json')) as { scripts: Record<string, string> };
    for (const [, stack] of all.matchAll(/\b(Berth-[A-Z][a-z]+)/g)) expect(templates).toHaveProperty(stack!);
    for (const [, script] of all.matchAll(/npm run ([\w:-]+)/g)) expect(scripts).toHaveProperty(script!);
    for (const [, file] of all.matchAll(/(?<![\w/])(stacks\/[\w./]+\.\w+)/g))
      expect(() => readDoc(file!)).not.toThrow();
  });

  it('take the protection off everything that has one, before the stacks go', () => {
    const page = readDoc('docs/how-to/remove-from-aws.md');
    const before = page.slice(0, page.indexOf('cdk destroy'));
    const rows = keptText(templates)
      .split('\n')
      .filter((row) => row.includes('| yes |'));
    expect(rows).toHaveLength(3);
    for (const command of ['update-table', 'update-user-pool', 'modify-db-cluster'])
      expect(before).toContain(command);
    expect(before.match(/--no-deletion-protection|--deletion-protection INACTIVE/g)).toHaveLength(
      rows.length,
    );
  });
});
