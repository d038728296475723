/** A place for workloads that starts nothing: it keeps what was declared, and lets time pass until it is ready. */
import { instanceName } from '../../../functions/core/keys.ts';
import type { EnvironmentRef, InstanceRef } from '../../../functions/core/model/index.ts';
import { Problem, TransientError } from '../../../functions/core/problem.ts';
import { createMask } from '../../../functions/core/secrets/mask.ts';
import type { Logs } from '../../../functions/ports/logs.ts';
import type {
  CandidateRef,
  CommandRun,
  Rollout,
  Tracks,
  WorkloadSpec,
  Workloads,
} from '../../../functions/ports/workloads.ts';
import type { World } from '../world.ts';
import { type Program, reasonOf } from './programs.ts';

interface Declared {
  /** What receives traffic, unless it is scaled to none. */
  serving: WorkloadSpec | undefined;
  pending: { spec: WorkloadSpec; ready: boolean } | undefined;
  failed: { number: number; problem: Problem } | undefined;
  /** A version that is ready, and tried beside what receives traffic. */
  tried: { spec: WorkloadSpec; percent: number } | undefined;
  replicas: number;
  /** How many replicas of what receives traffic run: what was stopped does not come back for something newer. */
  running: number;
  /** How many replicas were killed: what comes up in their place has another name. */
  killed: number;
  /** Every number that was declared. */
  numbers: Set<number>;
  waiting: (() => void)[];
}

interface Placed {
  /** Of the environment that it was made for. */
  environmentId: string | undefined;
  instances: Map<string, Declared>;
  fences: Map<string, number>;
  volumes: Set<string>;
}

export interface SimulatedWorkloads extends Workloads {
  /** All that receive traffic now. */
  serving(): WorkloadSpec[];
  /** How many replicas run of what is declared. */
  replicas(instance: InstanceRef): number;
  /** By their names, as `project/environment`. */
  environments(): string[];
  /** The id of the environment for which each was made. */
  owners(): { name: string; id: string | undefined }[];
}

export interface WorkloadsAround {
  /** What an image does; undefined where there is no such image. */
  program(digest: string): Program | undefined;
  /** How long it takes until it is seen what becomes of it, milliseconds. */
  takes(program: Program): number;
  /** Why a program with these variables can not work; undefined where it can. */
  fault(spec: WorkloadSpec): string | undefined;
  /** Where programs print all that they were given. */
  logs: Pick<Logs, 'append'>;
  /** Its name, where it is not the installation's own. */
  place?: string;
}

/** As long as a Job of a cluster is kept after its end. */
const RELEASE_KEPT_MS = 3_600_000;

/** How long a request takes that is in flight when its replica is replaced, seconds. */
const REQUEST_SECONDS = 5;

/** Tells a place from that of another environment which has its name. */
const isFor = (place: Placed, { environmentId = place.environmentId }: EnvironmentRef): boolean =>
  place.environmentId === undefined || environmentId === place.environmentId;

const nameOf = ({ project, environment }: EnvironmentRef): string => `${project}/${environment}`;

const problem = (code: ConstructorParameters<typeof Problem>[0], cause: string): Problem =>
  new Problem(code, cause, { hint: 'Look at its log.' });

