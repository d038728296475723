/** What users saw of a game day, from the figures of their requests and the state of replicas. */
import type { GameDayReport, Operation, SeenByUsers } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { RequestSample } from '../../ports/activity.ts';
import type { Ports } from '../../ports/index.ts';
import { isAllReady } from '../../ports/rules/workloads/replica-counts.ts';
import { getEnvironment } from '../../records/read.ts';
import { environmentOf, startable } from '../environment-state.ts';

type GameDay = Operation<'game-day'>;

/** The time of one sample of requests. */
const SAMPLE_MS = 10_000;
/** Samples of a longer time are longer, seconds. */
const FINE_SECONDS = 3_600;
/** What was before is looked at for as long as the game day took, and for a minute at least. */
const BEFORE_LEAST_MS = 60_000;
/** Of fewer requests a share says nothing. */
const REQUESTS_LEAST = 20;

const startOf = (
  { steps, createdAt }: GameDay,
  name: 'injectFaults' | 'observeRecovery',
): string | undefined =>
  steps.find((step) => step.name === name)?.startedAt ?? (name === 'injectFaults' ? createdAt : undefined);

/** One part of a game day; undefined where nobody asked for anything. */
export function seenIn(
  samples: readonly RequestSample[],
  from: number,
  until: number,
): SeenByUsers | undefined {
  const part = samples.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) < until);
  const requests = part.reduce((sum, sample) => sum + sample.requests, 0);
  if (requests === 0) return undefined;
  return {
    requests,
    errors: part.reduce((sum, { errors }) => sum + errors, 0),
    p50Ms: Math.round(part.reduce((sum, sample) => sum + sample.p50Ms * sample.requests, 0) / requests),
    p99Ms: Math.round(Math.max(...part.map(({ p99Ms }) => p99Ms))),
  };
}

export async function hasTooManyErrors(ports: Ports, operation: GameDay): Promise<boolean> {
  const { stopAtErrorPercent } = operation.input;
  if (stopAtErrorPercent === undefined) return false;
  const began = Math.floor(Date.parse(operation.createdAt) / SAMPLE_MS) * SAMPLE_MS;
  let requests = 0;
  let errors = 0;
  const { data: environment } = await getEnvironment(ports.store, environmentOf(operation));
  for (const instance of startable(environment)) {
    const window = Math.ceil((ports.effects.now() - began) / 1000);
    const seen = seenIn(await samplesOf(ports, instance, window), began, Number.POSITIVE_INFINITY);
    requests += seen?.requests ?? 0;
    errors += seen?.errors ?? 0;
  }
  return requests >= REQUESTS_LEAST && errors * 100 >= stopAtErrorPercent * requests;
}

/** None where requests are not seen. */
const samplesOf = (ports: Ports, instance: Parameters<Ports['activity']['requests']>[0], window: number) =>
  ports.activity.requests(instance, Math.min(window, FINE_SECONDS)).catch((error: unknown) => {
    if (error instanceof Problem) return [];
    throw error;
  });

export async function reportOf(ports: Ports, operation: GameDay): Promise<GameDayReport> {
  const now = ports.effects.now();
  const from = startOf(operation, 'injectFaults') ?? operation.createdAt;
  const until = startOf(operation, 'observeRecovery') ?? new Date(now).toISOString();
  // The sample in which it began belongs to it.
  const begin = Math.floor(Date.parse(from) / SAMPLE_MS) * SAMPLE_MS;
  const end = Date.parse(until);
  const earliest = begin - Math.max(end - begin, BEFORE_LEAST_MS);
  const { data: environment } = await getEnvironment(ports.store, environmentOf(operation));
  const services: GameDayReport['services'] = [];
  for (const instance of startable(environment)) {
    let missing: string | undefined;
    const samples = await ports.activity
      .requests(instance, Math.min(Math.ceil((now - earliest) / 1000), FINE_SECONDS))
      .catch((error: unknown) => {
        missing = error instanceof Problem ? error.message : 'They could not be read.';
        return [];
      });
    const status = await ports.workloads.status(instance);
    const replicas = status?.replicas ?? [];
    const before = seenIn(samples, earliest, begin);
    const during = seenIn(samples, begin, end);
    const after = seenIn(samples, end, Number.POSITIVE_INFINITY);
    const reason = replicas.find((replica) => replica.reason !== undefined)?.reason;
    services.push({
      service: instance.service,
      ...(before && { before }),
      ...(during && { during }),
      ...(after && { after }),
      ...(missing !== undefined && { missing }),
      restarts: replicas.filter(({ startedAt = '' }) => startedAt >= from).length,
      ready: isAllReady(status),
      ...(reason !== undefined && { reason }),
    });
  }
  return { from, until, stoppedEarly: end < Date.parse(operation.input.endsAt) - 1_000, services };
}
