/** One deployment of a workload: its replicas, and whether its rollout has succeeded. */
import { type Problem, type ProblemDetail, toProblem } from '../../../core/problem.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import { type Context, markerOf } from './context.ts';
import { crashed, notReady } from './explain.ts';
import { discard, pruneParent } from './layout.ts';
import { createMask } from './mask.ts';
import { createReplica, type Replica } from './replica.ts';

export interface Deployment {
  spec: WorkloadSpec;
  number: number;
  desired: number;
  /** `rolling` from each start until all desired replicas have been ready at once, or it failed. */
  phase: 'rolling' | 'ready' | 'failed';
  failure: ProblemDetail | undefined;
  replicas: readonly Replica[];
  /** Lays out all replicas. @throws Problem image_unavailable | invalid_score */
  prepare(): Promise<void>;
  /** Starts or stops replicas until there are as many; a start begins a rollout. */
  scale(replicas: number): void;
  /** Stops all and deletes its directories. */
  remove(drain: boolean): Promise<void>;
}

/** As many crashes of one replica end a rollout. */
const CRASHES = 3;

export interface DeploymentOptions {
  context: Context;
  spec: WorkloadSpec;
  /** Its own, new. */
  directory: string;
  onChange(): void;
  /** Whether another deployment with the same number runs, whose processes carry the same mark. */
  shared(): boolean;
}

export function createDeployment({ context, spec, directory, onChange, shared }: DeploymentOptions): Deployment {
  const mask = createMask(spec.containers);
  const title = `Deployment ${spec.number} of ${spec.service}`;
  const replicas: Replica[] = [];
  let deadline: NodeJS.Timeout | undefined;
  let removed: Promise<void> | undefined;
  let preparing: Promise<void> | undefined;

  const active = (): Replica[] => replicas.slice(0, deployment.desired);

  function settle(phase: 'ready' | 'failed', problem?: Problem): void {
    clearTimeout(deadline);
    deployment.phase = phase;
    deployment.failure = problem && { ...problem.toDetail(), cause: mask(problem.message) };
    onChange();
  }

  function evaluate(): void {
    if (removed) return;
    const all = active();
    if (all.every((replica) => replica.ready)) {
      if (deployment.phase !== 'ready') return settle('ready');
    } else if (deployment.phase === 'rolling') {
      const broken = all.find((replica) => replica.crashes >= CRASHES || replica.hopeless);
      if (broken?.lastCrash) {
        return settle('failed', crashed(title, broken.crashes, broken.lastCrash));
      }
    }
    onChange();
  }

  function overdue(): void {
    const late = active().find((replica) => !replica.ready);
    if (!late || deployment.phase !== 'rolling') return;
    const problem = late.lastCrash
      ? crashed(title, late.crashes, late.lastCrash)
      : notReady(title, spec.progressDeadlineSeconds, late.reason, late.tail);
    settle('failed', problem);
  }

  function replicaAt(index: number): Replica {
    const present = replicas[index];
    if (present) return present;
    const replica = createReplica({
      context,
      spec,
      index,
      directory: `${directory}/${index}`,
      mask,
      onChange: evaluate,
    });
    replicas[index] = replica;
    return replica;
  }

  const deployment: Deployment = {
    spec,
    number: spec.number,
    desired: spec.replicas,
    phase: 'rolling',
    failure: undefined,
    replicas,
    prepare() {
      preparing ??= (async () => {
        for (let index = 0; index < spec.replicas; index++) await replicaAt(index).prepare();
      })();
      return preparing;
    },
    scale(count) {
      if (removed) return;
      deployment.desired = count;
      for (const replica of replicas.slice(count)) void replica.stop(true).then(onChange);
      const waiting = Array.from({ length: count }, (_, index) => replicaAt(index)).filter((replica) => !replica.ready);
      if (waiting.length === 0) return settle('ready');
      deployment.phase = 'rolling';
      clearTimeout(deadline);
      deadline = setTimeout(overdue, spec.progressDeadlineSeconds * 1000);
      for (const replica of waiting) {
        replica.resetCrashes();
        replica.start().catch((error: unknown) => {
          if (!removed) settle('failed', toProblem(error));
        });
      }
    },
    remove(drain) {
      clearTimeout(deadline);
      removed ??= (async () => {
        // Or it would go on to write where we delete.
        await preparing?.catch(() => undefined);
        await Promise.all(replicas.map((replica) => replica.stop(drain)));
        // What has left its group, by setsid for one, is still marked.
        if (!shared()) {
          await context.runs.sweep(
            `${markerOf(context, spec, spec.number)}/`,
            (record) =>
              record.project === spec.project &&
              record.environment === spec.environment &&
              record.service === spec.service &&
              record.number === spec.number,
          );
        }
        await discard(context.layout, directory);
        await pruneParent(directory);
      })();
      return removed;
    },
  };
  return deployment;
}
