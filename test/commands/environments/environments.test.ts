import { expect, it } from 'vitest';
import { environmentUse } from '../../../functions/commands/environments/environments.ts';
import type { Environment } from '../../../functions/core/model/index.ts';

const environment: Environment = {
  project: 'shop',
  name: 'dev',
  id: '1',
  kind: 'ephemeral',
  state: 'ready',
  generation: 1,
  lastActivityAt: '2026-01-01T00:00:00.000Z',
  services: {},
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'tester',
};
const due = { queue: 'environments', at: 1 };
const used = (data: Environment) => environmentUse({ pk: 'p', sk: 's', version: 1, data, due }, data);

it('a deployment that ends while its environment is destroyed leaves the next try of that due (I4)', () => {
  expect(used({ ...environment, state: 'destroying' })).toMatchObject({ put: { due } });
});

it('an environment in use keeps an earlier due time, and none where nothing is due', () => {
  expect(used({ ...environment, idleAfterSeconds: 3600 })).toMatchObject({ put: { due } });
  expect(used(environment)).not.toHaveProperty('put.due');
});
