/** What comes up at a start, in which order, and what waits for it: the store is real, the workloads are virtual. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentKey } from '../../../functions/core/keys.ts';
import type { Environment, InstanceRef } from '../../../functions/core/model/index.ts';
import { Problem } from '../../../functions/core/problem.ts';
import { createResuming, type Resumable } from '../../../functions/hosts/machine/places/resume.ts';
import { silentLog } from '../../../functions/hosts/machine/terminal-log.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import { type Bench, openBench } from '../../support/bench.ts';

const NAMES = ['a', 'b', 'c', 'd'];
let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
  const version = await bench.build('one');
  for (const name of NAMES) {
    await bench.environment(name);
    await bench.deploy(name, version);
  }
});
afterAll(() => bench?.close());

interface Start {
  environment: string;
  succeed(): void;
  fail(error: Error): void;
}

/** Ports whose workloads come up when the test says so. @param lastRequests by environment */
function virtual(lastRequests: Record<string, number> = {}) {
  const begun: Start[] = [];
  const log: string[] = [];
  const ports: Resumable = {
    ...(bench.ports as Ports),
    activity: {
      ...bench.ports.activity,
      lastRequests: async (refs) => refs.map(({ environment }) => lastRequests[environment]),
    },
    databases: { ...bench.ports.databases, resume: async () => void log.push('databases') },
    workflows: {
      ...bench.ports.workflows,
      resume: async () => {
        log.push('operations');
        return 0;
      },
    },
    workloads: {
      ...bench.ports.workloads,
      apply: ({ environment }: WorkloadSpec) =>
        new Promise<void>((resolve, reject) => {
          begun.push({ environment, succeed: resolve, fail: reject });
        }).finally(() => log.push(environment)),
      scale: async () => undefined,
      awaitRollout: async () => ({ state: 'ready' }),
    },
  };
  const reached = async (count: number): Promise<string[]> => {
    await expect.poll(() => begun.length, { interval: 2 }).toBe(count);
    return begun.map(({ environment }) => environment);
  };
  return { ports, begun, log, reached };
}

describe('At a start', () => {
  it('workloads come up side by side, no more than may at once, the last asked first', async () => {
    const { ports, begun, reached } = virtual({ c: 3000, b: 2000 });
    const run = createResuming({ atOnce: 2 }).run(ports, silentLog);
    expect(await reached(2)).toEqual(['c', 'b']);
    begun[1]?.succeed();
    expect(await reached(3)).toEqual(['c', 'b', 'a']);
    begun[0]?.succeed();
    begun[2]?.succeed();
    expect(await reached(4)).toEqual(['c', 'b', 'a', 'd']);
    begun[3]?.succeed();
    await run;
  });

  it('a workload that a request asks for comes before those that nobody asks for', async () => {
    const { ports, begun, reached } = virtual();
    const resuming = createResuming({ atOnce: 1 });
    const run = resuming.run(ports, silentLog);
    expect(await reached(1)).toEqual(['a']);
    resuming.prefer({ project: 'shop', environment: 'd', service: 'web' });
    begun[0]?.succeed();
    expect(await reached(2)).toEqual(['a', 'd']);
    for (const at of [1, 2, 3]) {
      await reached(at + 1);
      begun[at]?.succeed();
    }
    await run;
  });

  it('a workload that can not be brought back keeps no other down, and is told of', async () => {
    const { ports, begun, log, reached } = virtual();
    const resuming = createResuming({ atOnce: 1 });
    const told: string[] = [];
    const run = resuming.run(ports, { ...silentLog, error: (what) => void told.push(what) });
    expect(resuming.standing()).toBe('starting');
    await reached(1);
    begun[0]?.fail(new Problem('image_unavailable', 'The image is gone.', { hint: 'Build it again.' }));
    for (const at of [1, 2, 3]) {
      await reached(at + 1);
      begun[at]?.succeed();
    }
    await run;
    expect(log).toEqual(['databases', 'a', 'b', 'c', 'd', 'operations']);
    expect(told).toEqual(['Service web of shop/a did not come up']);
    expect(resuming.standing()).toBe('incomplete');
  });

  it('what a passing fault kept down is brought back as soon as it is over, unless it shall not run any more', async () => {
    const { ports, begun, log, reached } = virtual();
    let isFull = true;
    const databases = { ...ports.databases };
    databases.resume = async () => {
      if (isFull) throw new Error('the disk is full');
      log.push('databases');
    };
    const workloads = { ...ports.workloads, status: async () => undefined };
    const resuming = createResuming({ atOnce: 4, againMs: 10 });
    const run = resuming.run({ ...ports, databases, workloads }, silentLog);
    await reached(4);
    const full = new Problem('storage_full', 'The disk is full.', { hint: 'Make room.' });
    for (const [at, start] of begun.entries()) if (at > 0) start.succeed();
    begun[0]?.fail(full);
    await run;
    expect(resuming.standing()).toBe('incomplete');
    expect(await reached(5)).toEqual(['a', 'b', 'c', 'd', 'a']);
    begun[4]?.fail(full);
    await reached(6);
    isFull = false;
    begun[5]?.succeed();
    await expect.poll(resuming.standing, { interval: 2 }).toBe('complete');
    await expect.poll(() => log, { interval: 2 }).toContain('databases');
    resuming.close();
  });

  it('operations wait until every workload is declared as it was, whichever comes up last', async () => {
    for (const last of [0, 1, 2, 3]) {
      const { ports, begun, log, reached } = virtual();
      const run = createResuming({ atOnce: 4 }).run(ports, silentLog);
      await reached(4);
      for (const [at, start] of begun.entries()) if (at !== last) start.succeed();
      await expect.poll(() => log.length, { interval: 2 }).toBe(4);
      expect(log).not.toContain('operations');
      begun[last]?.succeed();
      await run;
      expect(log.at(-1)).toBe('operations');
    }
  });

  it('a process that a passing fault kept down is brought back beside a web that runs', async () => {
    const key = environmentKey(bench.ref('a'));
    const before = await bench.ports.store.get<Environment>(key);
    const standing = { ...before?.data.services.web, processes: { worker: { replicas: 1 } } };
    await bench.ports.store.transact([
      { put: { ...key, data: { ...before?.data, services: { web: standing } } } },
    ]);
    const { ports, begun, reached } = virtual();
    const web = { desiredReplicas: 1, readyReplicas: 1, replicas: [] };
    const declared = (): number => (begun.length > 4 ? 1 : 0);
    const status = async ({ processes = {} }: InstanceRef) => ({
      ...web,
      processes: Object.fromEntries(
        Object.keys(processes).map((name) => [name, { desiredReplicas: declared(), readyReplicas: 0 }]),
      ),
    });
    const resuming = createResuming({ atOnce: 4, againMs: 10 });
    const run = resuming.run({ ...ports, workloads: { ...ports.workloads, status } }, silentLog);
    await reached(4);
    for (const start of begun)
      if (start.environment === 'a') start.fail(new Error('the disk is full'));
      else start.succeed();
    await run;
    expect(await reached(5)).toEqual(['a', 'b', 'c', 'd', 'a']);
    begun[4]?.succeed();
    await expect.poll(resuming.standing, { interval: 2 }).toBe('complete');
    resuming.close();
  });
});
