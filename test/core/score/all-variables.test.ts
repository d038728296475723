import { expect, it } from 'vitest';
import { takenNames, takesAll, withVariables } from '../../../functions/core/score/all-variables.ts';
import { usedOfType } from '../../../functions/core/score/references.ts';
import type { ScoreWorkload } from '../../../functions/core/score/workload.ts';

const workload = (more: Partial<ScoreWorkload> = {}): ScoreWorkload => ({
  apiVersion: 'score.dev/v1b1',
  metadata: { name: 'web', annotations: { 'berth.dev/variables': 'all' } },
  service: { ports: { www: { port: 80 }, admin: { port: 81 } } },
  containers: { main: { image: '.', variables: { MINE: 'mine' } }, beside: { image: '.' } },
  ...more,
});

it('Each container gets a placeholder for each name, and keeps what it has itself', () => {
  const { containers, resources } = withVariables(workload(), ['A', 'MINE']);
  expect(containers.main?.variables).toEqual({ A: '${resources.env.A}', MINE: 'mine' });
  expect(containers.beside?.variables).toEqual({ A: '${resources.env.A}', MINE: '${resources.env.MINE}' });
  expect(resources).toEqual({ env: { type: 'environment' } });
});

it('The resource of the environment is the one that is declared, or has a name that is free', () => {
  const declared = withVariables(workload({ resources: { settings: { type: 'environment' } } }), ['A']);
  expect(declared.containers.main?.variables?.A).toBe('${resources.settings.A}');
  const taken = withVariables(
    workload({ resources: { env: { type: 'postgres' }, 'env-2': { type: 'redis' } } }),
    ['A'],
  );
  expect(taken.resources?.['env-3']).toEqual({ type: 'environment' });
  expect([...usedOfType(taken, 'environment')]).toEqual(['A']);
});

it('What Berth says itself, and what no placeholder may name, is not taken', () => {
  const names = ['PORT', 'PORT_ADMIN', 'PORT_WWW', '__proto__', 'constructor', 'B', 'A', 'A'];
  expect(takenNames(workload(), names)).toEqual(['A', 'B', 'PORT_WWW']);
  expect(takenNames({}, ['PORT'])).toEqual(['PORT']);
});

it('Only a workload that asks for it takes all', () => {
  expect(takesAll(workload())).toBe(true);
  expect(takesAll(workload({ metadata: { name: 'web' } }))).toBe(false);
  const plain = workload();
  expect(withVariables(plain, [])).toBe(plain);
});
