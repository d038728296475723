/**
 * What must hold of log drains: each line that is printed while a drain is there comes at least once, in the order of its service or
 * operation, or is counted as dropped and told; nothing comes that is of others, of before, or of after its end.
 */
import type { DrainLine } from '../../../functions/core/drains/drain-line.ts';
import { sendsOfEnvironment } from '../../../functions/core/drains/drain-rules.ts';
import { DRAIN_DELIVERIES, drainDeliveryKey, operationLog } from '../../../functions/core/keys.ts';
import type { Drain, DrainDelivery, Operation } from '../../../functions/core/model/index.ts';
import { processService } from '../../../functions/core/names.ts';
import type { LogLine } from '../../../functions/ports/logs.ts';
import { instanceOfStream } from '../../../functions/ports/rules/workload-logs.ts';
import { monotonicNow } from '../clock.ts';
import type { SimulatedLogs } from '../ports/logs.ts';
import type { Changed } from '../ports/records.ts';
import type { World } from '../world.ts';

interface Watched {
  drain: Drain;
  /** How many lines each stream had when the drain was made, or went on. */
  from: ReadonlyMap<string, number>;
  /** Since when it does not send, monotonic milliseconds; absent while it does. */
  over?: number;
  /** When it was made, or went on. */
  begun: number;
  /** It was paused before. */
  wentOn: boolean;
  /** The lines that came, by their places in their streams. */
  taken: Map<string, Set<number>>;
  /** The place of the line that came last, of each stream. */
  last: Map<string, number>;
  /** How many lines the receiver was told were dropped. */
  told: number;
}

interface Observed {
  operations: ReadonlyMap<string, Operation>;
  logs(): Pick<SimulatedLogs, 'linesOf' | 'streams' | 'appended'>;
}

/** A batch that was under way at the end of its drain arrives within this time, milliseconds. */
const UNDER_WAY_MS = 240_000;

const streamOf = ({ project, environment, service = '', process, operation }: DrainLine): string => {
  if (operation !== undefined) return operationLog(operation);
  const name = process === undefined || process === 'web' ? service : processService(service, process);
  return `${project}/${environment}/${name}`;
};

const isSame = (kept: LogLine | undefined, { time, message, stream, container }: DrainLine): boolean =>
  kept?.at === time && kept.message === message && kept.source === stream && kept.container === container;

