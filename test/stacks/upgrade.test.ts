/**
 * An upgrade is never refused and loses nothing: the stacks are synthesized, their code is changed, and they are
 * synthesized again. Each setting in turn is changed in test/conformance/static/upgrade.test.ts.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Template } from '../../stacks/synthesize.ts';
import { problemsOfUpgrade, STATEFUL } from './upgrades.ts';

/** What the functions and the console consist of, and which steps there are beside the declared ones. */
const code = vi.hoisted(() => ({ directory: '', version: 0, steps: [] as string[] }));

vi.mock('../../stacks/support/bundle.ts', () => {
  const made = (name: string): string => {
    const directory = join(code.directory, `${name}-${code.version}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'index.mjs'), `${name} ${code.version}`);
    return directory;
  };
  return {
    bundle: (entry: string) => ({ directory: made(entry), handler: 'index.handler' }),
    bundleProgram: made,
    activatorProgram: () => '// the activator',
    builtConsole: () => made('console'),
  };
});

vi.mock('../../state-machines/load.ts', async (original) => {
  const real = await original<typeof import('../../state-machines/load.ts')>();
  // No state of the file runs the new step, which the loader would say.
  const known = (resources: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(resources).filter(([step]) => !code.steps.includes(step)));
  return {
    ...real,
    stepsOf: (name: string) => [...real.stepsOf(name), ...code.steps],
    loadStateMachine: (name: string, resources: Readonly<Record<string, string>>) =>
      real.loadStateMachine(name, known(resources)),
  };
});

vi.mock('../../functions/core/operations/index.ts', async (original) => {
  const real = await original<typeof import('../../functions/core/operations/index.ts')>();
  const isStepName = (name: string) => real.isStepName(name) || code.steps.includes(name);
  const more = new Proxy(real.declaredSteps, {
    get: (steps, name) => Reflect.get(steps, name) ?? { runsOn: 'builds' },
  });
  return { ...real, isStepName, declaredSteps: more };
});

const { synthesize } = await import('../../stacks/synthesize.ts');

code.directory = mkdtempSync(join(tmpdir(), 'berth-code-'));
afterAll(() => rmSync(code.directory, { recursive: true }));

type Templates = Record<string, Template>;
const { templates: installed } = synthesize();

describe('An upgrade', () => {
  it('that changes every function, the build program and the console goes through', () => {
    code.version++;
    const { templates } = synthesize();
    const hashes = (of: Templates): string[] =>
      Object.values(of).flatMap(({ Resources }) =>
        Object.values(Resources)
          .filter(({ Type }) => Type === 'AWS::Lambda::Function')
          .map(({ Properties }) => JSON.stringify(Properties?.Code)),
      );
    const kept = hashes(templates).filter((hash) => hashes(installed).includes(hash));
    // Only the CDK's own function, which copies the console, is as it was.
    expect(kept).toHaveLength(1);
    expect(problemsOfUpgrade(installed, templates)).toEqual([]);
  });

  it('that brings a step goes through, and so does one that takes it away', () => {
    code.steps = ['brandNew'];
    const { templates } = synthesize();
    code.steps = [];
    expect(JSON.stringify(templates['Berth-Workflows'])).toContain('"Name":"brandNew"');
    expect(problemsOfUpgrade(installed, templates)).toEqual([]);
    expect(problemsOfUpgrade(templates, installed)).toEqual([]);
  });

  it('that brings an index of the table goes through', () => {
    expect(problemsOfUpgrade(installed, withIndexes(1))).toEqual([]);
  });
});

/** The table with more indexes than it had. */
function withIndexes(count: number): Templates {
  const changed = structuredClone(installed);
  for (const { Type, Properties } of Object.values(changed['Berth-Data']?.Resources ?? {})) {
    if (Type !== 'AWS::DynamoDB::GlobalTable') continue;
    const indexes = Properties?.GlobalSecondaryIndexes as object[];
    for (let index = 0; index < count; index++) indexes.push({ ...indexes[0], IndexName: `more-${index}` });
  }
  return changed;
}

describe('What would go wrong is noticed', () => {
  const spoiled = (change: (templates: Templates) => void): string[] => {
    const templates = structuredClone(installed);
    change(templates);
    return problemsOfUpgrade(installed, templates);
  };
  const find = (templates: Templates, type: string) => {
    for (const [stack, { Resources }] of Object.entries(templates))
      for (const [id, resource] of Object.entries(Resources))
        if (resource.Type === type) return { stack, id, resource, Resources };
    throw new Error(`There is no ${type}`);
  };

  it('an export that another stack imports, gone or changed', () => {
    const outputs = (templates: Templates) => templates['Berth-Workflows']?.Outputs ?? {};
    const [id = ''] = Object.keys(outputs(installed)).filter((name) => /^ExportsOutput.*Role/.test(name));
    expect(spoiled((templates) => delete outputs(templates)[id])).toEqual([
      expect.stringContaining('vanishes'),
    ]);
    const other = { Value: { Ref: 'Other' } };
    expect(spoiled((templates) => Object.assign(outputs(templates)[id] as object, other))).toEqual([
      expect.stringContaining('changes'),
    ]);
  });

  it.each(STATEFUL)('a %s that goes', (type) => {
    const problems = spoiled((templates) => {
      const { id, Resources } = find(templates, type);
      delete Resources[id];
    });
    expect(problems).toContainEqual(expect.stringContaining('is lost'));
  });

  it('a replacement, also by a property within another, and of what has a name', () => {
    const problems = spoiled((templates) => {
      const { resource } = find(templates, 'AWS::EKS::Cluster');
      Object.assign(resource.Properties?.AccessConfig as object, {
        BootstrapClusterCreatorAdminPermissions: true,
      });
    });
    expect(problems).toContainEqual(expect.stringMatching(/Berth-Cluster\/\w+ is lost/));
    expect(problems).toContainEqual(expect.stringContaining('can not be replaced under its name'));
  });

  it('a name that is given to another resource while the first still has it', () => {
    const problems = spoiled((templates) => {
      const { id, resource, Resources } = find(templates, 'AWS::StepFunctions::StateMachine');
      delete Resources[id];
      Resources.Moved = resource;
    });
    expect(problems).toEqual([expect.stringContaining('Berth-Workflows/Moved collides with')]);
  });

  it('two indexes at once', () => {
    expect(problemsOfUpgrade(installed, withIndexes(2))).toEqual([expect.stringContaining('2 indexes')]);
  });
});
