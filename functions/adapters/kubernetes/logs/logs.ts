/**
 * Logs of workloads: from the cluster itself, as long as its nodes keep them, and from the archive that an agent of the
 * cluster feeds, where it has one. Streams of operations, and all that Berth itself says, are in the Logs that it
 * stands before.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../../core/limits.ts';
import type { InstanceRef } from '../../../core/model/index.ts';
import { Problem, TransientError } from '../../../core/problem.ts';
import type { Mask } from '../../../core/secrets/mask.ts';
import type { ArchiveRange, LogArchive, PrintedLine } from '../../../ports/log-archive.ts';
import type { LogLine, LogStream, Logs, LogTail } from '../../../ports/logs.ts';
import { cutLine } from '../../../ports/rules/log-lines.ts';
import { checkPageQuery, createPager, linesMissing, TAIL_MAX } from '../../../ports/rules/logs-page.ts';
import { instanceOfStream } from '../../../ports/rules/workload-logs.ts';
import type { KubernetesClient } from '../api/client.ts';
import { defaultRenderOptions, type RenderOptions } from '../manifests/index.ts';
import { type Cluster, maskOf } from '../shared-reads.ts';
import { identityOf, joined, unite } from './joined-output.ts';
import { inOrder, millisecondsOf, type PodOutput, readPods, shown } from './pod-output.ts';

export interface KubernetesLogsOptions {
  client: KubernetesClient;
  /** The same options as those of the workloads. */
  render?: Partial<Omit<RenderOptions, 'domain'>>;
  /** Keeps everything else. */
  rest: Logs;
  /** Without it output goes with its pod. */
  archive?: LogArchive;
  /** How often new lines are looked for while a stream is followed, milliseconds; every two seconds unless told. */
  lookMs?: number;
  /** How often they are looked for in the archive; every ten seconds unless told. */
  lookBackMs?: number;
}

/** The API gives the last lines of a container alone, so that the cluster's own go no further back. */
const KEPT_MAX = TAIL_MAX;
const LOOK_MS = 2000;
const LOOK_BACK_MS = 10_000;
/** The API looks back by seconds, so that the lines of the last one come again. */
const OVERLAP_MS = 2000;
/** How late a line may come to the archive and still be told to who follows. */
const LATE_MS = 60_000;
/** How long a failure to read counts where nobody reads again, milliseconds. */
const FAILED_KEPT_MS = 60_000;

/** At the time of the newest line, so that whoever resumes a stream behind it misses none. */
const ownLine = (message: string, newest: PrintedLine | undefined): LogLine => ({
  at: (newest ? new Date(millisecondsOf(newest)) : new Date()).toISOString(),
  message: cutLine(message),
  source: 'berth',
  missing: true,
});

