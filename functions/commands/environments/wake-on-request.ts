/** Wakes an environment of a cluster because a request came for a service in it. */
import { environmentKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import {
  type Environment,
  type EnvironmentState,
  type InstanceRef,
  SYSTEM_ACTOR,
} from '../../core/model/index.ts';
import { Problem, type ProblemDetail } from '../../core/problem.ts';
import { closedUntil, heldByRequest } from '../../core/schedule/office-hours.ts';
import type { Ports } from '../../ports/index.ts';
import { instanceIn } from '../../records/instances.ts';
import { wakeEnvironment } from './transitions.ts';

/**
 * What is to become of a request that waits. `awake`: the service takes it, or is about to, if it has not failed.
 * `expired`: it sleeps, and people alone wake it; its hours may do so too, if it has any.
 */
export type Asked =
  | { state: 'waking' | 'stopped' | 'absent' }
  | { state: 'awake'; error?: ProblemDetail }
  | { state: 'expired'; error: ProblemDetail };

const REFILL_MS = 60_000;

/**
 * What answers requests to an environment that has expired and sleeps: whoever asks knows nothing of it, so that only
 * people bring it back. Undefined for any other.
 */
export function expiredSleeper({ project, name, state, destroyAt }: Environment): Problem | undefined {
  if (destroyAt === undefined || (state !== 'hibernated' && state !== 'hibernating')) return undefined;
  return new Problem(
    'unavailable',
    `Environment "${name}" has expired: it sleeps, and is destroyed at ${destroyAt}.`,
    {
      hint: `Until then its people bring it back on its page, or with: berth env wake -p ${project} ${name}`,
    },
  );
}

/** What answers requests to a sleeper that they do not wake now: see `expiredSleeper`, and office hours. Undefined for any other. */
export function keptAsleep(environment: Environment, now: number): Problem | undefined {
  const { project, name, state } = environment;
  const until = state === 'hibernated' || state === 'hibernating' ? closedUntil(environment, now) : undefined;
  const expired = expiredSleeper(environment);
  if (expired || until === undefined) return expired;
  return new Problem(
    'unavailable',
    `Environment "${name}" is outside of its office hours, and requests have woken it ${limits.wakesOutsideHours.value} times since they ended: it sleeps until they begin at ${until}.`,
    { hint: `Until then its people wake it on its page, or with: berth env wake -p ${project} ${name}` },
  );
}

/** @throws Problem unavailable */
export function unlessKeptAsleep(environment: Environment, now: number): Environment {
  const kept = keptAsleep(environment, now);
  if (kept) throw kept;
  return environment;
}

/** @throws Problem unavailable */
export function unlessExpired(environment: Environment): Environment {
  const expired = expiredSleeper(environment);
  if (expired) throw expired;
  return environment;
}

/**
 * Takes one of the wakes that requests have, so that whoever sends them without an end can not have it started over
 * and over.
 * @throws Problem too_many_requests
 */
export function takeWake(environment: Environment, now: number): Environment {
  const most = limits.requestWakes.value;
  const { left, at } = environment.requestWakes ?? { left: most, at: new Date(now).toISOString() };
  const back = Math.max(0, Math.floor((now - Date.parse(at)) / REFILL_MS));
  const has = Math.min(most, left + back);
  if (has < 1) {
    const retryAfter = Math.max(1, Math.ceil((Date.parse(at) + REFILL_MS - now) / 1000));
    throw new Problem(
      'too_many_requests',
      `Environment "${environment.name}" is asleep: requests have woken it ${most} times lately.`,
      {
        hint: `Wait ${retryAfter} s, or wake it by hand.`,
        extra: { retryAfter },
      },
    );
  }
  const from = has === most ? now : Date.parse(at) + back * REFILL_MS;
  return { ...environment, requestWakes: { left: has - 1, at: new Date(from).toISOString() } };
}

/** The environment that a request wakes. @throws Problem unavailable: requests do not wake it now */
export const wokenByRequest = (environment: Environment, now: number): Environment =>
  heldByRequest(unlessKeptAsleep(environment, now), now);

/** Where a request is answered, or waits. */
const waits: readonly EnvironmentState[] = ['ready', 'waking', 'hibernating', 'hibernated'];

/**
 * Wakes only what exists, sleeps, and is of the installation's own place. An environment that is falling asleep is woken by
 * the next call.
 * @throws Problem too_many_requests
 */
export async function wakeOnRequest(ports: Ports, { service, ...ref }: InstanceRef): Promise<Asked> {
  const item = await ports.store.get<Environment>(environmentKey(ref));
  if (!item || item.data.placement !== undefined || !waits.includes(item.data.state))
    return { state: 'absent' };
  const instance = instanceIn(item.data, service);
  if (instance?.current === undefined) return { state: 'absent' };
  if (instance.state === 'stopped') return { state: 'stopped' };
  if (instance.state !== undefined) return { state: 'absent' };
  const { state, wakeError } = item.data;
  const kept = keptAsleep(item.data, ports.effects.now());
  if (kept) return { state: 'expired', error: kept.toDetail() };
  if (state === 'ready') return { state: 'awake', ...(wakeError && { error: wakeError }) };
  if (state === 'hibernated') {
    const take = (environment: Environment) =>
      takeWake(wokenByRequest(environment, ports.effects.now()), ports.effects.now());
    await wakeEnvironment(ports, { actor: SYSTEM_ACTOR }, ref, take).catch((error: unknown) => {
      // Something else has changed the environment since it was read, or is changing it.
      const isOvertaken =
        error instanceof Problem &&
        ['environment_not_ready', 'conflict', 'operation_in_progress'].includes(error.code);
      if (!isOvertaken) throw error;
    });
  }
  // Each service takes requests as soon as it is ready; the operation waits for all of them.
  return { state: state === 'waking' && (await isReady(ports, instance)) ? 'awake' : 'waking' };
}

const isReady = (ports: Ports, instance: InstanceRef): Promise<boolean> =>
  ports.workloads.status(instance).then(
    (status) => (status?.readyReplicas ?? 0) > 0,
    () => false,
  );
