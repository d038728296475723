/** What stays beside what serves ends at its time, whoever kept it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import { createEffects } from '../../functions/adapters/system/effects.ts';
import { standbyWrites } from '../../functions/commands/deployments/warm.ts';
import { STANDBY_QUEUE } from '../../functions/core/keys.ts';
import type { Ports } from '../../functions/ports/index.ts';
import type { StandbyStatus, WorkloadStatus } from '../../functions/ports/workloads.ts';
import { sweep } from '../../functions/sweep/sweep.ts';

const ref = { project: 'demo', environment: 'dev', service: 'web' };

let ports: Ports;
let now: number;
let standby: StandbyStatus | undefined;

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  standby = undefined;
  const status = async (): Promise<WorkloadStatus> => ({
    desiredReplicas: 1,
    readyReplicas: 1,
    replicas: [],
    ...(standby && { standby }),
  });
  const endStandby = async (_: unknown, dueBy = Number.POSITIVE_INFINITY): Promise<void> => {
    if (standby && Date.parse(standby.until) <= dueBy) standby = undefined;
  };
  ports = {
    store: createSqliteStore({ path: ':memory:' }),
    logs: {},
    effects: { ...createEffects(), now: () => now },
    workloads: { status, tracks: { endStandby } },
  } as unknown as Ports;
});
afterEach(() => ports.store.close());

const keep = (seconds: number): void => {
  standby = {
    deployment: 1,
    why: 'warm',
    until: new Date(now + seconds * 1000).toISOString(),
    replicas: 1,
  };
};
const record = async (): Promise<void> => ports.store.transact(await standbyWrites(ports, ref));
const recorded = () => ports.store.due({ queue: STANDBY_QUEUE, before: Number.MAX_SAFE_INTEGER, limit: 9 });

it('what is warm is ended by the sweep once its time has come, and not before', async () => {
  keep(60);
  await record();
  now += 59_000;
  expect((await sweep(ports)).errors).toEqual([]);
  expect(standby).toBeDefined();
  now += 1_000;
  expect((await sweep(ports)).errors).toEqual([]);
  expect([standby, await recorded()]).toEqual([undefined, []]);
});

it('what a newer deployment keeps has its own time, also where that is recorded later', async () => {
  keep(60);
  await record();
  now += 60_000;
  keep(600);
  await sweep(ports);
  expect(standby).toBeDefined();
  expect(await recorded()).toHaveLength(1);
  now += 600_000;
  await sweep(ports);
  expect([standby, await recorded()]).toEqual([undefined, []]);
});

it('nothing is recorded where nothing is kept', async () => {
  expect(await standbyWrites(ports, ref)).toEqual([]);
});
