/** Every state machine as it is deployed, against the Amazon States Language. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { resolver } from '../../../stacks/support/resolve.ts';
import { synthesize } from '../../../stacks/synthesize.ts';
import { workflowNames } from '../../../state-machines/load.ts';
import { resourcesOf } from '../../stacks/support.ts';
import { fetchLinter, lint, whyNoLinters } from '../support/linters.ts';
import { writeFiles } from './templates.ts';

const reason = await whyNoLinters();
if (reason) console.log(`statelint skipped: ${reason}`);

const definitions = (): Record<string, any> => {
  const { templates } = synthesize();
  const resolve = resolver(templates);
  return Object.fromEntries(
    resourcesOf(templates, 'AWS::StepFunctions::StateMachine').map(({ where, properties }) => {
      const text = resolve(where.split('/')[0]!, properties.DefinitionString) as string;
      return [properties.StateMachineName, JSON.parse(text)];
    }),
  );
};

describe.skipIf(reason !== undefined)('The states language', { timeout: 240_000 }, () => {
  let remove: (() => void) | undefined;
  beforeAll(() => fetchLinter('cfn-lint'));
  beforeAll(() => fetchLinter('statelint'));
  afterEach(() => remove?.());

  const write = (texts: Record<string, unknown>): string[] => {
    const files = writeFiles(texts, '.json');
    remove = files.remove;
    return readdirSync(files.directory).map((name) => join(files.directory, name));
  };
  /** FLOAT: JSON does not tell 2 from 2.0, and neither does Step Functions. */
  const statelint = async (texts: Record<string, unknown>) =>
    await lint('statelint', ['--ignore=FLOAT', ...write(texts)]);
  /** The schema of state machines that is part of AWS's own linter of templates. */
  const cfnLint = async (machines: Record<string, unknown>): Promise<string> => {
    const machine = (Definition: unknown) => ({
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: { RoleArn: 'arn:aws:iam::111122223333:role/r', Definition },
    });
    const templates = Object.entries(machines).map(([name, definition]) => [
      name,
      { Resources: { It: machine(definition) } },
    ]);
    return (await lint('cfn-lint', ['--', ...write(Object.fromEntries(templates))])).stdout;
  };

  it('is what every state machine is written in', async () => {
    const machines = definitions();
    expect(Object.keys(machines).sort()).toEqual(workflowNames().map((name) => `berth-${name}`));
    expect(await statelint(machines)).toMatchObject({ code: 0 });
    expect(await cfnLint(machines)).toBe('');
  });

  it('knows no state that is not there, and no text where a number belongs, in any of them', async () => {
    const machines = definitions();
    const spoiled = (change: (state: any) => object) =>
      Object.fromEntries(
        Object.entries(machines).map(([name, machine]) => {
          const [first = '', state] = Object.entries(machine.States)[0] ?? [];
          return [name, { ...machine, States: { ...machine.States, [first]: change(state) } }];
        }),
      );
    const lost = { ErrorEquals: ['States.ALL'], Next: 'Nowhere' };
    const { code, stdout } = await statelint(spoiled((state) => ({ ...state, Catch: [lost] })));
    expect(code).toBe(1);
    expect(stdout.match(/"Nowhere"/g)?.length ?? 0).toBeGreaterThanOrEqual(Object.keys(machines).length);
    remove?.();
    const many = [{ ErrorEquals: ['States.ALL'], MaxAttempts: 'many' }];
    const found = await cfnLint(spoiled((state) => ({ ...state, Retry: many })));
    for (const name of Object.keys(machines)) expect(found).toMatch(new RegExp(`E3601[^]*${name}\\.json`));
  });
});
