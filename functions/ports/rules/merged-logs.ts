/** The output of several services and processes as one: in the order of the times, each line with the names of what it is of. */
import type { LogLine, LogPage, LogPageQuery, LogStream, Logs, LogTail } from '../logs.ts';
import { checkPageQuery, TAIL_MAX } from './logs-page.ts';

export interface Part {
  /** Whose lines they are, for a search that asks. */
  service: string;
  /** What each line says of that; two parts differ in it. */
  label: Pick<LogLine, 'service' | 'process'>;
  stream: LogStream;
}

interface Found {
  line: LogLine;
  at: number;
  /** Which of the parts it is of: of two lines at the same time the one of the earlier part is the older. */
  part: number;
}

/** So many are read at the same time. */
const AT_ONCE = 8;

/** @param parts in an order that stays: positions in pages rely on it */
export function mergeLogs(logs: Logs, parts: readonly Part[]): Pick<Logs, 'read' | 'page' | 'follow'> {
  async function each<T>(work: (part: Part, index: number) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    for (let from = 0; from < parts.length; from += AT_ONCE)
      results.push(
        ...(await Promise.all(parts.slice(from, from + AT_ONCE).map((part, at) => work(part, from + at)))),
      );
    return results;
  }

  async function read(_: LogStream, options: LogTail): Promise<LogLine[]> {
    const lines = await each(async ({ label, stream }, part) =>
      (await logs.read(stream, options)).map((line) => foundOf({ ...line, ...label }, part)),
    );
    const sorted = lines
      .flat()
      .sort(byTime)
      .map(({ line }) => line);
    return options.tail === undefined ? sorted : sorted.slice(-options.tail);
  }

  /**
   * A position is a time, and how many lines of that time that pass the filter were given. Each part is read from that
   * time on; what is behind the end of a part's page is left to the next page, so that the order holds.
   */
  async function page(_: LogStream, asked: LogPageQuery): Promise<LogPage> {
    const { from, ...query } = checkPageQuery(asked);
    const { limit, direction = 'backward' } = query;
    const isBackward = direction === 'backward';
    const [startTime, given = 0] = from === undefined ? [] : from.split('.').map(Number);
    const start = startTime === undefined ? undefined : new Date(startTime).toISOString();
    const bounds = isBackward
      ? { until: [query.until, start].filter((time) => time !== undefined).sort()[0] }
      : {
          since: [query.since, start]
            .filter((time) => time !== undefined)
            .sort()
            .at(-1),
        };
    const pages = await each(async ({ service, label, stream }, part) => {
      const found = await logs.page(stream, {
        ...query,
        service,
        ...Object.fromEntries(Object.entries(bounds).filter(([, time]) => time !== undefined)),
        limit: Math.min(limit + given, TAIL_MAX),
      });
      const end = found.next === undefined ? undefined : { at: Number.parseInt(found.next, 10), part };
      return { ...found, lines: found.lines.map((line) => foundOf({ ...line, ...label }, part)), end };
    });
    const order = isBackward ? (left: Place, right: Place) => byTime(right, left) : byTime;
    const [end] = pages.flatMap((one) => one.end ?? []).sort(order);
    const all = pages.flatMap(({ lines }) => (isBackward ? lines.toReversed() : lines)).sort(order);
    const whole = end ? all.filter((found) => order(found, end) <= 0) : all;
    const passed = whole.filter(({ at }) => at === startTime).slice(0, given).length;
    const lines = whole.slice(passed, passed + limit);
    const last = lines.length === limit ? lines.at(-1)?.at : end?.at;
    const hasMore = end !== undefined || whole.length > passed + limit;
    const missing = [...new Set(pages.flatMap((one) => one.missing ?? []))].join(' ');
    const told = lines.map(({ line }) => line);
    return {
      lines: isBackward ? told.reverse() : told,
      ...(missing !== '' && { missing }),
      ...(hasMore &&
        last !== undefined && {
          next: `${last}.${(last === startTime ? passed : 0) + lines.filter(({ at }) => at === last).length}`,
        }),
    };
  }

  async function* follow(
    _: LogStream,
    { signal, ...options }: LogTail & { signal: AbortSignal },
  ): AsyncGenerator<LogLine> {
    const before = await read('', options);
    yield* before;
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const streams = parts.map((part) => {
      const own = before.filter(
        ({ service, process }) => service === part.label.service && process === part.label.process,
      );
      return behind(logs, part, own, before.at(-1)?.at ?? options.since, both);
    });
    try {
      yield* asTheyCome(streams);
    } finally {
      over.abort();
    }
  }

  return { read, page, follow };
}

type Place = Pick<Found, 'at' | 'part'>;

const foundOf = (line: LogLine, part: number): Found => ({ line, at: Date.parse(line.at), part });

const byTime = (left: Place, right: Place): number => left.at - right.at || left.part - right.part;

/** New lines of one part. @param before those of it that were given already @param since where it has none of these */
async function* behind(
  logs: Logs,
  { label, stream }: Part,
  before: readonly LogLine[],
  since: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const start = before.at(-1)?.at ?? since;
  let told = before.filter(({ at, missing }) => at === start && !missing).length;
  const options = start === undefined ? { tail: TAIL_MAX } : { since: start };
  for await (const line of logs.follow(stream, { ...options, signal }))
    if (line.at === start && told > 0 && !line.missing) told--;
    else yield { ...line, ...label };
}

/** Items of several sources, each as soon as it is there. Ends with the last of them. */
async function* asTheyCome<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = async (source: AsyncGenerator<T>) => ({ source, result: await source.next() });
  const pending = new Map(sources.map((source) => [source, next(source)]));
  while (pending.size > 0) {
    const { source, result } = await Promise.race(pending.values());
    if (result.done) pending.delete(source);
    else {
      pending.set(source, next(source));
      yield result.value;
    }
  }
}
