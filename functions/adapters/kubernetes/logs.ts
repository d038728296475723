/**
 * Logs of workloads read from the cluster itself, as long as its nodes keep them: for a cluster whose logs nobody
 * collects. Streams of operations, and all that Berth itself says, are in the Logs that it stands before.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceRef } from '../../core/model/index.ts';
import { isName } from '../../core/names.ts';
import { Problem } from '../../core/problem.ts';
import type { LogLine, LogStream, Logs, LogTail } from '../../ports/logs.ts';
import { cutLine, lastState } from '../../ports/rules/log-lines.ts';
import { checkPageQuery, linesMissing, pageOfLines, TAIL_MAX } from '../../ports/rules/logs-page.ts';
import { hasNoLog, whyUnread } from './api/api-errors.ts';
import type { Stored } from './api/apply.ts';
import type { KubernetesClient } from './api/client.ts';
import { defaultRenderOptions, type RenderOptions } from './manifests/index.ts';
import { COMPONENT_LABEL, MANAGED_BY, SERVICE_LABEL, selector } from './manifests/labels.ts';
import type { Mask } from './pod-mask.ts';
import { type Cluster, maskOf, podNumber, podsPath, type StoredPod } from './shared-reads.ts';

export interface KubernetesLogsOptions {
  client: KubernetesClient;
  /** The same options as those of the workloads. */
  render?: Partial<Omit<RenderOptions, 'domain'>>;
  /** Keeps everything else. */
  rest: Logs;
  /** How often new lines are looked for while a stream is followed, milliseconds; every two seconds unless told. */
  lookMs?: number;
}

/** The API gives the last lines of a container alone, so that pages go no further back. */
const KEPT_MAX = TAIL_MAX;
const LOOK_MS = 2000;
/** The API looks back by seconds, so that the lines of the last one come again. */
const OVERLAP_MS = 2000;

/** An instance's stream is `project/environment/service`: three names, and not of an operation. */
function instanceOf(stream: LogStream): InstanceRef | undefined {
  const [project, environment, service, ...more] = stream.split('/');
  if (!project || !environment || !service || more.length > 0 || project === 'operations') return undefined;
  if (![project, environment, service].every(isName)) return undefined;
  return { project, environment, service };
}

/** `2026-01-01T00:00:00.123456789Z text`, as the API writes it. */
export function parseLine(text: string, pod: StoredPod, container: string, mask: Mask): LogLine | undefined {
  const [, time, message] = /^(\d{4}-\S+) (.*)$/s.exec(text) ?? [];
  const at = time === undefined ? Number.NaN : Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  return {
    at: new Date(at).toISOString(),
    message: cutLine(lastState(mask(message ?? ''))),
    // The API does not tell standard output from standard error.
    source: 'stdout',
    deployment: podNumber(pod),
    container,
  };
}

/** How long a failure to read counts where nobody reads again, milliseconds. */
const FAILED_KEPT_MS = 60_000;

interface Read {
  printed: Printed[];
  missing: string | undefined;
  /** There may be older lines since the time that was asked for. */
  isCut: boolean;
}

const missingOf = ([first, ...more]: readonly string[]): string | undefined => {
  if (first === undefined) return undefined;
  const others = more.length > 0 ? ` (and of ${more.length} more)` : '';
  return `The output ${first}${others}. It may be there and is not shown.`.replace(
    ': ',
    ' can not be read: ',
  );
};

/** At the time of the newest line, so that whoever resumes a stream behind it misses none. */
const ownLine = (message: string, printed: readonly Printed[]): LogLine => ({
  at: printed.at(-1)?.line.at ?? new Date().toISOString(),
  message: cutLine(message),
  source: 'berth',
  missing: true,
});

interface Printed {
  line: LogLine;
  /** Tells the line from every other one: the time in it has nanoseconds. */
  key: string;
}

interface Life {
  container: string;
  /** The one before the newest; nodes keep no others. */
  previous: boolean;
}

/** Of each container the life before is read as well, where one has begun since: what it crashed of is there. */
function livesOf({ spec, status }: StoredPod): Life[] {
  const told = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(({ name: container }) => {
    const { lastState, state } = told.find(({ name }) => name === container) ?? {};
    const newest = { container, previous: false };
    return lastState?.terminated && !state?.waiting ? [{ container, previous: true }, newest] : [newest];
  });
}

const byTime = (a: LogLine, b: LogLine): number => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0);

