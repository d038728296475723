/**
 * Leads each call to the place that its environment is in, as the environment's record says. The installation's own
 * place is called as ever; the others are opened at their first call, and again when their definition has changed.
 */
import { environmentKey, placesKey } from '../../core/keys.ts';
import {
  type Environment,
  type EnvironmentRef,
  HOME,
  type InstanceRef,
  type Place,
  type PlaceSet,
} from '../../core/model/index.ts';
import { placesOf } from '../../core/placement/choose-place.ts';
import { Problem } from '../../core/problem.ts';
import type { Activity } from '../../ports/activity.ts';
import type { BucketsAndQueues } from '../../ports/buckets-and-queues.ts';
import type { Caches } from '../../ports/caches.ts';
import type { Effects } from '../../ports/effects.ts';
import type { Logs } from '../../ports/logs.ts';
import type { Places } from '../../ports/places.ts';
import { withWorkloadLogs } from '../../ports/rules/workload-logs.ts';
import type { Store } from '../../ports/store.ts';
import type { ExecRequest, Workloads } from '../../ports/workloads.ts';
import { withProcesses } from './processes-apart.ts';

/** What a place does for the environments in it. */
export interface InPlace {
  workloads: Workloads;
  activity: Activity;
  logs: Logs;
  /** Absent where it has none. */
  caches?: Caches;
  bucketsAndQueues?: BucketsAndQueues;
}

export interface ByPlaceOptions {
  /** The installation's own place. */
  home: InPlace;
  store: Pick<Store, 'get'>;
  effects: Pick<Effects, 'now'>;
  /** Refuses what this host can not work with. @throws Problem invalid_request */
  accept(place: Place): void;
  /** @throws Problem | Error where it is not known how to reach it */
  open(place: Place): Promise<InPlace>;
}

/** For so long what was read of an environment's record is good for calls that change nothing, milliseconds. */
const KNOWN_MS = 2_000;
const KNOWN_MAX = 1_000;
/** What could not be opened is tried again after this time, milliseconds. */
const OPEN_AGAIN_MS = 10_000;
/** So long a place has to show that it is there, milliseconds. */
const CHECK_MS = 5_000;

interface Known {
  at: number;
  id: string | undefined;
  placement: string | undefined;
}

interface Opened {
  definition: string;
  ports: Promise<InPlace>;
  /** When it could not be opened. */
  failedAt?: number;
}

