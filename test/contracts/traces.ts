/** The guarantees of Traces. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../functions/core/limits.ts';
import type { Span, SpanSource, Traces } from '../../functions/ports/traces.ts';

export interface TracesSubject {
  traces: Traces;
  /** Epoch milliseconds. */
  now(): number;
  /** Moves the clock. */
  pass(milliseconds: number): void;
  dispose(): Promise<void>;
}

let made = 0;
export const traceId = (): string => (++made).toString(16).padStart(32, 'a');
const spanId = (): string => (++made).toString(16).padStart(16, 'b');

/** @param atMs when it begins, epoch milliseconds */
export const spanAt = (atMs: number, fields: Partial<Span> = {}): Span => ({
  traceId: traceId(),
  spanId: spanId(),
  name: 'GET',
  kind: 'server',
  startUs: atMs * 1000,
  durationUs: 1000,
  status: 'unset',
  attributes: {},
  events: [],
  links: [],
  ...fields,
});

export const sourceIn = (environment: string, service = 'web'): SpanSource => ({
  project: 'demo',
  environment,
  service,
  deployment: 3,
  from: 'workload',
});

export function tracesContract(name: string, makeSubject: () => Promise<TracesSubject>): void {
  describe(`Traces contract: ${name}`, () => {
    let subject: TracesSubject;
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject?.dispose());

    const idsOf = async (environment: string, query: Partial<Parameters<Traces['list']>[1]> = {}) =>
      (await subject.traces.list({ project: 'demo', environment }, { limit: 50, ...query })).traces.map(
        ({ id }) => id,
      );

    it('gives back a span as it came, with whose it is as the source says', async () => {
      const now = subject.now();
      const span = spanAt(now, {
        parentId: 'c'.repeat(16),
        status: 'error',
        statusMessage: 'no',
        attributes: { 'http.route': '/', n: 1.5, flag: false, list: ['a', 'b'] },
        events: [{ name: 'exception', atUs: now * 1000 + 7, attributes: { 'exception.type': 'Error' } }],
        links: [{ traceId: 'd'.repeat(32), spanId: 'e'.repeat(16) }],
      });
      expect(subject.traces.receive(sourceIn('one'), [span])).toEqual({ rejected: 0 });
      const source = { service: 'web', deployment: 3, from: 'workload' };
      expect(await subject.traces.read({ project: 'demo', environment: 'one' }, span.traceId)).toEqual([
        { ...span, ...source },
      ]);
      expect(await subject.traces.read({ project: 'demo', environment: 'two' }, span.traceId)).toEqual([]);
      expect(await idsOf('two')).toEqual([]);
    });

    it('puts spans of several services and times into one trace, and takes a span once', async () => {
      const { traces } = subject;
      const now = subject.now();
      const id = traceId();
      const inner = spanAt(now + 10, { traceId: id, name: 'query', durationUs: 5_000, status: 'error' });
      traces.receive(sourceIn('both', 'database'), [inner]);
      await idsOf('both');
      traces.receive(sourceIn('both'), [
        spanAt(now, { traceId: id, name: 'outer', durationUs: 30_000 }),
        { ...inner, name: 'another with its id' },
      ]);
      const { traces: all } = await traces.list({ project: 'demo', environment: 'both' }, { limit: 10 });
      expect(all).toEqual([
        {
          id,
          startUs: now * 1000,
          durationUs: 30_000,
          first: { service: 'web', name: 'outer' },
          services: ['database', 'web'],
          spans: 2,
          errors: 1,
        },
      ]);
      const spans = await traces.read({ project: 'demo', environment: 'both' }, id);
      expect(spans.map(({ name: each }) => each)).toEqual(['outer', 'query']);
      // What began together is within what took longer.
      const together = [spanAt(now, { durationUs: 1 }), spanAt(now, { durationUs: 3 }), spanAt(now)];
      const same = traceId();
      traces.receive(
        sourceIn('both'),
        together.map((span) => ({ ...span, traceId: same })),
      );
      const ordered = await traces.read({ project: 'demo', environment: 'both' }, same);
      expect(ordered.map(({ durationUs }) => durationUs)).toEqual([1000, 3, 1]);
    });

    it('lists by time, by duration and by failure, filtered, page by page', async () => {
      const { traces } = subject;
      const now = subject.now();
      const spans = [
        spanAt(now - 3000, { durationUs: 500, status: 'error' }),
        spanAt(now - 2000, { durationUs: 9000 }),
        spanAt(now - 1000, { durationUs: 7000, status: 'error' }),
        spanAt(now, { durationUs: 100 }),
      ];
      const [a, b, c, d] = spans.map((span) => span.traceId);
      traces.receive(sourceIn('listed'), spans.slice(0, 3));
      traces.receive(sourceIn('listed', 'other'), spans.slice(3));
      expect(await idsOf('listed')).toEqual([d, c, b, a]);
      expect(await idsOf('listed', { order: 'slowest' })).toEqual([b, c, a, d]);
      expect(await idsOf('listed', { order: 'failing' })).toEqual([c, a, d, b]);
      expect(await idsOf('listed', { failed: true })).toEqual([c, a]);
      expect(await idsOf('listed', { minDurationUs: 7000 })).toEqual([c, b]);
      expect(await idsOf('listed', { service: 'other' })).toEqual([d]);
      const iso = (ms: number): string => new Date(ms).toISOString();
      expect(await idsOf('listed', { since: iso(now - 2000), until: iso(now - 1000) })).toEqual([c, b]);
      for (const order of ['newest', 'slowest', 'failing'] as const) {
        const paged: string[] = [];
        let from: string | undefined;
        do {
          const query = { order, limit: 3, ...(from !== undefined && { from }) };
          const page = await traces.list({ project: 'demo', environment: 'listed' }, query);
          paged.push(...page.traces.map(({ id }) => id));
          from = page.next;
        } while (from !== undefined);
        expect(paged).toEqual(await idsOf('listed', { order }));
      }
      await expect(idsOf('listed', { limit: 0 })).rejects.toThrow(RangeError);
      await expect(idsOf('listed', { from: 'x' })).rejects.toThrow(RangeError);
    });

    it('rejects what is no span, and takes the others', async () => {
      const now = subject.now();
      const bad = [
        spanAt(now, { traceId: '0'.repeat(32) }),
        spanAt(now, { spanId: 'short' }),
        spanAt(now, { durationUs: -1 }),
        spanAt(now, { startUs: Number.NaN }),
        spanAt(now - limits.spanLateSeconds.value * 1000 - 1000),
      ];
      const good = spanAt(now);
      const received = subject.traces.receive(sourceIn('picked'), [...bad, good]);
      expect(received).toEqual({ rejected: bad.length, why: expect.stringMatching(/\.$/) });
      expect(await idsOf('picked')).toEqual([good.traceId]);
    });

    it('keeps a span within its budgets, and says how much is missing', async () => {
      const most = limits.spanAttributes.value;
      const long = spanAt(subject.now(), {
        name: 'n'.repeat(1000),
        attributes: {
          text: '\ud800'.repeat(limits.spanText.value + 1),
          ...Object.fromEntries(
            Array.from({ length: most + 5 }, (_, index) => [`a${index}`, 'v'.repeat(1000)]),
          ),
        },
        events: Array.from({ length: 100 }, () => ({
          name: 'e',
          atUs: subject.now() * 1000,
          attributes: {},
        })),
      });
      subject.traces.receive(sourceIn('bounded'), [long]);
      const [kept] = await subject.traces.read({ project: 'demo', environment: 'bounded' }, long.traceId);
      expect(kept?.name).toHaveLength(200);
      expect(Object.keys(kept?.attributes ?? {}).length).toBeLessThanOrEqual(most);
      expect(kept?.events.length).toBeLessThanOrEqual(limits.spanEvents.value);
      expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThan(limits.spanSize.value + 3000);
      expect(kept?.dropped).toBeGreaterThan(70);
      expect(JSON.stringify(kept).isWellFormed()).toBe(true);
    });

    it('lets a service have so many spans a second, whatever others send', async () => {
      const { traces } = subject;
      const flood = (service: string, count: number) =>
        traces.receive(
          sourceIn('flooded', service),
          Array.from({ length: count }, () => spanAt(subject.now())),
        );
      const burst = limits.spansPerSecond.value * 10;
      let taken = 0;
      for (let sent = 0; sent < burst * 2; sent += 500) taken += 500 - flood('loud', 500).rejected;
      // The clock of the subject goes on while it sends.
      expect(taken).toBeLessThan(burst * 1.5);
      expect(taken).toBeGreaterThanOrEqual(burst);
      expect(flood('loud', 400)).toMatchObject({ retryAfterSeconds: 1 });
      expect(flood('quiet', 10).rejected).toBe(0);
      subject.pass(20_000);
      expect(flood('loud', 10).rejected).toBe(0);
      const most = limits.spansOfRequest.value;
      expect(flood('large', most + 3)).toEqual({ rejected: 3, why: expect.stringContaining(String(most)) });
    });

    it('forgets what is older than the time that it keeps traces', async () => {
      const old = spanAt(subject.now());
      subject.traces.receive(sourceIn('aged'), [old]);
      expect(await idsOf('aged')).toEqual([old.traceId]);
      subject.pass(limits.traceSeconds.value * 1000 + 1000);
      expect(await idsOf('aged')).toEqual([]);
      expect(await subject.traces.read({ project: 'demo', environment: 'aged' }, old.traceId)).toEqual([]);
      const young = spanAt(subject.now());
      subject.traces.receive(sourceIn('aged'), [young]);
      expect(await idsOf('aged')).toEqual([young.traceId]);
    });
  });
}