export function createKubernetesLogs({
  client,
  rest,
  render,
  lookMs = LOOK_MS,
}: KubernetesLogsOptions): Logs {
  const cluster: Cluster = { client, render: { ...defaultRenderOptions, ...render, domain: '' } };

  const podsOf = async (ref: InstanceRef): Promise<StoredPod[]> => {
    // The output of runs is in the logs of their operations.
    const labelSelector = `${selector({ [MANAGED_BY]: 'berth', [SERVICE_LABEL]: ref.service })},${COMPONENT_LABEL}!=run`;
    return (await client.list<StoredPod>(podsPath(cluster, ref), { labelSelector })).items;
  };
  const logPath = (ref: InstanceRef, pod: Stored): string =>
    `${podsPath(cluster, ref)}/${encodeURIComponent(pod.metadata.name)}/log`;

  /** The last failure to read, and when it was: a later success forgets it. */
  let failed: { at: number; missing: string } | undefined;

  /** Oldest first. */
  async function read(ref: InstanceRef, options: { tail: number; since?: string }): Promise<Read> {
    const unread: string[] = [];
    let isCut = false;
    const mask = await maskOf(cluster, ref);
    const parts = await Promise.all(
      (await podsOf(ref)).flatMap((pod) =>
        livesOf(pod).map(async ({ container, previous }) => {
          const text = await client
            .text(logPath(ref, pod), {
              container,
              previous,
              timestamps: true,
              // One line more than asked for shows whether there are more.
              tailLines: options.tail + 1,
              sinceTime: options.since,
            })
            .catch((error: Error) => {
              if (!hasNoLog(error))
                unread.push(`of ${container} in ${pod.metadata.name}: ${whyUnread(error)}`);
              return undefined;
            });
          const lines = (text ?? '').split('\n').flatMap((raw) => {
            const line = parseLine(raw, pod, container, mask);
            return line ? [{ line, key: `${pod.metadata.name}/${container} ${raw}` }] : [];
          });
          // The API gives the last lines alone: there may be others before them that are later than the time as well.
          const [first] = lines;
          if (first && lines.length > options.tail && first.line.at > (options.since ?? '')) isCut = true;
          return lines;
        }),
      ),
    );
    const since = options.since;
    const missing = missingOf(unread);
    failed = missing === undefined ? undefined : { at: performance.now(), missing };
    const all = parts
      .flat()
      .filter(({ line }) => since === undefined || Date.parse(line.at) >= Date.parse(since))
      .sort((a, b) => byTime(a.line, b.line));
    return { printed: all.slice(-options.tail), missing, isCut: isCut || all.length > options.tail };
  }

  /** Reads again what came since: a line is told once, however many pods come and go. */
  async function* follow(
    ref: InstanceRef,
    { tail, since, signal }: LogTail & { signal: AbortSignal },
  ): AsyncIterable<LogLine> {
    let from = since;
    let told: Set<string> | undefined;
    let said: string | undefined;
    while (!signal.aborted) {
      const { printed, missing, isCut } = await read(ref, {
        tail: KEPT_MAX,
        ...(from !== undefined && { since: from }),
      });
      const known = told;
      const fresh = known ? printed.filter(({ key }) => !known.has(key)) : printed.slice(-(tail ?? KEPT_MAX));
      // More may also have been printed between two looks than one look gives.
      if (isCut && (known ? fresh.length === printed.length : tail === undefined) && !signal.aborted)
        yield linesMissing(fresh[0]?.line, from);
      for (const { line } of fresh) {
        if (signal.aborted) return;
        yield line;
      }
      if (missing !== undefined && missing !== said && !signal.aborted) yield ownLine(missing, printed);
      said = missing;
      told = new Set(printed.map(({ key }) => key));
      const newest = printed.at(-1)?.line.at;
      const edge = newest && new Date(Date.parse(newest) - OVERLAP_MS).toISOString();
      if (edge && (from === undefined || Date.parse(edge) > Date.parse(from))) from = edge;
      await delay(lookMs, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    append: (stream, line) => rest.append(stream, line),
    async read(stream, options) {
      const ref = instanceOf(stream);
      const own = await rest.read(stream, options);
      if (!ref) return own;
      const { tail = KEPT_MAX, since } = options;
      const { printed, missing, isCut } = await read(ref, { tail, ...(since !== undefined && { since }) });
      const lines = [...own, ...printed.map(({ line }) => line)].sort(byTime);
      if (missing !== undefined) lines.push(ownLine(missing, printed));
      const given = lines.slice(-tail);
      return isCut && options.tail === undefined ? [linesMissing(given[0], since), ...given] : given;
    },
    async page(stream, given) {
      const ref = instanceOf(stream);
      if (!ref) return rest.page(stream, given);
      const query = checkPageQuery(given);
      const options = { tail: KEPT_MAX, ...(query.since !== undefined && { since: query.since }) };
      const { printed, missing } = await read(ref, options);
      const lines = [...(await rest.read(stream, options)), ...printed.map(({ line }) => line)];
      const page = pageOfLines(lines.sort(byTime), query);
      return { ...page, ...(missing !== undefined && { missing }) };
    },
    follow(stream, options) {
      const ref = instanceOf(stream);
      return ref ? follow(ref, options) : rest.follow(stream, options);
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
