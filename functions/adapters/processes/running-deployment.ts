/** One deployment of a workload: its replicas, and whether its rollout has succeeded. */
import { type Problem, type ProblemDetail, toProblem } from '../../core/problem.ts';
import type { WorkloadSpec } from '../../ports/workloads.ts';
import { type Context, markerOf } from './context.ts';
import { discard, pruneParent } from './layout.ts';
import { listeningPorts } from './network/listening.ts';
import { crashed, notReady } from './programs/explain-exit.ts';
import { createReplica, type Replica } from './replica.ts';
import { shareImages } from './root/shared-image.ts';
import { maskOf } from './spec-mask.ts';

export interface Deployment {
  spec: WorkloadSpec;
  /** Of the spec, until it takes the place of another deployment that is the same in all but its number. */
  number: number;
  desired: number;
  /**
   * `rolling` from each start until all desired replicas have been ready at once, and have stayed so where another
   * deployment serves meanwhile, or it failed.
   */
  phase: 'rolling' | 'ready' | 'failed';
  failure: ProblemDetail | undefined;
  replicas: readonly Replica[];
  /** Lays out all replicas. @throws Problem image_unavailable | invalid_score */
  prepare(): Promise<void>;
  /** Starts or stops replicas until there are as many; a start begins a rollout. */
  scale(replicas: number): void;
  /** Kills what its processes left behind: a program that left its group, as by setsid, still carries the mark. */
  sweep(): Promise<void>;
  /** Stops all for good, and unless told otherwise deletes its directories. */
  remove(drain: boolean, keepFiles?: boolean): Promise<void>;
}

/** So many crashes of one replica end a rollout. */
const CRASHES = 3;

export interface DeploymentOptions {
  context: Context;
  spec: WorkloadSpec;
  /** A new directory for this deployment alone. */
  directory: string;
  onChange(): void;
  /** Whether an earlier deployment serves as long as this one is not ready. */
  replaces(): boolean;
  /** Whether another deployment with the same number runs, whose processes carry the same mark. */
  shared(): boolean;
}

/** A program that listens, but on a port of its own choice, is what most often goes wrong. */
async function explainSilence(replica: Replica): Promise<string> {
  const { reason } = replica;
  if (!reason.includes('$PORT')) return reason;
  const found = await listeningPorts(replica.containers.flatMap(({ pid }) => pid ?? []));
  return found.length > 0 ? `${reason}; it listens on ${found.join(' and ')} instead` : reason;
}

export function createDeployment({
  context,
  spec,
  directory,
  onChange,
  replaces,
  shared,
}: DeploymentOptions): Deployment {
  const mask = maskOf(spec, context.telemetry?.secrets(spec));
  const title = `Deployment ${spec.number} of ${spec.service}`;
  const replicas: Replica[] = [];
  const unpackShared = shareImages(context.unpackImage, `${directory}/images`);
  let deadline: NodeJS.Timeout | undefined;
  /** Runs while all replicas are ready and have to stay so. */
  let staying: NodeJS.Timeout | undefined;
  let removed: Promise<void> | undefined;
  let preparing: Promise<void> | undefined;

  const active = (): Replica[] => replicas.slice(0, deployment.desired);

  function settle(phase: 'ready' | 'failed', problem?: Problem): void {
    clearTimeout(deadline);
    clearTimeout(staying);
    staying = undefined;
    deployment.phase = phase;
    deployment.failure = problem && { ...problem.toDetail(), cause: mask(problem.message) };
    onChange();
  }

  function evaluate(): void {
    if (removed) return;
    const all = active();
    const broken = all.find((replica) => replica.crashes >= CRASHES || replica.hopeless);
    const isReady = all.every((replica) => replica.ready);
    if (!isReady) {
      clearTimeout(staying);
      staying = undefined;
    }
    if (deployment.phase !== 'ready' && isReady) becomeReady();
    else if (deployment.phase === 'rolling' && broken?.lastCrash) {
      settle('failed', crashed(title, broken.crashes, broken.lastCrash));
    } else onChange();
  }

  /** What serves is kept until the new one has shown that it stays. */
  function becomeReady(): void {
    if (spec.minReadySeconds === 0 || !replaces()) {
      settle('ready');
      return;
    }
    staying ??= setTimeout(() => settle('ready'), spec.minReadySeconds * 1000);
    onChange();
  }

  async function overdue(): Promise<void> {
    const late = active().find((replica) => !replica.ready);
    if (deployment.phase !== 'rolling') return;
    if (!late) {
      // All are ready and have to stay so for a moment: if they do not, time is up then.
      deadline = setTimeout(() => void overdue(), spec.minReadySeconds * 1000);
      return;
    }
    const reason = await explainSilence(late);
    if (removed || late.ready || deployment.phase !== 'rolling') return;
    const problem = late.lastCrash
      ? crashed(title, late.crashes, late.lastCrash)
      : notReady(title, spec.progressDeadlineSeconds, reason, late.tail);
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
      // One replica alone is there sooner without a copy to link to.
      unpackImage: spec.replicas > 1 || index > 0 ? unpackShared : context.unpackImage,
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
      const waiting = Array.from({ length: count }, (_, index) => replicaAt(index)).filter(
        (replica) => !replica.ready,
      );
      if (waiting.length === 0) return settle('ready');
      deployment.phase = 'rolling';
      clearTimeout(deadline);
      deadline = setTimeout(() => void overdue(), spec.progressDeadlineSeconds * 1000);
      for (const replica of waiting) {
        replica.resetCrashes();
        replica.start().catch((error: unknown) => {
          if (!removed) settle('failed', toProblem(error));
        });
      }
    },
    async sweep() {
      if (shared()) return;
      const { project, environment, service, number } = spec;
      await context.runs.sweep(
        `${markerOf(context, spec, number)}/`,
        (record) =>
          record.project === project &&
          record.environment === environment &&
          record.service === service &&
          record.number === number,
      );
    },
    remove(drain, keepFiles) {
      clearTimeout(deadline);
      clearTimeout(staying);
      removed ??= (async () => {
        // A preparation that goes on would write into what is being deleted.
        if (!keepFiles) await preparing?.catch(() => undefined);
        await Promise.all(replicas.map((replica) => replica.stop(drain)));
        if (keepFiles) return;
        await deployment.sweep();
        await discard(context.layout, directory);
        await pruneParent(directory);
      })();
      return removed;
    },
  };
  return deployment;
}