export function createSimulatedWorkloads(world: World, around: WorkloadsAround): SimulatedWorkloads {
  const places = new Map<string, Placed>();

  const placeOf = (ref: EnvironmentRef): Placed => {
    const place = places.get(nameOf(ref));
    if (place && isFor(place, ref)) return place;
    throw problem('environment_gone', `There is no place for ${nameOf(ref)}.`);
  };
  const find = (ref: InstanceRef): Declared | undefined =>
    places.get(nameOf(ref))?.instances.get(ref.service);

  function raiseFence({ fences }: Placed, service: string, fence: number): void {
    const newest = fences.get(service) ?? 0;
    if (fence < newest) throw problem('fenced', `A deployment as new as ${newest} was declared.`);
    fences.set(service, fence);
  }

  function notify(declared: Declared): void {
    for (const wake of declared.waiting.splice(0)) wake();
  }

  /** What a program was given is what it can tell; the place hides what is secret. */
  function print(spec: WorkloadSpec): void {
    const { containers, secrets = [] } = spec;
    const sensitive = containers.flatMap(({ variables }) =>
      variables.flatMap((variable) => (variable.sensitive ? [variable.value] : [])),
    );
    const mask = createMask([...sensitive, ...secrets]);
    const at = new Date(world.effects.now()).toISOString();
    const told = containers.flatMap(({ variables, files }) => [
      ...variables.map(({ name, value }) => `${name}=${value}`),
      ...files.map(({ target, content }) => `${target}: ${Buffer.from(content).toString()}`),
    ]);
    for (const message of told)
      around.logs.append(instanceName(spec), { at, message: mask(message), source: 'stdout' });
  }

  function begin(declared: Declared, spec: WorkloadSpec, program: Program): void {
    const pending = { spec, ready: false };
    declared.pending = pending;
    declared.failed = undefined;
    const isOver = (): boolean => declared.pending !== pending;
    const fail = (reason: Problem): void => {
      if (isOver()) return;
      declared.pending = undefined;
      declared.failed = { number: spec.number, problem: reason };
      tell(spec, reason.message);
      notify(declared);
    };
    const serve = (): void => {
      if (isOver()) return;
      declared.pending = undefined;
      if (spec.trial && declared.serving && declared.running > 0) {
        declared.tried = { spec, percent: 0 };
        notify(declared);
        return;
      }
      if (declared.serving && declared.running > 0 && declared.serving.drainSeconds < REQUEST_SECONDS)
        world.violate(`I11: requests to ${nameOf(spec)}/${spec.service} were cut off when it was replaced`);
      declared.serving = spec;
      declared.running = declared.replicas;
      tell(spec, 'serves');
      notify(declared);
    };
    const deadline = spec.progressDeadlineSeconds * 1000;
    setTimeout(() => {
      if (isOver()) return;
      print(spec);
      const reason = reasonOf(spec, program) ?? around.fault(spec);
      if (reason instanceof Problem && reason.code === 'workload_crashed') return fail(reason);
      if (typeof reason === 'string')
        return fail(problem('workload_not_ready', `It does not become ready: ${reason}.`));
      // What never becomes ready fails at the deadline.
      if (reason) return;
      pending.ready = true;
      setTimeout(serve, declared.running > 0 ? spec.minReadySeconds * 1000 : 0);
    }, around.takes(program));
    setTimeout(() => {
      if (!isOver() && !pending.ready)
        fail(reasonOf(spec, program) ?? problem('workload_not_ready', 'It took too long.'));
    }, deadline);
  }

  const tell = (spec: WorkloadSpec, what: string): void => {
    world.trace.push(`${world.effects.now()} ${nameOf(spec)}/${spec.service} #${spec.number} ${what}`);
  };

  function apply(spec: WorkloadSpec): void {
    const place = placeOf(spec);
    const main = spec.containers.find(({ before }) => !Object.values(before).includes('complete'));
    const program = around.program(main?.digest ?? '');
    if (!program) throw problem('image_unavailable', `There is no image ${main?.digest}.`);
    raiseFence(place, spec.service, spec.fence);
    const declared: Declared = place.instances.get(spec.service) ?? {
      serving: undefined,
      pending: undefined,
      failed: undefined,
      tried: undefined,
      replicas: 0,
      running: 0,
      killed: 0,
      numbers: new Set(),
      waiting: [],
    };
    place.instances.set(spec.service, declared);
    declared.numbers.add(spec.number);
    declared.replicas = spec.replicas;
    if (declared.serving?.number === spec.number) {
      declared.pending = undefined;
      declared.tried = undefined;
      // What does not run comes up as it is declared now.
      if (declared.running === 0) declared.serving = spec;
      declared.running = spec.replicas;
    } else if (declared.pending?.spec.number !== spec.number && declared.tried?.spec.number !== spec.number) {
      declared.tried = undefined;
      begin(declared, spec, program);
    }
    notify(declared);
  }

  function rolloutOf(ref: InstanceRef, number: number): Rollout {
    const declared = find(ref);
    const failure = (reason: Problem): Rollout => ({ state: 'failed', error: reason.toDetail() });
    if (declared?.pending?.spec.number === number) return { state: 'progressing' };
    if (declared?.tried?.spec.number === number) return { state: 'ready' };
    if (declared?.failed?.number === number) return failure(declared.failed.problem);
    if (declared?.serving?.number === number && !declared.pending) return { state: 'ready' };
    return failure(problem('superseded', 'Something else was declared, or it was removed.'));
  }

  async function awaitRollout(ref: InstanceRef, number: number, signal: AbortSignal): Promise<Rollout> {
    for (;;) {
      const rollout = rolloutOf(ref, number);
      if (rollout.state !== 'progressing' || signal.aborted) return rollout;
      await new Promise<void>((resolve) => {
        find(ref)?.waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** The release commands that were begun, by operation. A cluster keeps how one ended for a while, and tells who asks again. */
  const releases = new Map<string, Promise<void>>();

  async function runRelease(spec: WorkloadSpec, signal: AbortSignal) {
    placeOf(spec);
    let running = releases.get(spec.operation);
    if (!running) {
      if (find(spec)?.numbers.has(spec.number))
        world.violate(
          `The release command of ${nameOf(spec)}/${spec.service} #${spec.number} runs again after it`,
        );
      print(spec);
      const takes = 500 + world.random.below(world.pauses ? 200_000 : 10_000);
      running = new Promise((resolve) => setTimeout(resolve, takes));
      releases.set(spec.operation, running);
    }
    const isDone = await Promise.race([
      running.then(() => true),
      new Promise<false>((resolve) => {
        signal.addEventListener('abort', () => resolve(false), { once: true });
        if (signal.aborted) resolve(false);
      }),
    ]);
    if (!isDone && signal.reason instanceof TransientError) return undefined;
    if (world.pauses && isDone) setTimeout(() => releases.delete(spec.operation), RELEASE_KEPT_MS);
    else releases.delete(spec.operation);
    return { exitCode: isDone ? 0 : 143, tail: [] };
  }

  /** The commands that were begun, by operation; what has ended stays until somebody says so. */
  const commands = new Map<string, Promise<number>>();
  const ended = new Set<string>();

  async function runCommand(spec: WorkloadSpec, run: CommandRun, signal: AbortSignal) {
    placeOf(spec);
    const { operation } = spec;
    if (ended.has(operation)) world.violate(`I1: the command of run ${operation} is asked for after its end`);
    let running = commands.get(operation);
    if (!running) {
      print(spec);
      running = new Promise((resolve) => {
        const takes = 200 + world.random.below(run.timeoutSeconds * 1_200);
        setTimeout(() => resolve(world.random.below(4) === 0 ? 1 : 0), takes);
      });
      commands.set(operation, running);
    }
    const aborted = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const exitCode = await Promise.race([running, aborted]);
    return exitCode === undefined ? undefined : { exitCode };
  }

  function remove(ref: InstanceRef, fence: number): void {
    const place = places.get(nameOf(ref));
    if (!place || !isFor(place, ref)) return;
    raiseFence(place, ref.service, fence);
    const declared = place.instances.get(ref.service);
    place.instances.delete(ref.service);
    if (!declared) return;
    declared.pending = undefined;
    notify(declared);
  }

  function statusOf(ref: InstanceRef) {
    const declared = find(ref);
    if (!declared) return undefined;
    const { serving, pending, tried, replicas: desiredReplicas, running, killed } = declared;
    const replicasOf = (spec: WorkloadSpec, length: number, state: 'ready' | 'starting') =>
      Array.from({ length }, (_, at) => ({
        id: `${spec.number}-${at}-${killed}`,
        deployment: spec.number,
        state,
        restarts: 0,
      }));
    return {
      ...(serving && { serving: serving.number }),
      desiredReplicas,
      readyReplicas: running,
      replicas: [
        ...(serving ? replicasOf(serving, running, 'ready') : []),
        ...(pending ? replicasOf(pending.spec, desiredReplicas, pending.ready ? 'ready' : 'starting') : []),
        ...(tried ? replicasOf(tried.spec, tried.spec.replicas, 'ready') : []),
      ],
      ...(tried && {
        candidate: {
          deployment: tried.spec.number,
          percent: tried.percent,
          desiredReplicas: tried.spec.replicas,
          readyReplicas: tried.spec.replicas,
          restarts: 0,
        },
      }),
    };
  }

  const { place: at } = around;
  const io: World['io'] = (point, effect, repeatable, more) =>
    at === undefined
      ? world.io(point, effect, repeatable, more)
      : world.io(point.replace('workloads', at), effect, repeatable, { ...more, place: at });

  /** @throws Problem fenced | conflict */
  function candidateOf(ref: CandidateRef): { declared: Declared; tried: NonNullable<Declared['tried']> } {
    raiseFence(placeOf(ref), ref.service, ref.fence);
    const declared = find(ref);
    const tried = declared?.tried;
    if (declared && tried?.spec.number === ref.number) return { declared, tried };
    throw problem('conflict', `Deployment ${ref.number} is not what is tried.`);
  }
  function promote(ref: CandidateRef): void {
    if (find(ref)?.serving?.number === ref.number) return;
    const { declared, tried } = candidateOf(ref);
    declared.serving = tried.spec;
    declared.running = declared.replicas;
    declared.tried = undefined;
    tell(declared.serving, 'serves');
    notify(declared);
  }
  function setAside(ref: CandidateRef): void {
    raiseFence(placeOf(ref), ref.service, ref.fence);
    const declared = find(ref);
    if (declared?.tried?.spec.number !== ref.number) return;
    declared.tried = undefined;
    notify(declared);
  }
  const tracks: Tracks = {
    share: (ref, percent) =>
      io('workloads.share', () => void (candidateOf(ref).tried.percent = percent), true),
    promote: (ref) => io('workloads.promote', () => promote(ref), true),
    setAside: (ref) => io('workloads.setAside', () => setAside(ref), true),
    endStandby: async () => undefined,
    ask: async () => ({ status: 200 }),
  };
  return {
    tracks,
    ensureEnvironment: (ref) =>
      io(
        'workloads.ensureEnvironment',
        () => {
          const { environmentId } = ref;
          if (places.has(nameOf(ref))) placeOf(ref);
          else
            places.set(nameOf(ref), {
              environmentId,
              instances: new Map(),
              fences: new Map(),
              volumes: new Set(),
            });
        },
        true,
      ),
    removeEnvironment: (ref) =>
      io(
        'workloads.removeEnvironment',
        () => {
          const place = places.get(nameOf(ref));
          if (place && !isFor(place, ref)) return;
          const gone = [...(place?.instances.values() ?? [])];
          places.delete(nameOf(ref));
          for (const declared of gone) {
            declared.pending = undefined;
            notify(declared);
          }
        },
        true,
      ),
    inventory: (ref) =>
      io('workloads.inventory', () => {
        const place = places.get(nameOf(ref));
        if (!place) return [];
        return [
          `namespace ${nameOf(ref)}`,
          ...[...place.instances.keys()].map((service) => `deployment ${service}`),
          ...[...place.volumes].map((volume) => `volume ${volume}`),
        ];
      }),
    apply: (spec) => io('workloads.apply', () => apply(spec), true),
    awaitRollout: (ref, number, signal) =>
      io('workloads.awaitRollout', () => awaitRollout(ref, number, signal)),
    runRelease: (spec, _command, signal) => io('workloads.runRelease', () => runRelease(spec, signal)),
    runCommand: (spec, run, signal) => io('workloads.runCommand', () => runCommand(spec, run, signal)),
    endCommand: (_ref, operation) =>
      io(
        'workloads.endCommand',
        () => {
          releases.delete(operation);
          commands.delete(operation);
          ended.add(operation);
        },
        true,
      ),
    scale: (ref, replicas, fence) =>
      io(
        'workloads.scale',
        () => {
          if (places.has(nameOf(ref))) raiseFence(placeOf(ref), ref.service, fence);
          const declared = find(ref);
          if (!declared && replicas === 0) return;
          if (!declared) throw problem('not_found', 'Nothing was declared.');
          declared.replicas = replicas;
          declared.running = replicas;
          if (replicas === 0) declared.tried = undefined;
        },
        true,
      ),
    remove: (ref, fence) => io('workloads.remove', () => remove(ref, fence), true),
    status: (ref) => io('workloads.status', () => statusOf(ref)),
    kill: (ref, replica) =>
      io(
        'workloads.kill',
        () => {
          const declared = find(ref);
          if (declared && statusOf(ref)?.replicas.some(({ id }) => id === replica)) declared.killed += 1;
        },
        true,
      ),
    metrics: async () => [],
    check: () => io('workloads.check', () => 'complete' as const),
    url: async ({ project, environment, service }) => `http://${service}.${environment}.${project}.localhost`,
    host: async ({ project, environment }, label) => `${label}.${environment}.${project}.localhost`,
    endpoint: async ({ service }, { port }) => ({ hostname: service, port }),
    ensureVolume: (ref, name) =>
      io('workloads.ensureVolume', () => {
        placeOf(ref).volumes.add(name);
        return name;
      }),
    removeVolume: (ref, name) =>
      io('workloads.removeVolume', () => void places.get(nameOf(ref))?.volumes.delete(name)),
    close: async () => undefined,
    serving: () =>
      [...places.values()].flatMap(({ instances }) =>
        [...instances.values()].flatMap(({ serving, running }) => (serving && running > 0 ? [serving] : [])),
      ),
    replicas: (ref) => find(ref)?.running ?? 0,
    environments: () => [...places.keys()],
    owners: () => [...places].map(([name, { environmentId: id }]) => ({ name, id })),
  };
}
