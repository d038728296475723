/** Which stream is read where, on AWS. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileLogs } from '../../../functions/adapters/local/logs/logs.ts';
import type { Logs } from '../../../functions/ports/logs.ts';
import { withWorkloadLogs } from '../../../functions/ports/rules/workload-logs.ts';

const line = (message: string) => ({ at: '2026-01-01T00:00:00.000Z', message, source: 'berth' as const });
const WORKLOAD = 'harbour/dev/guestbook';
const OPERATION = 'operations/op-1';

describe('Logs on AWS', () => {
  let directory: string;
  let written: Logs;
  let cluster: Logs;
  let loads: number;
  let logs: Logs;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'berth-logs-'));
    written = createFileLogs({ directory: join(directory, 'written') });
    cluster = createFileLogs({ directory: join(directory, 'cluster') });
    loads = 0;
    logs = withWorkloadLogs(written, () => {
      loads += 1;
      return Promise.resolve(cluster);
    });
    cluster.append(WORKLOAD, line('of a pod'));
    logs.append(OPERATION, line('of a step'));
  });
  afterEach(async () => {
    await Promise.all([written.close(), cluster.close()]);
    await rm(directory, { recursive: true });
  });

  const messages = async (stream: string) => {
    const read = await logs.read(stream, { tail: 10 });
    const { lines } = await logs.page(stream, { limit: 10 });
    const followed: string[] = [];
    const stop = new AbortController();
    for await (const { message } of logs.follow(stream, { tail: 10, signal: stop.signal })) {
      followed.push(message);
      stop.abort();
    }
    return [read, lines].map((of) => of.map(({ message }) => message)).concat([followed]);
  };

  it('reads the output of workloads from the cluster', async () => {
    expect(await messages(WORKLOAD)).toEqual([['of a pod'], ['of a pod'], ['of a pod']]);
    expect(loads).toBeGreaterThan(0);
  });

  it('reads operations where they are written, and asks no cluster for them', async () => {
    expect(await messages(OPERATION)).toEqual([['of a step'], ['of a step'], ['of a step']]);
    expect(loads).toBe(0);
  });
});
