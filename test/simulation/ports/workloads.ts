/** A place for workloads that starts nothing: it keeps what was declared, and lets time pass until it is ready. */
import type { EnvironmentRef, InstanceRef } from '../../../functions/core/model/index.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { Rollout, WorkloadSpec, Workloads } from '../../../functions/ports/workloads.ts';
import type { World } from '../world.ts';

/** What becomes of a program of this image. */
export type Behaviour = 'good' | 'crashing' | 'slow';

interface Declared {
  /** What receives traffic. */
  serving: WorkloadSpec | undefined;
  pending: WorkloadSpec | undefined;
  failed: number | undefined;
  replicas: number;
  waiting: (() => void)[];
}

interface Placed {
  instances: Map<string, Declared>;
  fences: Map<string, number>;
  volumes: Set<string>;
}

export interface SimulatedWorkloads extends Workloads {
  /** All that receive traffic now. */
  serving(): WorkloadSpec[];
  environments(): string[];
}

export interface WorkloadsAround {
  behaviour(digest: string): Behaviour;
  /** Why a program with these variables can not work; undefined where it can. */
  fault(spec: WorkloadSpec): string | undefined;
}

const nameOf = ({ project, environment }: EnvironmentRef): string => `${project}/${environment}`;

const failure = (cause: string): Problem =>
  new Problem('workload_not_ready', cause, { hint: 'Look at its log.' });

export function createSimulatedWorkloads(world: World, around: WorkloadsAround): SimulatedWorkloads {
  const places = new Map<string, Placed>();

  const placeOf = (ref: EnvironmentRef): Placed => {
    const place = places.get(nameOf(ref));
    if (place) return place;
    throw new Problem('environment_gone', `There is no place for ${nameOf(ref)}.`, {
      hint: 'Make it first.',
    });
  };
  const find = (ref: InstanceRef): Declared | undefined =>
    places.get(nameOf(ref))?.instances.get(ref.service);

  function notify(declared: Declared): void {
    for (const wake of declared.waiting.splice(0)) wake();
  }

  function begin(declared: Declared, spec: WorkloadSpec): void {
    declared.pending = spec;
    declared.failed = undefined;
    const behaviour = around.behaviour(spec.containers[0]?.digest ?? '');
    const takes =
      behaviour === 'slow' ? 60_000 + world.random.below(120_000) : 500 + world.random.below(15_000);
    setTimeout(() => {
      if (declared.pending !== spec) return;
      declared.pending = undefined;
      const fault = behaviour === 'crashing' ? 'it exits' : around.fault(spec);
      if (fault === undefined) declared.serving = spec;
      else declared.failed = spec.number;
      world.trace.push(
        `${world.effects.now()} ${spec.environment}/${spec.service} #${spec.number} ${fault ?? 'serves'}`,
      );
      notify(declared);
    }, takes);
  }

  function apply(spec: WorkloadSpec): void {
    const place = placeOf(spec);
    const fence = place.fences.get(spec.service) ?? 0;
    if (spec.fence < fence) {
      throw new Problem('fenced', `A deployment as new as ${fence} was declared.`, {
        hint: 'Nothing is to be done.',
      });
    }
    place.fences.set(spec.service, spec.fence);
    const declared = place.instances.get(spec.service) ?? {
      serving: undefined,
      pending: undefined,
      failed: undefined,
      replicas: 0,
      waiting: [],
    };
    place.instances.set(spec.service, declared);
    declared.replicas = spec.replicas;
    if (declared.serving?.number === spec.number) declared.pending = undefined;
    else if (declared.pending?.number !== spec.number) begin(declared, spec);
    notify(declared);
  }

  function rolloutOf(ref: InstanceRef, number: number): Rollout {
    const declared = find(ref);
    if (!declared) return { state: 'failed', error: failure('It was removed.').toDetail() };
    if (declared.serving?.number === number && !declared.pending) return { state: 'ready' };
    if (declared.failed === number)
      return { state: 'failed', error: failure('It does not become ready.').toDetail() };
    if (declared.pending?.number === number) return { state: 'progressing' };
    return { state: 'failed', error: failure('Something else was declared.').toDetail() };
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

  return {
    ensureEnvironment: (ref) =>
      world.io(
        'workloads.ensureEnvironment',
        () => {
          if (!places.has(nameOf(ref)))
            places.set(nameOf(ref), { instances: new Map(), fences: new Map(), volumes: new Set() });
        },
        true,
      ),
    removeEnvironment: (ref) =>
      world.io(
        'workloads.removeEnvironment',
        () => {
          for (const declared of places.get(nameOf(ref))?.instances.values() ?? []) notify(declared);
          places.delete(nameOf(ref));
        },
        true,
      ),
    inventory: (ref) =>
      world.io('workloads.inventory', () => (places.has(nameOf(ref)) ? [`namespace ${nameOf(ref)}`] : [])),
    apply: (spec) => world.io('workloads.apply', () => apply(spec), true),
    awaitRollout: (ref, number, signal) =>
      world.io('workloads.awaitRollout', () => awaitRollout(ref, number, signal)),
    runRelease: () => world.io('workloads.runRelease', () => ({ exitCode: 0, tail: [] })),
    scale: (ref, replicas) =>
      world.io(
        'workloads.scale',
        () => {
          const declared = find(ref);
          if (!declared) throw new Problem('not_found', 'Nothing was declared.', { hint: 'Deploy it.' });
          declared.replicas = replicas;
        },
        true,
      ),
    remove: (ref) =>
      world.io(
        'workloads.remove',
        () => {
          const declared = find(ref);
          places.get(nameOf(ref))?.instances.delete(ref.service);
          if (declared) notify(declared);
        },
        true,
      ),
    status: (ref) =>
      world.io('workloads.status', () => {
        const declared = find(ref);
        if (!declared) return undefined;
        const up = declared.serving && declared.replicas > 0;
        return {
          ...(up && declared.serving && { serving: declared.serving.number }),
          desiredReplicas: declared.replicas,
          readyReplicas: up ? declared.replicas : 0,
          replicas: [],
        };
      }),
    kill: () => world.io('workloads.kill', () => undefined, true),
    metrics: async () => [],
    url: ({ project, environment, service }) => `http://${service}.${environment}.${project}.localhost`,
    host: ({ project, environment }, label) => `${label}.${environment}.${project}.localhost`,
    endpoint: async ({ service }, { port }) => ({ hostname: service, port }),
    ensureVolume: (ref, name) =>
      world.io('workloads.ensureVolume', () => {
        placeOf(ref).volumes.add(name);
        return name;
      }),
    removeVolume: (ref, name) =>
      world.io('workloads.removeVolume', () => void places.get(nameOf(ref))?.volumes.delete(name)),
    close: async () => undefined,
    serving: () =>
      [...places.values()].flatMap(({ instances }) =>
        [...instances.values()].flatMap(({ serving, replicas }) =>
          serving && replicas > 0 ? [serving] : [],
        ),
      ),
    environments: () => [...places.keys()],
  };
}