export function createDrainOracle(world: World, { operations, logs }: Observed) {
  const watched = new Map<string, Watched>();
  const deliveries = new Map<string, DrainDelivery>();
  /** Whether a look at all drains found that nothing is under way, and of what state that was. */
  let looked = { state: '', isQuiet: true };
  let changes = 0;

  const nameOf = ({ project, id }: Drain): string => `the drain ${id} of ${project}`;

  function isOf(drain: Drain, stream: string): boolean {
    const operation = stream.startsWith('operations/')
      ? operations.get(stream.split('/')[1] ?? '')
      : undefined;
    const { project, environment } = operation ?? instanceOfStream(stream) ?? {};
    if (project !== drain.project || (operation && !drain.operations)) return false;
    return environment === undefined ? !drain.filter?.environments : sendsOfEnvironment(drain, environment);
  }

  function noteDrain({ before, after, sk }: Changed): void {
    const known = watched.get(sk);
    if (after === undefined) {
      if (known) known.over ??= monotonicNow();
      return;
    }
    const drain = JSON.parse(after) as Drain;
    const isNew = before === undefined || known === undefined || known.drain.begunAt !== drain.begunAt;
    const next: Watched =
      known && !isNew
        ? { ...known, drain }
        : {
            drain,
            from: new Map(
              logs()
                .streams()
                .map((stream) => [stream, logs().linesOf(stream).length]),
            ),
            begun: monotonicNow(),
            wentOn: known !== undefined,
            taken: known?.taken ?? new Map(),
            last: known?.last ?? new Map(),
            told: known?.told ?? 0,
          };
    if (drain.enabled) delete next.over;
    else next.over ??= monotonicNow();
    watched.set(sk, next);
  }

  /** One request that a receiver took. */
  function take(url: string, headers: Record<string, string>, body: string): void {
    changes++;
    const one = [...watched.values()].find(({ drain }) => drain.url === url);
    if (!one) {
      world.violate(`lines come to ${url}, which no drain is for`);
      return;
    }
    const { drain, over } = one;
    if (drain.headers && !drain.headers.names.every((name) => headers[name] !== undefined))
      world.violate(`${nameOf(drain)} sends without its headers`);
    const lines = body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as DrainLine);
    world.trace.push(`${world.effects.now()} ${nameOf(drain)} delivers ${lines.length} lines`);
    const isTest = lines.length === 1 && lines[0]?.message.startsWith('This is a test');
    if (over !== undefined && !isTest && monotonicNow() - over > UNDER_WAY_MS)
      world.violate(`${nameOf(drain)} sends ${monotonicNow() - over} ms after its end`);
    for (const [stream, some] of Map.groupBy(lines, streamOf)) takeRun(one, stream, some);
  }

  function takeRun(one: Watched, stream: string, lines: readonly DrainLine[]): void {
    const { drain, taken, last, from, begun } = one;
    const [first] = lines;
    if (first?.project !== drain.project) {
      world.violate(`${nameOf(drain)} sends lines of ${first?.project}`);
      return;
    }
    if (first.environment === undefined && first.operation === undefined) {
      for (const { dropped = 0 } of lines) one.told += dropped;
      return;
    }
    if (!isOf(drain, stream)) world.violate(`${nameOf(drain)} sends lines of ${stream}`);
    const kept = logs().linesOf(stream);
    const next = (last.get(stream) ?? -1) + 1;
    const again = kept.findLastIndex((line, at) => at < next && isSame(line, first));
    const ahead = kept.findIndex((line, at) => at >= next && isSame(line, first));
    const start = isSame(kept[next], first) || again < 0 ? ahead : again;
    const seen = taken.get(stream) ?? new Set();
    taken.set(stream, seen);
    let at = start;
    for (const line of lines) {
      // A clock that was put back prints, behind lines that are sent, some with times of before the drain: they may be left out.
      while (at >= 0 && !isSame(kept[at], line) && (kept[at]?.at ?? '~') < drain.readsSince) at++;
      const { at: time = '' } = kept[at] ?? {};
      if (start < 0 || !isSame(kept[at], line)) {
        world.violate(`${nameOf(drain)} sends lines of ${stream} that are not, or not in this order`);
        return;
      }
      if (at < (from.get(stream) ?? 0) && time < drain.begunAt && monotonicNow() - begun > UNDER_WAY_MS)
        world.violate(`${nameOf(drain)} sends a line of ${stream} of before it began`);
      seen.add(at++);
    }
    last.set(stream, at - 1);
  }

  /** What had to come, and how much of it did not; and what may have come at the most. */
  function countsOf({ drain, from, taken }: Watched) {
    const counts = { due: 0, missing: 0, most: 0 };
    for (const stream of logs().streams()) {
      if (!isOf(drain, stream)) continue;
      for (const [at, line] of logs().linesOf(stream).entries()) {
        const isSince = line.at >= drain.begunAt;
        const isBehind = at >= (from.get(stream) ?? 0);
        if (isSince || isBehind) counts.most++;
        if (!isSince || !isBehind) continue;
        counts.due++;
        if (!taken.get(stream)?.has(at)) counts.missing++;
      }
    }
    return counts;
  }

  const deliveryOf = ({ drain: { project, id } }: Watched): DrainDelivery | undefined =>
    deliveries.get(drainDeliveryKey(project, id).sk);

  function goesOn(one: Watched): boolean {
    const delivery = deliveryOf(one);
    if (one.over !== undefined || !delivery) return false;
    const { due, missing } = countsOf(one);
    const { failure, untold, dropped, delivered } = delivery;
    // What came a moment ago is written down a moment later.
    const isCounted = one.wentOn || delivered + dropped >= due;
    return failure !== undefined || untold > 0 || missing > dropped || !isCounted;
  }

  return {
    take,
    note(changed: readonly Changed[]): void {
      for (const one of changed) {
        if (!one.pk.startsWith('drain')) continue;
        changes++;
        if (one.pk.startsWith('drains#')) noteDrain(one);
        else if (one.pk !== DRAIN_DELIVERIES) continue;
        else if (one.after === undefined) deliveries.delete(one.sk);
        else deliveries.set(one.sk, JSON.parse(one.after) as DrainDelivery);
      }
    },
    isQuiet(): boolean {
      if (watched.size === 0) return true;
      const state = `${changes} ${logs().appended()}`;
      if (looked.state !== state) looked = { state, isQuiet: ![...watched.values()].some(goesOn) };
      return looked.isQuiet;
    },
    atQuiet(): void {
      for (const one of watched.values()) {
        const delivery = deliveryOf(one);
        if (one.over !== undefined || !delivery) continue;
        const { due, missing, most } = countsOf(one);
        const { dropped, delivered, untold, failure } = delivery;
        const name = nameOf(one.drain);
        const counts = `${due} lines were printed, ${missing} of them did not come, ${delivered} are said to be delivered and ${dropped} dropped`;
        if (missing > dropped) world.violate(`${name} has lost lines in silence: ${counts}`);
        if (failure) world.violate(`I3: ${name} fails, and its receiver takes all: ${failure.reason}`);
        if (one.told < dropped - untold)
          world.violate(`${name} has dropped ${dropped} lines, and told its receiver of ${one.told}`);
        if (untold > 0) world.violate(`${name} has dropped ${untold} lines and does not tell its receiver`);
        if (!one.wentOn && (delivered + dropped < due || delivered + dropped > most))
          world.violate(`the counts of ${name} are wrong: ${counts}`);
      }
    },
  };
}
