/** A service in an environment: which deployment serves, which one is being rolled out, and the fence. */
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem, type ProblemDetail } from '../../core/problem.ts';
import type { CandidateStatus, Rollout, WorkloadSpec, WorkloadStatus } from '../../ports/workloads.ts';
import { createChangeSignal } from '../system/change-signal.ts';
import type { Context } from './context.ts';
import { createDeployment, type Deployment } from './running-deployment.ts';
import { createStandby } from './standby.ts';

export interface Instance {
  ref: InstanceRef;
  serving: Deployment | undefined;
  candidate: Deployment | undefined;
  /** So many of a hundred requests go to a candidate that is tried. */
  percent: number;
  /** Why nothing serves, after a first deployment failed. */
  failure: ProblemDetail | undefined;
  /** All that have processes or directories, also those that are being removed. */
  deployments: ReadonlySet<Deployment>;
  /** @throws Problem fenced | image_unavailable | invalid_score */
  apply(spec: WorkloadSpec): Promise<void>;
  awaitRollout(number: number, signal: AbortSignal): Promise<Rollout>;
  scale(replicas: number): Promise<void>;
  /** As of `Tracks` in the port, behind the fence. @throws Problem conflict */
  share(number: number, percent: number): void;
  promote(number: number): void;
  setAside(number: number): void;
  endStandby(dueBy?: number): void;
  /** A replica of a deployment that is ready, and the port of it that requests go to. */
  replicaOf(number: number): { hostname: string; port: number } | undefined;
  remove(drain: boolean): Promise<void>;
  /** Stops everything because Berth stops, which is no outcome of a rollout. */
  close(): Promise<void>;
  status(): WorkloadStatus | undefined;
  /** Ends a replica as a crash does. @param replica the id that its status shows */
  kill(replica: string): void;
  /** The spec that says which ports and routes there are. */
  spec(): WorkloadSpec | undefined;
}

export interface InstanceOptions {
  context: Context;
  ref: InstanceRef;
  onChange(): void;
}

/** Outcomes kept for those who ask again. */
const OUTCOMES = 50;
/** Differs between two tries to run one deployment, which must not share a directory. */
let attempts = 0;

export const superseded = (number: number, why: string): ProblemDetail => ({
  code: 'superseded',
  cause: `Deployment ${number} was stopped before it was ready: ${why}.`,
  hint: 'Deploy again if you still want it.',
});

