import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  createLocalTraces,
  type LocalTracesOptions,
} from '../../../../functions/adapters/local/traces/traces.ts';
import { limits } from '../../../../functions/core/limits.ts';
import { sourceIn, spanAt, traceId, tracesContract } from '../../../contracts/traces.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();

function withClock(options: Partial<LocalTracesOptions> = {}) {
  let offset = 0;
  const now = (): number => Date.now() + offset;
  const path = options.path ?? join(makeDirectory(), 'traces.db');
  const traces = createLocalTraces({
    path,
    effects: { now },
    elapsed: () => performance.now() + offset,
    ...options,
  });
  return { traces, path, now, pass: (ms: number) => void (offset += ms) };
}

tracesContract('local', async () => {
  const { traces, now, pass } = withClock();
  return { traces, now, pass, dispose: traces.close };
});

const dev = { project: 'demo', environment: 'dev' };
const idsOf = async ({ traces }: ReturnType<typeof withClock>, environment = 'dev'): Promise<string[]> =>
  (await traces.list({ ...dev, environment }, { limit: 200 })).traces.map(({ id }) => id);

it('makes no file before there is a span, and has what was received when it is opened again', async () => {
  const first = withClock();
  expect(await idsOf(first)).toEqual([]);
  expect(existsSync(first.path)).toBe(false);
  const span = spanAt(first.now());
  first.traces.receive(sourceIn('dev'), [span]);
  await first.traces.close();
  expect(first.traces.receive(sourceIn('dev'), [spanAt(first.now())]).rejected).toBe(1);
  const again = withClock({ path: first.path });
  expect(await idsOf(again)).toEqual([span.traceId]);
  await again.traces.close();
});

it('forgets the oldest of an environment that has too much, and of the largest where all have', async () => {
  const subject = withClock({ bounds: { environmentBytes: 60_000, allBytes: 100_000 } });
  const fill = (environment: string, count: number, from = 0): string[] => {
    const spans = Array.from({ length: count }, (_, index) =>
      spanAt(subject.now() - 60_000 + (from + index) * 10, { attributes: { text: 'x'.repeat(700) } }),
    );
    subject.traces.receive(sourceIn(environment), spans);
    return spans.map((span) => span.traceId).reverse();
  };
  const ids = fill('dev', 100);
  const kept = await idsOf(subject);
  expect(kept.length).toBeGreaterThan(30);
  expect(kept).toEqual(ids.slice(0, kept.length));
  expect(kept.length).toBeLessThan(60);
  const small = fill('small', 5);
  fill('large', 100);
  await idsOf(subject);
  // What is too much in all is taken from those that have most.
  expect(await idsOf(subject, 'small')).toEqual(small);
  expect((await idsOf(subject)).length + (await idsOf(subject, 'large')).length).toBeLessThan(95);
  await subject.traces.close();
});

it('keeps so many spans of a trace', async () => {
  const subject = withClock({ bounds: { spansOfTrace: 5 } });
  const id = traceId();
  const spans = Array.from({ length: 9 }, () => spanAt(subject.now(), { traceId: id }));
  subject.traces.receive(sourceIn('dev'), spans);
  expect(await subject.traces.read(dev, id)).toHaveLength(5);
  await subject.traces.close();
});

it('keeps so many bytes of a trace, and times of events near its spans', async () => {
  const subject = withClock({ bounds: { traceBytes: 5_000 } });
  const id = traceId();
  const events = [{ name: 'e', atUs: Number.POSITIVE_INFINITY, attributes: { text: 'x'.repeat(900) } }];
  const spans = Array.from({ length: 9 }, () => spanAt(subject.now(), { traceId: id, events }));
  subject.traces.receive(sourceIn('dev'), spans);
  const kept = await subject.traces.read(dev, id);
  expect(kept).toHaveLength(3);
  expect(kept[0]?.events[0]?.atUs).toBe((kept[0]?.startUs ?? 0) + 3_600_000_000);
  await subject.traces.close();
});

it('writes what takes long in several batches, and all of it', async () => {
  const subject = withClock({ batchMs: 0 });
  subject.traces.receive(
    sourceIn('dev'),
    Array.from({ length: 20 }, () => spanAt(subject.now())),
  );
  expect(await idsOf(subject)).toHaveLength(20);
  await subject.traces.close();
});

it('takes so many spans a second of all workloads together, and those of the way in beside them', async () => {
  const now = Date.now();
  const subject = withClock({ effects: { now: () => now } });
  const most = 10 * limits.spansOfInstallation.value;
  const spans = Array.from({ length: 2_000 }, () => spanAt(now, { traceId: 'none' }));
  const whys: (string | undefined)[] = [];
  for (let service = 0; service * 2_000 <= most; service++)
    whys.push(subject.traces.receive(sourceIn('dev', `s${service}`), spans).why);
  expect(whys.at(-2)).toMatch(/its trace id is none/);
  expect(whys.at(-1)).toMatch(/All services together/);
  const { rejected } = subject.traces.receive({ ...sourceIn('dev'), from: 'router' }, [spanAt(now)]);
  expect(rejected).toBe(0);
  await subject.traces.close();
});

it('takes no span of the future', async () => {
  const subject = withClock();
  const { rejected, why } = subject.traces.receive(sourceIn('dev'), [spanAt(subject.now() + 60_000)]);
  expect([rejected, why]).toEqual([1, 'A span can not be kept: it begins in the future.']);
  await subject.traces.close();
});

it('begins anew where the file is damaged', async () => {
  const path = join(makeDirectory(), 'traces.db');
  writeFileSync(path, 'not a database, and long enough to be taken for the header of one'.repeat(20));
  const subject = withClock({ path });
  const span = spanAt(subject.now());
  subject.traces.receive(sourceIn('dev'), [span]);
  expect(await idsOf(subject)).toEqual([span.traceId]);
  await subject.traces.close();
});

it('loses spans where nothing can be written, says so once, and goes on when it can', async () => {
  const lost: unknown[] = [];
  const place = join(makeDirectory(), 'gone');
  const subject = withClock({ path: join(place, 'traces.db'), onLost: (error) => lost.push(error) });
  for (let count = 0; count < 3; count++) {
    expect(subject.traces.receive(sourceIn('dev'), [spanAt(subject.now())]).rejected).toBe(0);
    expect(await idsOf(subject)).toEqual([]);
    subject.pass(10_000);
  }
  expect(lost).toHaveLength(1);
  mkdirSync(place);
  const span = spanAt(subject.now());
  subject.traces.receive(sourceIn('dev'), [span]);
  expect(await idsOf(subject)).toEqual([span.traceId]);
  expect(statSync(join(place, 'traces.db')).mode & 0o777).toBe(0o600);
  await subject.traces.close();
});