export function createByPlace(options: ByPlaceOptions): Required<InPlace> & { places: Places } {
  const { home, store, effects, accept } = options;
  const known = new Map<string, Known>();
  const opened = new Map<string, Opened>();

  /** @param changes the call changes something: what was known of an earlier environment of the name is not enough */
  async function placementOf(ref: EnvironmentRef, changes: boolean): Promise<string | undefined> {
    const key = `${ref.project}/${ref.environment}`;
    const before = known.get(key);
    const isSame =
      ref.environmentId === undefined
        ? !changes
        : before?.id !== undefined && before.id === ref.environmentId;
    if (before && isSame && effects.now() - before.at < KNOWN_MS) return before.placement;
    const item = await store.get<Environment>(environmentKey(ref));
    const { id, placement } = item?.data ?? {};
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(key, { at: effects.now(), id, placement });
    // Where one was that is gone, the record of another one of its name does not say: whoever made it does.
    if (ref.placement === undefined || ref.environmentId === id) return placement;
    return ref.placement === HOME ? undefined : ref.placement;
  }

  let set: { at: number; places: Place[] } | undefined;
  async function definitionOf(name: string): Promise<Place> {
    const find = (): Place | undefined => set?.places.find((place) => place.name === name);
    const found = set && effects.now() - set.at < KNOWN_MS ? find() : undefined;
    if (found) return found;
    set = { at: effects.now(), places: placesOf((await store.get<PlaceSet>(placesKey))?.data) };
    const read = find();
    if (read) return read;
    throw new Problem('unavailable', `There is no place "${name}" any more.`, {
      hint: 'Have the platform team add it again under that name.',
    });
  }

  function open(place: Place): Promise<InPlace> {
    const definition = JSON.stringify(place.cluster ?? {});
    const before = opened.get(place.name);
    const isGood = before?.failedAt === undefined || effects.now() - before.failedAt < OPEN_AGAIN_MS;
    if (before?.definition === definition && isGood) return before.ports;
    const entry: Opened = { definition, ports: options.open(place) };
    opened.set(place.name, entry);
    entry.ports.catch(() => {
      entry.failedAt = effects.now();
    });
    before?.ports.then(
      ({ workloads }) => workloads.close(),
      () => undefined,
    );
    return entry.ports;
  }

  async function of(ref: EnvironmentRef, changes = false): Promise<InPlace> {
    const placement = await placementOf(ref, changes);
    return placement === undefined ? home : open(await definitionOf(placement));
  }

  const workloadsOf = async (ref: EnvironmentRef, changes = false): Promise<Workloads> =>
    (await of(ref, changes)).workloads;
  const { exec, disturb, tracks, keepsClients, warnings, check } = home.workloads;

  const workloads: Workloads = {
    ensureEnvironment: async (ref, owner) => (await workloadsOf(ref, true)).ensureEnvironment(ref, owner),
    removeEnvironment: async (ref) => (await workloadsOf(ref, true)).removeEnvironment(ref),
    inventory: async (ref) => (await workloadsOf(ref, true)).inventory(ref),
    apply: async (spec) => (await workloadsOf(spec, true)).apply(spec),
    awaitRollout: async (ref, number, signal) => (await workloadsOf(ref)).awaitRollout(ref, number, signal),
    runRelease: async (spec, command, signal) =>
      (await workloadsOf(spec, true)).runRelease(spec, command, signal),
    runCommand: async (spec, run, signal) => (await workloadsOf(spec, true)).runCommand(spec, run, signal),
    endCommand: async (ref, operation) => (await workloadsOf(ref, true)).endCommand(ref, operation),
    scale: async (ref, replicas, fence) => (await workloadsOf(ref, true)).scale(ref, replicas, fence),
    remove: async (ref, fence) => (await workloadsOf(ref, true)).remove(ref, fence),
    status: async (ref) => (await workloadsOf(ref)).status(ref),
    kill: async (ref, replica) => (await workloadsOf(ref, true)).kill(ref, replica),
    metrics: async (ref, seconds) => (await workloadsOf(ref)).metrics(ref, seconds),
    url: async (ref) => (await workloadsOf(ref)).url(ref),
    host: async (ref, label) => (await workloadsOf(ref)).host(ref, label),
    endpoint: async (ref, port) => (await workloadsOf(ref)).endpoint(ref, port),
    ensureVolume: async (ref, name, bytes) => (await workloadsOf(ref, true)).ensureVolume(ref, name, bytes),
    removeVolume: async (ref, name) => (await workloadsOf(ref, true)).removeVolume(ref, name),
    ...(exec && {
      async exec(ref: InstanceRef, request: ExecRequest) {
        const there = await workloadsOf(ref, true);
        if (there.exec) return there.exec(ref, request);
        throw new Problem('not_supported', 'Berth holds no connections into the place of this environment.', {
          hint: 'Run a command there with POST …/runs.',
        });
      },
    }),
    // Requests to other places do not pass Berth, what it would warn of is of its own place, and only there may two
    // deployments serve side by side and clients be kept: what asks for it elsewhere is refused before it begins.
    ...(tracks && { tracks }),
    ...(keepsClients && { keepsClients }),
    ...(disturb && { disturb }),
    ...(warnings && { warnings }),
    ...(check && { check }),
    async close() {
      await home.workloads.close();
      for (const { ports } of opened.values())
        await ports.then(
          (there) => there.workloads.close(),
          () => undefined,
        );
    },
  };

  const cachesOf = async (ref: EnvironmentRef): Promise<Caches> => {
    const { caches } = await of(ref, true);
    if (caches) return caches;
    throw new Problem(
      'unavailable',
      'There are no Redis servers in the place of this environment.',
      noCaches,
    );
  };
  const caches: Caches = {
    async refusal(environment) {
      if (environment) {
        const there = await of(environment);
        return there.caches ? there.caches.refusal(environment) : noCaches;
      }
      // What the installation's own place lacks, another one may have.
      if (placesOf((await store.get<PlaceSet>(placesKey))?.data).length > 1) return undefined;
      return home.caches ? home.caches.refusal() : noCaches;
    },
    ensure: async (ref, spec, login) => (await cachesOf(ref)).ensure(ref, spec, login),
    allow: async (ref, login) => (await cachesOf(ref)).allow(ref, login),
    disable: async (ref, username) => (await cachesOf(ref)).disable(ref, username),
    sleep: async (ref) => (await cachesOf(ref)).sleep(ref),
    wake: async (ref) => (await cachesOf(ref)).wake(ref),
    remove: async (ref) => (await cachesOf(ref)).remove(ref),
    inventory: async (ref) => (await cachesOf(ref)).inventory(ref),
  };

  const bucketsAndQueuesOf = async (ref: EnvironmentRef): Promise<BucketsAndQueues> => {
    const { bucketsAndQueues: found } = await of(ref, true);
    if (found) return found;
    throw new Problem(
      'unavailable',
      'There are no buckets and queues in the place of this environment.',
      noBucketsAndQueues,
    );
  };
  const bucketsAndQueues: BucketsAndQueues = {
    async refusal(environment) {
      const there = environment ? await of(environment) : home;
      return there.bucketsAndQueues ? there.bucketsAndQueues.refusal(environment) : noBucketsAndQueues;
    },
    makeKey: async (ref, keep, operation) => (await bucketsAndQueuesOf(ref)).makeKey(ref, keep, operation),
    ensure: async (ref, spec, key) => (await bucketsAndQueuesOf(ref)).ensure(ref, spec, key),
    allow: async (ref, key) => (await bucketsAndQueuesOf(ref)).allow(ref, key),
    retain: async (ref, keyId) => (await bucketsAndQueuesOf(ref)).retain(ref, keyId),
    sleep: async (ref) => (await bucketsAndQueuesOf(ref)).sleep(ref),
    wake: async (ref) => (await bucketsAndQueuesOf(ref)).wake(ref),
    remove: async (ref) => (await bucketsAndQueuesOf(ref)).remove(ref),
    inventory: async (ref) => (await bucketsAndQueuesOf(ref)).inventory(ref),
  };

  /** The environments in their places; what is in one that can not be asked is unknown, and keeps no other from it. */
  async function lastRequests(refs: readonly EnvironmentRef[]) {
    const byPlace = new Map<string | undefined, number[]>();
    const placements = await Promise.all(refs.map((ref) => placementOf(ref, false)));
    for (const [at, placement] of placements.entries())
      byPlace.set(placement, [...(byPlace.get(placement) ?? []), at]);
    const found = new Map<number, number | 'unknown' | undefined>();
    const ask = async (placement: string | undefined, positions: number[]): Promise<void> => {
      const asked = positions.flatMap((at) => refs[at] ?? []);
      const answers =
        placement === undefined
          ? await home.activity.lastRequests(asked)
          : await definitionOf(placement)
              .then(open)
              .then((there) => there.activity.lastRequests(asked))
              .catch(() => asked.map(() => 'unknown' as const));
      for (const [index, at] of positions.entries()) found.set(at, answers[index]);
    };
    await Promise.all([...byPlace].map(([placement, positions]) => ask(placement, positions)));
    return refs.map((_, at) => found.get(at));
  }

  return {
    workloads: withProcesses(workloads),
    caches,
    bucketsAndQueues,
    activity: {
      lastRequests,
      requests: async (ref, seconds) => (await of(ref)).activity.requests(ref, seconds),
      counts: async (ref) => (await of(ref)).activity.counts(ref),
      forget: async (ref) => (await of(ref, true)).activity.forget(ref),
    },
    // What is in other places is not read on from here: who uses it says so.
    logs: {
      ...withWorkloadLogs(home.logs, async (ref) => (await of(ref)).logs),
      ...(home.logs.reading && { reading: home.logs.reading }),
    },
    places: {
      accept: async (place) => accept(place),
      async check(place) {
        await inTime(open(place).then(({ workloads: there }) => there.check?.()));
      },
      async of(ref) {
        const placement = await placementOf(ref, false);
        return placement === undefined ? undefined : definitionOf(placement);
      },
    },
  };
}

const noCaches = {
  why: 'its place has no Redis servers',
  hint: 'Deploy it to an environment in another place, or take a server of your own by a secret with its URL.',
};

const noBucketsAndQueues = {
  why: 'its place has no buckets and queues',
  hint: 'Deploy it to an environment in another place, or make one in your AWS account and give its name and its keys to the program as secrets of the environment.',
};

/** @throws Problem unavailable when it takes longer than a check may */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(
        new Problem('unavailable', `It did not answer within ${CHECK_MS / 1000} s.`, {
          hint: 'Try again in a minute.',
        }),
      ),
    CHECK_MS,
  );
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
