import { describe, expect, it } from 'vitest';
import type { LogLine, LogPageQuery, Logs } from '../../../functions/ports/logs.ts';
import { createPager } from '../../../functions/ports/rules/logs-page.ts';
import { mergeLogs } from '../../../functions/ports/rules/merged-logs.ts';

const START = Date.UTC(2026, 0, 1);
const at = (second: number): string => new Date(START + second * 1000).toISOString();
const parts = ['api', 'idle', 'web'].map((service) => ({
  service,
  label: { service },
  stream: `demo/dev/${service}`,
}));

/** So many lines at each second: several in one part, and the same second in two. */
function linesOf(service: string): LogLine[] {
  const every = service === 'api' ? 3 : 1;
  if (service === 'idle') return [];
  return Array.from({ length: 60 }, (_, index) => ({
    at: at(Math.floor(index / every)),
    message: `${service} ${index}`,
    source: 'stdout',
  }));
}

/** @param scanMax so many lines a page of a part looks at */
function subject(scanMax = 1_000): Pick<Logs, 'read' | 'page' | 'follow'> {
  const of = (stream: string): LogLine[] => linesOf(stream.split('/').at(-1) ?? '');
  const logs: Pick<Logs, 'read' | 'page' | 'follow'> = {
    read: async (stream, { tail, since = '' }) => {
      const lines = of(stream).filter((line) => line.at >= since);
      return tail === undefined ? lines : lines.slice(-tail);
    },
    async page(stream, query) {
      const { since = '', until = at(1e6), direction } = query;
      const lines = of(stream).filter((line) => line.at >= since && line.at <= until);
      const pager = createPager(query, scanMax);
      const ordered = direction === 'forward' ? lines : lines.toReversed();
      const stopped = ordered.findIndex((line) => !pager.visit(Date.parse(line.at), line));
      return pager.page(stopped === -1 || stopped === ordered.length - 1);
    },
    async *follow(stream, { since = '', tail, signal }) {
      const before = of(stream).filter((line) => line.at >= since);
      yield* tail === undefined ? before : before.slice(-tail);
      for (const second of [100, 101])
        if (!signal.aborted) yield { at: at(second), message: `${stream} ${second}`, source: 'stdout' };
    },
  };
  return mergeLogs(logs as Logs, parts);
}

const all = ['api', 'web']
  .flatMap((service) => linesOf(service).map((line) => ({ ...line, service })))
  .sort((left, right) => Date.parse(left.at) - Date.parse(right.at));

async function through(query: LogPageQuery, scanMax?: number): Promise<LogLine[]> {
  const found: LogLine[] = [];
  let from: string | undefined;
  for (let pages = 0; pages < 500; pages++) {
    const page = await subject(scanMax).page('', { ...query, ...(from !== undefined && { from }) });
    expect(page.lines.length).toBeLessThanOrEqual(query.limit);
    if (query.direction === 'forward') found.push(...page.lines);
    else found.unshift(...page.lines);
    if (page.next === undefined) return found;
    expect(page.next).not.toBe(from);
    from = page.next;
  }
  throw new Error('There is no end');
}

describe('The output of several services as one', () => {
  it.each([1, 2, 3, 5, 7, 59, 119, 120, 121])(
    'has every line once and in order in pages of %d, both ways',
    async (limit) => {
      for (const direction of ['backward', 'forward'] as const)
        expect(await through({ limit, direction })).toEqual(all);
    },
  );

  it('loses none where a page of a part ends early, for lines that a search passes over', async () => {
    const wanted = all.filter(({ message }) => /[37]$/.test(message));
    for (const direction of ['backward', 'forward'] as const)
      for (const limit of [1, 4, 50])
        expect(await through({ limit, direction, search: '"3" OR "7"' }, 10)).toEqual(
          all.filter(({ message }) => /[37]/.test(message)),
        );
    expect(wanted.length).toBeGreaterThan(20);
  });

  it('keeps within times, and tells by the service', async () => {
    const lines = await through({ limit: 7, since: at(5), until: at(8), search: '@service:web' });
    expect(lines.map(({ message }) => message)).toEqual(['web 5', 'web 6', 'web 7', 'web 8']);
  });

  it('is read by its last lines, and followed without losing or doubling one', async () => {
    expect(await subject().read('', { tail: 4 })).toEqual(all.slice(-4));
    const told: string[] = [];
    for await (const { message } of subject().follow('', { tail: 2, signal: new AbortController().signal }))
      told.push(message);
    expect(told.slice(0, 2)).toEqual(['web 58', 'web 59']);
    expect(told.slice(2).sort()).toEqual(
      ['api', 'idle', 'web'].flatMap((service) =>
        [100, 101].map((second) => `demo/dev/${service} ${second}`),
      ),
    );
  });
});
