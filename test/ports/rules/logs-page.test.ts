import { describe, expect, it } from 'vitest';
import type { LogLine, LogPageQuery } from '../../../functions/ports/logs.ts';
import { checkPageQuery, createPager, pageOfLines } from '../../../functions/ports/rules/logs-page.ts';

/** Seven lines of each second. */
const lines: LogLine[] = Array.from({ length: 70 }, (_, index) => ({
  at: new Date(Date.UTC(2026, 0, 1) + Math.floor(index / 7) * 1000).toISOString(),
  message: String(index),
  source: 'stdout',
}));
const all = lines.map(({ message }) => message);

function through(query: LogPageQuery): string[] {
  const found: string[] = [];
  let from: string | undefined;
  for (let pages = 0; pages < 100; pages++) {
    const page = pageOfLines(lines, checkPageQuery({ ...query, ...(from !== undefined && { from }) }));
    const messages = page.lines.map(({ message }) => message);
    if (query.direction === 'forward') found.push(...messages);
    else found.unshift(...messages);
    if (page.next === undefined) return found;
    from = page.next;
  }
  throw new Error('There is no end');
}

describe('Pages of lines that are all there', () => {
  it.each([1, 3, 7, 10, 69, 70, 71])('of %d give every line once and in order, both ways', (limit) => {
    for (const direction of ['backward', 'forward'] as const)
      expect(through({ limit, direction })).toEqual(all);
  });

  it('go through what passes alone', () => {
    const wanted = all.filter((message) => message.includes('3'));
    for (const direction of ['backward', 'forward'] as const)
      expect(through({ limit: 4, direction, search: '3' })).toEqual(wanted);
  });

  it('have the source that a trace quotes with the trace, by level and both ways, over the ends of pages', () => {
    const trace = [
      'Traceback (most recent call last):',
      '  File "/app/main.py", line 3, in main',
      "    return settings['PORT']",
      '           ~~~~~~~~^^^^^^^^',
      "KeyError: 'PORT'",
    ];
    const messages = ['    indented', 'fine', ...trace, '    indented', 'fine'];
    const printed = messages.map(
      (message): LogLine => ({ at: lines[0]?.at ?? '', message, source: 'stderr' }),
    );
    for (const direction of ['backward', 'forward'] as const) {
      const page = pageOfLines(printed, { limit: 9, level: 'error', direction });
      expect(page.lines.map(({ message }) => message)).toEqual(trace);
    }
    const first = pageOfLines(printed, { limit: 2, level: 'error', direction: 'forward' });
    expect(first.next).toBeDefined();
    const next = { limit: 9, level: 'error', direction: 'forward', from: first.next ?? '' } as const;
    expect(pageOfLines(printed, next).lines).toEqual(printed.slice(4, 7));
  });

  it('end where they have passed over enough, and go on from there', () => {
    const pager = createPager({ limit: 5, search: 'none' }, 10);
    const visited = lines.toReversed().findIndex((line) => !pager.visit(Date.parse(line.at), line));
    expect(visited).toBe(9);
    expect(pager.page(false)).toEqual({ lines: [], next: `${Date.parse(lines[60]!.at)}.3` });
  });
});
