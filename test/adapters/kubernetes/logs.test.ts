/** Logs of pods, beside those that Berth keeps itself. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { createKubernetesLogs } from '../../../functions/adapters/kubernetes/logs/logs.ts';
import { createFileLogs } from '../../../functions/adapters/local/logs/logs.ts';
import type { LogLine } from '../../../functions/ports/logs.ts';
import { logsReaderContract } from '../../contracts/logs/logs-reader.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { startPodLogs } from './pod-logs.ts';

const makeDirectory = temporaryDirectories();

async function makeSubject() {
  const pods = await startPodLogs();
  const client = createKubernetesClient({ server: pods.url });
  const rest = createFileLogs({ directory: makeDirectory() });
  const logs = createKubernetesLogs({ client, rest, lookMs: 200 });
  return {
    ...pods,
    logs,
    async dispose() {
      await logs.close();
      client.close();
      await pods.close();
    },
  };
}

logsReaderContract('Kubernetes', makeSubject);

describe('Kubernetes logs', () => {
  let subject: Awaited<ReturnType<typeof makeSubject>>;
  beforeAll(async () => {
    subject = await makeSubject();
  });
  afterAll(() => subject.dispose());
  const line = (message: string): LogLine => ({ at: '2026-01-01T00:00:00.000Z', message, source: 'stdout' });

  it('hides what the Secrets of the service hold', async () => {
    subject.addSecret('demo/dev/masked', 'correct-horse');
    subject.write('demo/dev/masked', line('it is correct-horse.'));
    const [one] = await subject.logs.read('demo/dev/masked', { tail: 1 });
    expect(one).toEqual({ ...line('it is ••••.'), deployment: 1, container: 'main' });
  });

  it.each([
    [403, 'Berth lacks a permission in the cluster'],
    [500, 'answered 500'],
  ])(
    'output that can not be read (%i) is told to be missing, and why, and never shown as none',
    async (status, why) => {
      const { logs } = subject;
      const stream = `demo/dev/unread-${status}`;
      subject.write(stream, line('printed'));
      subject.fail(stream, status);
      const said = new RegExp(`output of main in unread-${status}-1 can not be read: .*${why}`);
      expect(await logs.page(stream, { limit: 5 })).toEqual({
        lines: [],
        missing: expect.stringMatching(said),
      });
      const ofBerth = [{ source: 'berth', message: expect.stringMatching(said) }];
      expect(await logs.read(stream, { tail: 5 })).toMatchObject(ofBerth);
      const abort = new AbortController();
      for await (const one of logs.follow(stream, { tail: 5, signal: abort.signal })) {
        expect([one]).toMatchObject(ofBerth);
        abort.abort();
      }
      await expect(logs.check?.()).rejects.toMatchObject({ code: 'unavailable' });
      subject.fail(stream, 200);
      expect(await logs.page(stream, { limit: 5 })).toMatchObject({ lines: [{ message: 'printed' }] });
      await expect(logs.check?.()).resolves.toBeUndefined();
    },
  );

  it('a container that has not started yet has printed nothing, which is no failure', async () => {
    subject.write('demo/dev/waiting', line('later'));
    subject.fail('demo/dev/waiting', 400);
    expect(await subject.logs.page('demo/dev/waiting', { limit: 5 })).toEqual({ lines: [] });
  });

  it('keeps operations to the Logs that it stands before', async () => {
    const { logs } = subject;
    logs.append('operations/op-1', line('built'));
    expect(await logs.read('operations/op-1', { tail: 5 })).toEqual([line('built')]);
    const abort = new AbortController();
    for await (const one of logs.follow('operations/op-1', { tail: 5, signal: abort.signal })) {
      expect(one).toEqual(line('built'));
      abort.abort();
    }
  });
});
