/** Fills a store as a large company would: 30,000 services and 50,000 environments in one hundred projects. */
import { join } from 'node:path';
import { createSqliteStore } from '../functions/adapters/local/store/store.ts';
import { environmentWrite } from '../functions/commands/environments/environments.ts';
import { projectKey, serviceKey } from '../functions/core/keys.ts';
import type { Environment } from '../functions/core/model/index.ts';
import type { Write } from '../functions/ports/store.ts';

export const SEEDED = { projects: 100, services: 30_000, environments: 50_000 };

const at = '2026-01-01T00:00:00.000Z';

function* writes(): Generator<Write> {
  const nameOf = (kind: string, index: number): string => `${kind}-${String(index).padStart(5, '0')}`;
  const projectOf = (index: number): string => nameOf('project', index % SEEDED.projects);
  for (let index = 0; index < SEEDED.projects; index++) {
    const name = projectOf(index);
    yield { put: { ...projectKey(name), data: { name, createdAt: at, createdBy: 'bench' } } };
  }
  for (let index = 0; index < SEEDED.services; index++) {
    const [project, service] = [projectOf(index), nameOf('service', index)];
    const data = { project, name: service, createdAt: at, createdBy: 'bench' };
    yield { put: { ...serviceKey({ project, service }), data } };
  }
  for (let index = 0; index < SEEDED.environments; index++) {
    const environment: Environment = {
      project: projectOf(index),
      name: nameOf('environment', index),
      id: String(index).padStart(26, '0'),
      kind: 'ephemeral',
      state: 'hibernated',
      generation: 3,
      idleAfterSeconds: 3600,
      expiresAt: '2036-01-01T00:00:00.000Z',
      lastActivityAt: at,
      services: {},
      createdAt: at,
      createdBy: 'bench',
    };
    yield environmentWrite(environment, 'absent');
  }
}

export async function seed(directory: string): Promise<void> {
  const store = createSqliteStore({ path: join(directory, 'berth.db') });
  let batch: Write[] = [];
  for (const write of writes()) {
    batch.push(write);
    if (batch.length < 100) continue;
    await store.transact(batch);
    batch = [];
  }
  if (batch.length) await store.transact(batch);
  await store.close();
}