export function createKubernetesLogs(options: KubernetesLogsOptions): Logs {
  const { client, rest, archive, render, lookMs = LOOK_MS, lookBackMs = LOOK_BACK_MS } = options;
  const cluster: Cluster = { client, render: { ...defaultRenderOptions, ...render, domain: '' } };

  /** The last failure to read, and when it was: a later success forgets it. */
  let failed: { at: number; missing: string } | undefined;

  /** What the cluster has. Where it does not answer, what is kept elsewhere can be read all the same. */
  async function readLive(ref: InstanceRef, since: number | undefined): Promise<PodOutput & { mask: Mask }> {
    const from = since === undefined ? undefined : new Date(since).toISOString();
    try {
      const [output, mask] = await Promise.all([
        readPods(cluster, ref, { tail: KEPT_MAX, since: from }),
        maskOf(cluster, ref),
      ]);
      failed = output.missing === undefined ? undefined : { at: performance.now(), missing: output.missing };
      return { ...output, mask };
    } catch (error) {
      if (!archive || !(error instanceof Problem || error instanceof TransientError)) throw error;
      const missing = `What was printed last can not be read: ${error.message}`;
      failed = { at: performance.now(), missing };
      return {
        printed: [],
        missing,
        isCut: false,
        mask: noMask,
      };
    }
  }

  /** Nothing is shown unless both masks are known. */
  async function open(stream: LogStream, ref: InstanceRef, since: number | undefined) {
    const [live, kept] = await Promise.all([readLive(ref, since), archive?.mask(stream)]);
    const mask: Mask = Object.assign((text: string) => live.mask(kept ? kept(text) : text), {
      longest: Math.max(live.mask.longest, kept?.longest ?? 0),
    });
    const lines = (range: ArchiveRange): AsyncGenerator<PrintedLine[]> =>
      joined(live.printed, archive?.pages(stream, range) ?? none(), range.direction);
    return { live, mask, lines };
  }

  /** The last lines, oldest first. @returns also whether there are more than were asked for, or than can be given */
  async function readTail(stream: LogStream, ref: InstanceRef, { tail, since }: LogTail) {
    const from = since === undefined ? undefined : Date.parse(since);
    const { live, mask, lines } = await open(stream, ref, from);
    const most = tail ?? TAIL_MAX + 1;
    const printed: PrintedLine[] = [];
    if (most > 0)
      for await (const some of lines({ direction: 'backward', ...(from !== undefined && { since: from }) })) {
        printed.push(...some.slice(0, most - printed.length));
        if (printed.length >= most) break;
      }
    const isCut = (live.isCut && !archive) || printed.length > TAIL_MAX;
    return { printed: printed.slice(0, TAIL_MAX).reverse(), missing: live.missing, isCut, mask };
  }

  /** Reads again what came since: a line is told once, however many pods come and go. */
  async function* follow(
    stream: LogStream,
    ref: InstanceRef,
    { signal, ...options }: LogTail & { signal: AbortSignal },
  ): AsyncIterable<LogLine> {
    if (signal.aborted) return;
    const begun = await readTail(stream, ref, options);
    const { tail, since } = options;
    if (begun.isCut && tail === undefined)
      yield linesMissing(begun.printed[0] && shown(begun.printed[0], begun.mask), since);
    for (const line of begun.printed) {
      if (signal.aborted) return;
      yield shown(line, begun.mask);
    }
    if (begun.missing !== undefined && !signal.aborted) yield ownLine(begun.missing, begun.printed.at(-1));
    let said = begun.missing;
    let newest = begun.printed.at(-1);
    let told = new Map(begun.printed.map((line) => [identityOf(line), millisecondsOf(line)]));
    const least = since === undefined ? undefined : Date.parse(since);
    let lookedBack = Number.NEGATIVE_INFINITY;
    for (let first = true; !signal.aborted; first = false) {
      const edge = newest ? Math.max(millisecondsOf(newest) - OVERLAP_MS, least ?? 0) : least;
      const { live, mask } = await open(stream, ref, edge);
      const found = [...live.printed];
      if (archive && performance.now() - lookedBack >= lookBackMs) {
        lookedBack = performance.now();
        const from = newest ? Math.max(millisecondsOf(newest) - LATE_MS, least ?? 0) : least;
        const range = { direction: 'forward' as const, ...(from !== undefined && { since: from }) };
        for await (const page of archive.pages(stream, range)) found.push(...page);
      }
      const known = told;
      const fresh = unite(found).filter((line) => !known.has(identityOf(line)));
      for (const line of fresh) told.set(identityOf(line), millisecondsOf(line));
      // The first look also finds lines that come before the tail.
      const given = newest && first ? fresh.filter((line) => newest && inOrder(line, newest) > 0) : fresh;
      // More may also have been printed between two looks than one look gives.
      if (live.isCut && !archive && !first && given.length === live.printed.length && !signal.aborted)
        yield linesMissing(
          given[0] && shown(given[0], mask),
          edge === undefined ? undefined : new Date(edge).toISOString(),
        );
      for (const line of given) {
        if (signal.aborted) return;
        yield shown(line, mask);
        if (!newest || inOrder(line, newest) > 0) newest = line;
      }
      if (live.missing !== undefined && live.missing !== said && !signal.aborted)
        yield ownLine(live.missing, newest);
      said = live.missing;
      const oldest = newest ? millisecondsOf(newest) - LATE_MS - OVERLAP_MS : 0;
      told = new Map([...told].filter(([, time]) => time >= oldest));
      await delay(lookMs, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    append: (stream, line) => rest.append(stream, line),
    async read(stream, options) {
      const ref = instanceOfStream(stream);
      if (!ref) return rest.read(stream, options);
      checkTail(options);
      const { printed, missing, isCut, mask } = await readTail(stream, ref, options);
      const lines = printed.map((line) => shown(line, mask));
      if (missing !== undefined) lines.push(ownLine(missing, printed.at(-1)));
      const { tail, since } = options;
      if (tail !== undefined) return tail === 0 ? [] : lines.slice(-tail);
      return isCut ? [linesMissing(lines[0], since), ...lines] : lines;
    },
    async page(stream, given) {
      const ref = instanceOfStream(stream);
      if (!ref) return rest.page(stream, given);
      const query = checkPageQuery(given);
      const { direction = 'backward', since, until, from } = query;
      const [place] = from?.split('.').map(Number) ?? [];
      const starts = [since && Date.parse(since), direction === 'forward' ? place : undefined];
      const ends = [until && Date.parse(until), direction === 'backward' ? place : undefined];
      const isTime = (time: unknown): time is number => typeof time === 'number';
      const start = starts.some(isTime) ? Math.max(...starts.filter(isTime)) : undefined;
      const end = ends.some(isTime) ? Math.min(...ends.filter(isTime)) : undefined;
      const { live, mask, lines } = await open(stream, ref, start);
      const pager = createPager(query, limits.logScan.value);
      const missing = live.missing === undefined ? {} : { missing: live.missing };
      const range = {
        direction,
        ...(start !== undefined && { since: start }),
        ...(end !== undefined && { until: end }),
      };
      for await (const some of lines(range))
        for (const line of some)
          if (!pager.visit(millisecondsOf(line), shown(line, mask)))
            return { ...pager.page(false), ...missing };
      return { ...pager.page(true), ...missing };
    },
    follow(stream, options) {
      const ref = instanceOfStream(stream);
      if (!ref) return rest.follow(stream, options);
      checkTail(options);
      return follow(stream, ref, options);
    },
    async check() {
      await rest.check?.();
      if (!failed || performance.now() - failed.at > FAILED_KEPT_MS) return;
      throw new Problem('unavailable', failed.missing, {
        hint: 'Have the platform team look at the cluster.',
      });
    },
    ...(rest.forget && { forget: rest.forget }),
    close: () => rest.close(),
  };
}

const noMask: Mask = Object.assign((text: string) => text, { longest: 0 });

async function* none(): AsyncGenerator<PrintedLine[]> {}

/** @throws RangeError */
function checkTail({ tail, since }: LogTail): void {
  if (tail !== undefined && (!Number.isInteger(tail) || tail < 0 || tail > TAIL_MAX))
    throw new RangeError(`tail is not between 0 and ${TAIL_MAX}`);
  if (since !== undefined && Number.isNaN(Date.parse(since))) throw new RangeError('since is no time');
}
