/** What the containers of a service's pods have printed, as long as their nodes keep it. */
import type { InstanceRef } from '../../../core/model/index.ts';
import type { Mask } from '../../../core/secrets/mask.ts';
import type { PrintedLine } from '../../../ports/log-archive.ts';
import type { LogLine } from '../../../ports/logs.ts';
import { cutLine, lastState } from '../../../ports/rules/log-lines.ts';
import { hasNoLog, whyUnread } from '../api/api-errors.ts';
import type { Stored } from '../api/apply.ts';
import { COMPONENT_LABEL, MANAGED_BY, SERVICE_LABEL, selector } from '../manifests/labels.ts';
import { type Cluster, podNumber, podsPath, type StoredPod } from '../shared-reads.ts';

export interface PodOutput {
  /** Oldest first. */
  printed: PrintedLine[];
  /** What could not be read, and why, in a sentence. */
  missing: string | undefined;
  /** There may be older lines since the time that was asked for. */
  isCut: boolean;
}

/** By time, then in an order that is the same wherever the lines come from. */
export const inOrder = (a: PrintedLine, b: PrintedLine): number =>
  compare(a.time, b.time) || compare(a.pod, b.pod) || compare(a.container, b.container);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const millisecondsOf = ({ time }: PrintedLine): number => Number(time.slice(0, -6));

/** `2026-01-01T00:00:00.123456789Z text`, as the API writes it. */
export function parseLine(text: string, pod: Stored, container: string): PrintedLine | undefined {
  const [, second, fraction = '', zone = '', message] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) (.*)$/s.exec(text) ?? [];
  const at = Date.parse(`${second}${zone}`);
  if (Number.isNaN(at) || message === undefined) return undefined;
  const time = `${at / 1000}`.padStart(10, '0') + fraction.padEnd(9, '0');
  return { time, pod: pod.metadata.name, container, deployment: podNumber(pod), message };
}

/** As people see it: the mask comes before anything is cut, which might leave half of a secret. */
export const shown = (printed: PrintedLine, mask: Mask): LogLine => ({
  at: new Date(millisecondsOf(printed)).toISOString(),
  message: cutLine(lastState(mask(printed.message))),
  // The API does not tell standard output from standard error.
  source: 'stdout',
  deployment: printed.deployment,
  container: printed.container,
});

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

const missingOf = ([first, ...more]: readonly string[]): string | undefined => {
  if (first === undefined) return undefined;
  const others = more.length > 0 ? ` (and of ${more.length} more)` : '';
  return `The output ${first}${others}. It may be there and is not shown.`.replace(
    ': ',
    ' can not be read: ',
  );
};

async function podsOf(cluster: Cluster, ref: InstanceRef): Promise<StoredPod[]> {
  // The output of runs is in the logs of their operations.
  const labelSelector = `${selector({ [MANAGED_BY]: 'berth', [SERVICE_LABEL]: ref.service })},${COMPONENT_LABEL}!=run`;
  return (await cluster.client.list<StoredPod>(podsPath(cluster, ref), { labelSelector })).items;
}

/** @param options.since ISO 8601 */
export async function readPods(
  cluster: Cluster,
  ref: InstanceRef,
  { tail, since }: { tail: number; since?: string | undefined },
): Promise<PodOutput> {
  const unread: string[] = [];
  let isCut = false;
  const from = since === undefined ? undefined : Date.parse(since);
  const parts = await Promise.all(
    (await podsOf(cluster, ref)).flatMap((pod) =>
      livesOf(pod).map(async ({ container, previous }) => {
        const text = await cluster.client
          .text(`${podsPath(cluster, ref)}/${encodeURIComponent(pod.metadata.name)}/log`, {
            container,
            previous,
            timestamps: true,
            // One line more than asked for shows whether there are more.
            tailLines: tail + 1,
            sinceTime: since,
          })
          .catch((error: Error) => {
            if (!hasNoLog(error)) unread.push(`of ${container} in ${pod.metadata.name}: ${whyUnread(error)}`);
            return undefined;
          });
        const lines = (text ?? '').split('\n').flatMap((raw) => parseLine(raw, pod, container) ?? []);
        // The API gives the last lines alone: there may be others before them that are later than the time as well.
        const [first] = lines;
        if (first && lines.length > tail && millisecondsOf(first) > (from ?? 0)) isCut = true;
        return lines;
      }),
    ),
  );
  const all = parts
    .flat()
    .filter((line) => from === undefined || millisecondsOf(line) >= from)
    .sort(inOrder);
  return { printed: all.slice(-tail), missing: missingOf(unread), isCut: isCut || all.length > tail };
}
