/** Output of pods that comes from two places: the cluster, and an archive that outlives them. */
import { describe, expect, it } from 'vitest';
import { createKubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { createKubernetesLogs } from '../../../functions/adapters/kubernetes/logs/logs.ts';
import { createFileLogs } from '../../../functions/adapters/local/logs/logs.ts';
import { createMask } from '../../../functions/core/secrets/mask.ts';
import type { LogArchive, PrintedLine } from '../../../functions/ports/log-archive.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { startPodLogs } from './pod-logs.ts';

const makeDirectory = temporaryDirectories();
const STREAM = 'demo/dev/web';
const T = Date.UTC(2026, 0, 1);
const iso = (ms: number): string => new Date(T + ms).toISOString();

/** An archive in memory, whose pages break anywhere, also within a millisecond. */
function createArchive(pageSize: number, secrets: string[] = []) {
  const lines: PrintedLine[] = [];
  const archive: LogArchive = {
    async *pages(_, { direction, since = 0, until = Number.POSITIVE_INFINITY }) {
      const time = ({ time }: PrintedLine): number => Number(time.slice(0, -6));
      // CloudWatch Logs orders by milliseconds alone.
      const all = lines
        .toSorted((a, b) => time(a) - time(b))
        .filter((line) => time(line) >= since && time(line) <= until);
      while (all.length > 0) yield direction === 'forward' ? all.splice(0, pageSize) : all.splice(-pageSize);
    },
    mask: async () => createMask(secrets),
  };
  const put = (message: string, nanoseconds: string, ms: number, pod = 'web-1'): number =>
    lines.push({ time: `${T + ms}${nanoseconds}`, pod, container: 'main', deployment: 1, message });
  return { archive, put };
}

async function setUp(archive: LogArchive) {
  const pods = await startPodLogs();
  const client = createKubernetesClient({ server: pods.url });
  const rest = createFileLogs({ directory: makeDirectory() });
  const logs = createKubernetesLogs({ client, rest, archive, lookMs: 30, lookBackMs: 30 });
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

const numbers = (count: number, start = 0): string[] =>
  Array.from({ length: count }, (_, index) => String(start + index));

describe('Output from the cluster and from an archive', () => {
  it('is in one order, with no line twice and none missing where they meet', async () => {
    for (const pageSize of [7, 1000]) {
      const { archive, put } = createArchive(pageSize);
      const subject = await setUp(archive);
      // Three lines a millisecond. The cluster has the later ones, the archive all but the last few, and some twice.
      for (let at = 0; at < 300; at++) {
        const ms = Math.floor(at / 3);
        // The pod's own count gives the nanoseconds, which are the same in both.
        const nanoseconds = String(at >= 150 ? at - 150 : 999_000 + (at % 3)).padStart(6, '0');
        if (at < 280) put(`${at}`, nanoseconds, ms);
        if (at % 10 === 0 && at < 280) put(`${at}`, nanoseconds, ms);
        if (at >= 150) subject.write(STREAM, { at: iso(ms), message: `${at}`, source: 'stdout' });
      }
      const messages = (lines: { message: string }[]): string[] => lines.map(({ message }) => message);
      expect(messages(await subject.logs.read(STREAM, { tail: 1000 }))).toEqual(numbers(300));
      expect(messages(await subject.logs.read(STREAM, { tail: 160 }))).toEqual(numbers(160, 140));
      expect(messages(await subject.logs.read(STREAM, { since: iso(40) }))).toEqual(numbers(180, 120));
      for (const direction of ['forward', 'backward'] as const) {
        const all: string[] = [];
        for (let from: string | undefined; ; ) {
          const page = await subject.logs.page(STREAM, { limit: 11, direction, ...(from && { from }) });
          const got = messages(page.lines);
          if (direction === 'forward') all.push(...got);
          else all.unshift(...got);
          if (page.next === undefined) break;
          from = page.next;
        }
        expect(all).toEqual(numbers(300));
      }
      await subject.dispose();
    }
  });

  it('is there when the pod is gone, and when the cluster does not answer, which is said', async () => {
    const { archive, put } = createArchive(100);
    for (const number of numbers(5)) put(number, '000000', Number(number));
    const subject = await setUp(archive);
    expect(await subject.logs.page(STREAM, { limit: 9 })).toMatchObject({
      lines: numbers(5).map((message) => ({ message })),
    });
    await subject.close();
    const page = await subject.logs.page(STREAM, { limit: 9 });
    expect(page.lines.map(({ message }) => message)).toEqual(numbers(5));
    expect(page.missing).toContain('What was printed last can not be read');
    await subject.dispose();
  });

  it('is followed over the end of a pod: what only the archive has had time to see comes too, once', async () => {
    const { archive, put } = createArchive(3);
    const subject = await setUp(archive);
    put('old', '000000', 0, 'web-0');
    subject.write(STREAM, { at: iso(1), message: 'live', source: 'stdout' });
    put('live', '000000', 1);
    const abort = new AbortController();
    const got: string[] = [];
    for await (const { message } of subject.logs.follow(STREAM, { tail: 1, signal: abort.signal })) {
      got.push(message);
      if (message === 'live') {
        put('last words', '000000', 2, 'web-0');
        subject.write(STREAM, { at: iso(3), message: 'next', source: 'stdout' });
      }
      if (got.length === 3) abort.abort();
    }
    expect(got.sort()).toEqual(['last words', 'live', 'next']);
    await subject.dispose();
  });

  it('hides the secrets of deployments that are gone, before it cuts a line', async () => {
    const secret = 'correct-horse-battery-staple';
    const { archive, put } = createArchive(10, [secret]);
    const subject = await setUp(archive);
    put(`it was ${secret}`, '000000', 0);
    put(`${'x'.repeat(16_370)}${secret}`, '000000', 1);
    const [first, second] = await subject.logs.read(STREAM, { tail: 5 });
    expect(first?.message).toBe('it was ••••');
    expect(second?.message).not.toContain('correct');
    archive.mask = () => Promise.reject(new Error('sealed'));
    await expect(subject.logs.read(STREAM, { tail: 5 })).rejects.toThrow('sealed');
    await subject.dispose();
  });
});
