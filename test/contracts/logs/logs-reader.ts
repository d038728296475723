/** The guarantees of all Logs to readers, whoever writes the lines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLine, LogPageQuery, Logs } from '../../../functions/ports/logs.ts';
import { createLineFilter } from '../../../functions/ports/rules/logs-page.ts';

export interface LogsReaderSubject {
  logs: Pick<Logs, 'read' | 'page' | 'follow'>;
  /** What runs in an environment prints a line: it is there for whoever reads from then on. */
  write(stream: string, line: LogLine): void;
  dispose(): Promise<void>;
}

/** For an adapter that reads what others write. */
export function logsReaderContract(name: string, makeSubject: () => Promise<LogsReaderSubject>): void {
  describe(`Logs reader contract: ${name}`, () => {
    let subject: LogsReaderSubject;
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject.dispose());
    readerCases(() => subject);
  });
}

let streams = 0;

export function readerCases(subject: () => LogsReaderSubject): void {
  const unique = (): string => `t${process.pid}-${Date.now()}-${streams++}`;
  const T = Date.UTC(2026, 0, 1);
  const at = (offset: number): string => new Date(T + offset).toISOString();
  const line = (message: string, offset = 0): LogLine => ({ at: at(offset), message, source: 'stdout' });
  const messages = async (stream: string, tail = 10_000, since?: string): Promise<string[]> =>
    (await subject().logs.read(stream, { tail, ...(since === undefined ? {} : { since }) })).map(
      ({ message }) => message,
    );
  const numbers = (count: number, start = 0) =>
    Array.from({ length: count }, (_, index) => String(start + index));

  /** Follows until `count` lines have come, then aborts. */
  const collect = async (stream: string, tail: number, count: number): Promise<string[]> => {
    const abort = new AbortController();
    const got: string[] = [];
    for await (const { message } of subject().logs.follow(stream, { tail, signal: abort.signal }))
      if (got.push(message) === count) abort.abort();
    return got;
  };

  const write = (stream: string, one: LogLine): void => subject().write(stream, one);

  describe('without a tail', () => {
    const follow = async (stream: string, since: string): Promise<LogLine[]> => {
      const abort = new AbortController();
      const got: LogLine[] = [];
      for await (const one of subject().logs.follow(stream, { since, signal: abort.signal }))
        if (got.push(one) && one.message === 'last') abort.abort();
      return got;
    };

    it('gives every line since a time, and says nothing of lines that are not missing', async () => {
      const stream = `${unique()}/dev/web`;
      for (const message of numbers(9_998)) write(stream, line(message, 1000 + Number(message)));
      write(stream, line('one more', 20_000));
      write(stream, line('last', 20_000));
      for (const got of [await subject().logs.read(stream, { since: at(0) }), await follow(stream, at(1000))])
        expect(got.map(({ message }) => message)).toEqual([...numbers(9_998), 'one more', 'last']);
    });

    it('says first that lines are missing where there are more than a stream begins with', async () => {
      const stream = `${unique()}/dev/web`;
      for (const message of numbers(10_500)) write(stream, line(message, 1000 + Number(message)));
      write(stream, line('last', 20_000));
      for (const got of [
        await subject().logs.read(stream, { since: at(0) }),
        await follow(stream, at(1000)),
      ]) {
        const [first, ...lines] = got;
        expect(first).toMatchObject({ source: 'berth', missing: true });
        expect(first?.message).toMatch(/^Lines are missing here: there are more since 2026-01-01T00:00:0/);
        const count = lines.length - 1;
        expect(lines.map(({ message }) => message)).toEqual([...numbers(count, 10_500 - count), 'last']);
        // Its time is of no other line, so that it is not counted among those of one time.
        expect(Date.parse(first?.at ?? '')).toBeLessThan(Date.parse(lines[0]?.at ?? ''));
      }
    });

    it('passes a filter with what it says, which is no line of the program', async () => {
      const stream = `${unique()}/dev/web`;
      for (const message of numbers(10_500)) write(stream, line(message, Number(message)));
      const [first] = await subject().logs.read(stream, { since: at(0) });
      const passing = createLineFilter({ search: 'none of them', level: 'error', container: 'other' });
      expect(first && passing(first)).toEqual([first]);
    });
  });

  describe('read', () => {
    it('gives the last lines, oldest first, as many as asked for', async () => {
      const stream = `${unique()}/dev/web`;
      for (const message of numbers(2500)) write(stream, line(message));
      expect(await messages(stream, 3)).toEqual(['2497', '2498', '2499']);
      expect(await messages(stream, 2500)).toEqual(numbers(2500));
      expect(await messages(stream)).toEqual(numbers(2500));
    });

    it('gives only lines at or after `since`, whatever the zone it is written in', async () => {
      const stream = `${unique()}/dev/web`;
      for (const second of [0, 1, 2, 3]) write(stream, line(`second ${second}`, second * 1000));
      expect(await messages(stream, 10, at(2000))).toEqual(['second 2', 'second 3']);
      expect(await messages(stream, 10, '2026-01-01T01:00:02+01:00')).toEqual(['second 2', 'second 3']);
      expect(await messages(stream, 1, at(1000))).toEqual(['second 3']);
      expect(await messages(stream, 10, at(3001))).toEqual([]);
    });

    it('an unknown stream is empty', async () => {
      expect(await messages(`${unique()}/dev/web`)).toEqual([]);
      expect(await messages(unique())).toEqual([]);
    });

    it('keeps instances apart', async () => {
      const project = unique();
      const all = [`${project}/dev/web`, `${project}/dev/web2`, `${project}/dev2/web`];
      for (const stream of all) write(stream, line(stream));
      for (const stream of all) expect(await messages(stream)).toEqual([stream]);
    });

    it('cuts a line to 16 KiB, at the end of a character, and says so', async () => {
      const stream = `${unique()}/dev/web`;
      for (const text of ['x'.repeat(16_384), 'x'.repeat(20_000), 'ä'.repeat(9000), `x${'🚢'.repeat(5000)}`])
        write(stream, line(text));
      const [fits, cut, umlauts, ships] = await messages(stream);
      expect(fits).toBe('x'.repeat(16_384));
      expect(cut).toBe(`${'x'.repeat(16_374)} … [cut]`);
      expect(umlauts).toBe(`${'ä'.repeat(8187)} … [cut]`);
      expect(ships).toBe(`x${'🚢'.repeat(4093)} … [cut]`);
    });

    it('refuses names that lead elsewhere, and tails and times that are none', async () => {
      const bad = [
        [
          '',
          '/',
          'a//b',
          '../a',
          'a/../../b',
          'a/../b',
          'a/..',
          '.',
          'a/.b',
          '/etc',
          'a\u0000',
          'a b',
          'a/b/c d',
        ],
        ['a\nb', '@a', 'a\\b', 'ä', 'x'.repeat(300), 'a/'.repeat(20)],
      ].flat();
      for (const stream of bad) {
        await expect(subject().logs.read(stream, { tail: 1 }), stream).rejects.toThrow(RangeError);
        await expect(subject().logs.page(stream, { limit: 1 }), stream).rejects.toThrow(RangeError);
        const { signal } = new AbortController();
        expect(() => subject().logs.follow(stream, { tail: 1, signal }), stream).toThrow(RangeError);
      }
      for (const tail of [-1, 1.5, 10_001, Number.NaN]) {
        await expect(subject().logs.read('a', { tail })).rejects.toThrow(RangeError);
        await expect(subject().logs.read('a/b/c', { tail })).rejects.toThrow(RangeError);
      }
      for (const stream of ['a', 'a/b/c'])
        await expect(subject().logs.read(stream, { tail: 1, since: 'yesterday' })).rejects.toThrow(
          RangeError,
        );
    });

    it('gives a line as often as it was printed, also within one millisecond', async () => {
      const stream = `${unique()}/dev/web`;
      for (let count = 0; count < 3; count++) write(stream, line('again'));
      expect(await messages(stream)).toEqual(['again', 'again', 'again']);
      expect(await collect(stream, 10, 3)).toEqual(['again', 'again', 'again']);
    });
  });

  describe('page', () => {
    /** All pages in one direction, and how many there were. */
    const through = async (stream: string, query: LogPageQuery): Promise<[string[], number]> => {
      let from: string | undefined;
      const all: string[] = [];
      for (let pages = 1; ; pages++) {
        const page = await subject().logs.page(stream, { ...query, ...(from !== undefined && { from }) });
        expect(page.lines.length).toBeLessThanOrEqual(query.limit);
        const got = page.lines.map(({ message }) => message);
        if (query.direction === 'forward') all.push(...got);
        else all.unshift(...got);
        if (page.next === undefined) return [all, pages];
        from = page.next;
      }
    };
    const some = async (stream: string, query: Partial<LogPageQuery>): Promise<string[]> =>
      (await subject().logs.page(stream, { limit: 10_000, ...query })).lines.map(({ message }) => message);

    it('goes through a stream in both directions, every line once and in order', async () => {
      const stream = `${unique()}/dev/web`;
      for (const message of numbers(2500)) write(stream, line(message, Number(message)));
      for (const direction of ['backward', 'forward'] as const) {
        const [all, pages] = await through(stream, { limit: 400, direction });
        expect(all).toEqual(numbers(2500));
        expect(pages).toBeGreaterThanOrEqual(7);
      }
      const last = await subject().logs.page(stream, { limit: 3 });
      expect(last.lines.map(({ message }) => message)).toEqual(['2497', '2498', '2499']);
      const first = await subject().logs.page(stream, { limit: 2, direction: 'forward' });
      expect(first.lines.map(({ message }) => message)).toEqual(['0', '1']);
    });

    it('ends a page at a bound in bytes, and loses nothing between pages', async () => {
      const stream = `${unique()}/dev/web`;
      const long = 'x'.repeat(16_000);
      for (const message of numbers(150)) write(stream, line(`${message} ${long}`, Number(message)));
      for (const direction of ['backward', 'forward'] as const) {
        const page = await subject().logs.page(stream, { limit: 10_000, direction });
        const bytes = page.lines.reduce((sum, { message }) => sum + message.length, 0);
        expect(bytes).toBeGreaterThan(900_000);
        expect(bytes).toBeLessThanOrEqual(1024 * 1024);
        const [all] = await through(stream, { limit: 10_000, direction });
        expect(all.map((message) => message.split(' ')[0])).toEqual(numbers(150));
      }
    });

    it('goes through lines that carry one time', async () => {
      const stream = `${unique()}/dev/web`;
      for (const message of numbers(50)) write(stream, line(message));
      for (const direction of ['backward', 'forward'] as const)
        expect((await through(stream, { limit: 7, direction }))[0]).toEqual(numbers(50));
    });

    it('keeps its place while lines are appended', async () => {
      const stream = `${unique()}/dev/web`;
      for (const message of numbers(20)) write(stream, line(message, Number(message)));
      const one = await subject().logs.page(stream, { limit: 5 });
      for (const message of numbers(20, 20)) write(stream, line(message, Number(message)));
      expect(await some(stream, { limit: 5, from: one.next! })).toEqual(['10', '11', '12', '13', '14']);
    });

    it('begins at a time, and ends at one', async () => {
      const stream = `${unique()}/dev/web`;
      // Lines are appended about when they are printed: a search by time need not look at all that came later.
      const begin = Date.now() - 10_000;
      const near = (offset: number): string => new Date(begin + offset).toISOString();
      for (const second of [0, 1, 2, 3, 4])
        write(stream, { at: near(second * 1000), message: `${second}`, source: 'stdout' });
      expect(await some(stream, { until: near(2000) })).toEqual(['0', '1', '2']);
      expect(await some(stream, { until: near(2999), limit: 2 })).toEqual(['1', '2']);
      expect(await some(stream, { since: near(2000), direction: 'forward', limit: 2 })).toEqual(['2', '3']);
      expect(await some(stream, { since: near(1000), until: near(3000) })).toEqual(['1', '2', '3']);
      const zoned = new Date(begin + 3000 + 3_600_000).toISOString().replace('Z', '+01:00');
      expect(await some(stream, { since: zoned })).toEqual(['3', '4']);
      expect(await some(stream, { until: near(-1) })).toEqual([]);
    });

    it('finds text, in capitals or not, a level, a deployment and a container', async () => {
      const stream = `${unique()}/dev/web`;
      const print = (message: string, offset: number, more: Partial<LogLine> = {}) =>
        write(stream, { ...line(message, offset), ...more });
      print('INFO listening', 0, { deployment: 1, container: 'web' });
      print('{"level":"error","msg":"Connection REFUSED (a+b)"}', 1, { deployment: 2, container: 'web' });
      print('WARN slow', 2, { deployment: 2, container: 'side' });
      print('plain', 3, { deployment: 2, container: 'web' });
      expect(await some(stream, { search: '"connection refused (A+B)"' })).toHaveLength(1);
      expect(await some(stream, { search: '.*' })).toEqual([]);
      expect(await some(stream, { level: 'warn' })).toHaveLength(2);
      expect(await some(stream, { level: 'error' })).toHaveLength(1);
      expect(await some(stream, { deployment: 2 })).toHaveLength(3);
      expect(await some(stream, { container: 'side' })).toEqual(['WARN slow']);
      expect(await some(stream, { deployment: 2, container: 'web', level: 'info' })).toHaveLength(1);
    });

    it('pages through what a filter lets pass', async () => {
      const stream = `${unique()}/dev/web`;
      for (const message of numbers(1000)) write(stream, line(`n${message}.`, Number(message)));
      const wanted = numbers(1000)
        .map((number) => `n${number}.`)
        .filter((message) => message.includes('7.'));
      for (const direction of ['backward', 'forward'] as const)
        expect((await through(stream, { limit: 30, direction, search: '"7."' }))[0]).toEqual(wanted);
    });

    it('of an unknown stream is empty', async () => {
      expect(await subject().logs.page(`${unique()}/dev/web`, { limit: 5 })).toEqual({ lines: [] });
    });

    it('refuses what is no limit, time or position', async () => {
      for (const query of [
        { limit: 0 },
        { limit: 10_001 },
        { limit: 1.5 },
        { limit: 1, since: 'yesterday' },
        { limit: 1, until: '' },
        { limit: 1, from: '../x' },
        { limit: 1, from: '-1.5' },
      ])
        await expect(subject().logs.page('a', query), JSON.stringify(query)).rejects.toThrow(RangeError);
      await expect(subject().logs.page('../a', { limit: 1 })).rejects.toThrow(RangeError);
    });
  });

  describe('follow', () => {
    it('gives the tail, then new lines as they come', async () => {
      const stream = `${unique()}/dev/web`;
      for (const message of numbers(10)) write(stream, line(message));
      const abort = new AbortController();
      const lines = subject().logs.follow(stream, { tail: 3, signal: abort.signal })[Symbol.asyncIterator]();
      const next = async () => ((await lines.next()).value as LogLine | undefined)?.message;
      expect([await next(), await next(), await next()]).toEqual(['7', '8', '9']);
      const waiting = next();
      write(stream, line('live 1'));
      write(stream, line('live 2'));
      expect([await waiting, await next()]).toEqual(['live 1', 'live 2']);
      abort.abort();
      expect(await lines.next()).toEqual({ done: true, value: undefined });
    });

    it('waits for the first line of a stream that is not there yet', async () => {
      const stream = `${unique()}/dev/web`;
      const collecting = collect(stream, 10, 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      write(stream, line('first'));
      expect(await collecting).toEqual(['first']);
    });

    it('loses no line and repeats none between tail and live, while 10,000 are appended', async () => {
      const stream = `${unique()}/dev/web`;
      const total = 10_000;
      const followers: Promise<string[]>[] = [];
      for (let index = 0; index < total; index++) {
        if (index % 1000 === 500) followers.push(collect(stream, 10_000, total));
        write(stream, line(String(index), index));
        // Bursts within one turn of the loop, with turns between.
        if (index % 37 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const expected = numbers(total);
      for (const got of await Promise.all(followers)) expect(got).toEqual(expected);
      expect(await messages(stream)).toEqual(expected);
    });

    it('gives each of many followers every line', async () => {
      const stream = `${unique()}/dev/web`;
      const followers = Array.from({ length: 20 }, () => collect(stream, 50, 50));
      await new Promise((resolve) => setTimeout(resolve, 50));
      for (const message of numbers(50)) write(stream, line(message));
      for (const got of await Promise.all(followers)) expect(got).toEqual(numbers(50));
    });

    it('ends when the signal aborts, or has aborted before', async () => {
      const stream = `${unique()}/dev/web`;
      write(stream, line('one'));
      expect(await collect(stream, 10, 1)).toEqual(['one']);
      const got: LogLine[] = [];
      for await (const one of subject().logs.follow(stream, { tail: 10, signal: AbortSignal.abort() }))
        got.push(one);
      expect(got).toEqual([]);
      const abort = new AbortController();
      for await (const one of subject().logs.follow(stream, { tail: 10, signal: abort.signal })) {
        got.push(one);
        setTimeout(() => abort.abort(), 50);
      }
      expect(got).toHaveLength(1);
    });

    it('ends when its reader stops', async () => {
      const stream = `${unique()}/dev/web`;
      write(stream, line('one'));
      for await (const { message } of subject().logs.follow(stream, {
        tail: 1,
        signal: new AbortController().signal,
      })) {
        expect(message).toBe('one');
        break;
      }
    });
  });
}