export function createInstance({ context, ref, onChange }: InstanceOptions): Instance {
  const changes = createChangeSignal();
  const outcomes = new Map<number, ProblemDetail>();
  const deployments = new Set<Deployment>();
  /** Grows with everything that supersedes an apply which is still laying out its image. */
  let epoch = 0;
  let halted = false;
  const standby = createStandby(context.effects.now, (deployment, drain) => void retire(deployment, drain));

  function changed(): void {
    changes.notify();
    onChange();
  }

  function conclude(number: number, error: ProblemDetail): void {
    outcomes.delete(number);
    outcomes.set(number, error);
    for (const oldest of [...outcomes.keys()].slice(0, -OUTCOMES)) outcomes.delete(oldest);
  }

  function say(message: string, deployment: number): void {
    context.log(ref, { message, source: 'berth', deployment });
  }

  async function retire(deployment: Deployment, drain: boolean): Promise<void> {
    await deployment.remove(drain).catch((error: Error) => {
      say(
        `What deployment ${deployment.number} left could not be removed: ${error.message}.`,
        deployment.number,
      );
    });
    deployments.delete(deployment);
    changed();
  }

  function dropCandidate(why: string): void {
    const { candidate } = instance;
    if (!candidate) return;
    // Requests may be under way to what is tried.
    const drain = instance.percent > 0;
    clearCandidate();
    conclude(candidate.number, superseded(candidate.number, why));
    void retire(candidate, drain);
  }

  function clearCandidate(): void {
    instance.candidate = undefined;
    instance.percent = 0;
  }

  function serve(deployment: Deployment, what: string, { warmSeconds = 0 } = deployment.spec): void {
    const old = instance.serving;
    instance.serving = deployment;
    if (deployment === instance.candidate) clearCandidate();
    instance.failure = undefined;
    outcomes.delete(deployment.number);
    say(`Deployment ${deployment.number} ${what}.`, deployment.number);
    // What does not run well is no good to go back to.
    const isGood = old?.phase === 'ready' && old.desired > 0;
    if (old) standby.keep(old, 'warm', isGood ? warmSeconds : 0, true);
  }

  /** What is tried stays a candidate where something serves. */
  const isTried = ({ spec }: Deployment): boolean =>
    spec.trial === true && (instance.serving?.desired ?? 0) > 0;

  function advance(deployment: Deployment): void {
    if (deployment === instance.candidate && deployment.phase === 'ready') {
      if (!isTried(deployment)) serve(deployment, 'is ready and serves');
    } else if (deployment === instance.candidate && deployment.failure) {
      clearCandidate();
      conclude(deployment.number, deployment.failure);
      if (!instance.serving) instance.failure = deployment.failure;
      say(deployment.failure.cause.split('\n')[0] ?? '', deployment.number);
      standby.keep(deployment, 'failed', deployment.spec.keepFailedSeconds ?? 0, false);
    }
    changed();
  }

  /** @throws Problem conflict */
  function candidateOf(number: number): Deployment {
    const { candidate } = instance;
    if (candidate?.number === number && candidate.phase === 'ready') return candidate;
    throw new Problem('conflict', `Deployment ${number} of ${ref.service} is not what is tried here.`, {
      hint: 'Look at the newest deployment of the service.',
    });
  }

  function candidateStatus(): CandidateStatus | undefined {
    const { candidate } = instance;
    if (!candidate?.spec.trial) return undefined;
    const late = candidate.replicas.find((replica) => !replica.ready);
    const restarts = candidate.replicas.reduce((sum, replica) => sum + replica.status().restarts, 0);
    return {
      deployment: candidate.number,
      percent: instance.percent,
      desiredReplicas: candidate.desired,
      readyReplicas: candidate.replicas.filter((replica) => replica.ready).length,
      restarts,
      ...(late && { reason: late.reason }),
    };
  }

  function make(spec: WorkloadSpec): Deployment {
    const base = context.layout.deployment(ref, spec.number);
    const deployment: Deployment = createDeployment({
      context,
      spec,
      directory: `${base}/${attempts++}`,
      onChange: () => advance(deployment),
      replaces: () => (instance.serving?.desired ?? 0) > 0,
      shared: () => [...deployments].some((other) => other !== deployment && other.number === spec.number),
    });
    deployments.add(deployment);
    return deployment;
  }

  function look(number: number): Rollout | undefined {
    const { serving, candidate } = instance;
    if (candidate?.number === number)
      return candidate.phase === 'ready' && isTried(candidate) ? { state: 'ready' } : undefined;
    if (serving?.number === number) {
      if (serving.phase === 'ready' || serving.desired === 0) return { state: 'ready' };
      return serving.failure && { state: 'failed', error: serving.failure };
    }
    const known = outcomes.get(number);
    if (known) return { state: 'failed', error: known };
    return { state: 'failed', error: superseded(number, 'it is not what runs here') };
  }

  const instance: Instance = {
    ref,
    serving: undefined,
    candidate: undefined,
    percent: 0,
    failure: undefined,
    deployments,
    async apply(spec) {
      const mine = ++epoch;
      const { serving, candidate } = instance;
      if (serving?.number === spec.number) {
        dropCandidate(`deployment ${spec.number} was put back`);
        if (serving.desired !== spec.replicas || serving.phase === 'failed') serving.scale(spec.replicas);
        return changed();
      }
      if (candidate?.number === spec.number) return;
      const again = spec.reuse && standby.take(spec);
      if (again) {
        dropCandidate(`deployment ${spec.number} has taken its place`);
        again.number = spec.number;
        serve(again, 'serves: it was still warm', spec);
        return changed();
      }
      standby.end();
      const deployment = make(spec);
      try {
        await deployment.prepare();
        if (mine !== epoch) {
          throw new Problem(
            'fenced',
            `Deployment ${spec.number} was not started: something newer came meanwhile.`,
            {
              hint: 'Look at the newest deployment of the service.',
            },
          );
        }
      } catch (error) {
        await retire(deployment, false);
        throw error;
      }
      dropCandidate(`deployment ${spec.number} has taken its place`);
      outcomes.delete(spec.number);
      instance.candidate = deployment;
      say(
        `Deployment ${spec.number} starts with ${spec.replicas} ${spec.replicas === 1 ? 'replica' : 'replicas'}.`,
        spec.number,
      );
      deployment.scale(spec.replicas);
    },
    async awaitRollout(number, signal) {
      while (!signal.aborted && !halted) {
        const found = look(number);
        if (found) return found;
        await changes.next(signal);
      }
      return (halted ? undefined : look(number)) ?? { state: 'progressing' };
    },
    async scale(replicas) {
      if (replicas === 0) {
        dropCandidate('the workload was scaled to 0');
        standby.end();
      }
      const deployment = instance.serving ?? instance.candidate;
      if (!deployment) {
        if (replicas === 0) return;
        throw new Problem('not_found', `${ref.service} can not be scaled: nothing of it is deployed here.`, {
          hint: 'Deploy it first.',
        });
      }
      deployment.scale(replicas);
      if (replicas === 0) {
        await Promise.all(deployment.replicas.map((replica) => replica.stop(true)));
        // Someone may have woken it meanwhile.
        if (deployment.desired === 0) await deployment.sweep();
      }
      changed();
    },
    share(number, percent) {
      candidateOf(number);
      if (instance.percent === percent) return;
      instance.percent = percent;
      say(`Deployment ${number} has ${percent} % of the requests.`, number);
      changed();
    },
    promote(number) {
      if (instance.serving?.number === number) return;
      serve(candidateOf(number), 'serves');
      changed();
    },
    setAside(number) {
      const { candidate, percent } = instance;
      if (candidate?.number !== number) return;
      clearCandidate();
      conclude(number, superseded(number, 'it was set aside'));
      standby.keep(candidate, 'failed', candidate.spec.keepFailedSeconds ?? 0, percent > 0);
      changed();
    },
    endStandby: standby.end,
    replicaOf(number) {
      const found = [...deployments].find((deployment) => deployment.number === number);
      const port = found?.spec.ports[0];
      const replica = found?.replicas.find(({ ready }) => ready);
      return port && replica?.address(port.targetPort);
    },
    async remove(drain) {
      epoch++;
      dropCandidate('the workload was removed');
      standby.end();
      const { serving } = instance;
      instance.serving = undefined;
      instance.failure = undefined;
      changed();
      if (serving) void retire(serving, drain);
      await Promise.all([...deployments].map((deployment) => deployment.remove(drain)));
    },
    async close() {
      epoch++;
      halted = true;
      changes.notify();
      await Promise.all([...deployments].map((deployment) => deployment.remove(false, true)));
    },
    status() {
      const shown = instance.serving ?? instance.candidate;
      if (!shown) return undefined;
      const candidate = candidateStatus();
      const kept = standby.status();
      return {
        ...(instance.serving && { serving: instance.serving.number }),
        desiredReplicas: shown.desired,
        readyReplicas: shown.replicas.filter((replica) => replica.ready).length,
        replicas: [...deployments].flatMap((deployment) =>
          deployment.replicas
            .map((replica) => ({ ...replica.status(), deployment: deployment.number }))
            .filter(({ state }) => state !== 'stopped'),
        ),
        ...(candidate && { candidate }),
        ...(kept && { standby: kept }),
      };
    },
    kill(id) {
      for (const { replicas } of deployments)
        for (const replica of replicas)
          if (replica.status().id === id)
            for (const container of replica.containers) container.kill('on purpose: a game day is held');
    },
    spec: () => (instance.serving ?? instance.candidate)?.spec,
  };
  return instance;
}
