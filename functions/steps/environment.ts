/** Steps of the workflows `provision-environment`, `hibernate` and `wake`. */
import { instancesOf } from '../commands/instances.ts';
import { getDeployment, getEnvironment } from '../commands/records.ts';
import type { Environment, EnvironmentRef, Instance, Operation } from '../core/model.ts';
import { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import { type Ending, endingOf, endOperation, environmentWrites, errorOf, untilOverdue } from './end.ts';
import { workloadSpec } from './spec.ts';
import { type Step, type StepContext, StillProgressing } from './step.ts';

export function environmentOf(operation: Operation): EnvironmentRef {
  if (!operation.environment) throw new Error(`Operation ${operation.id} names no environment`);
  return { project: operation.project, environment: operation.environment };
}

/** Ends the operation and puts the environment into a state, with the event of that. */
async function endIn(
  context: Pick<StepContext, 'ports' | 'operation'>,
  ending: Ending,
  event: string,
  change: (environment: Environment) => Environment,
): Promise<void> {
  const { ports, operation } = context;
  await endOperation(ports, operation.id, {
    ending,
    event: {
      type: event,
      ...('error' in ending && { data: { code: ending.error.code, cause: ending.error.cause } }),
    },
    writes: () => environmentWrites(ports, operation, change),
  });
}

const now = (ports: Ports): string => new Date(ports.effects.now()).toISOString();

export const provisionEnvironment: Step = {
  role: 'work',
  async run({ ports, operation }) {
    await ports.workloads.ensureEnvironment(environmentOf(operation), { operation: operation.id });
  },
};

export const finishProvisioning: Step = {
  role: 'finish',
  async run(context) {
    await endIn(context, { status: 'succeeded' }, 'environment.ready', toReady(now(context.ports)));
  },
};

export const recoverProvisioning: Step = {
  role: 'recover',
  async run(context) {
    await endIn(context, endingOf(errorOf(context)), 'environment.failed', (environment) => ({
      ...environment,
      state: 'failed',
    }));
  },
};

/** Scales every workload to nothing, unless an idle environment was used after that was decided (I8). */
export const stopWorkloads: Step = {
  role: 'work',
  async run({ ports, operation }) {
    const ref = environmentOf(operation);
    if (operation.input.reason === 'idle') {
      const [last] = await ports.activity.lastRequests([ref]);
      if (typeof last === 'number' && last > Date.parse(operation.createdAt)) {
        throw new Problem('conflict', 'A request came while it was going to hibernate, so it stays awake.', {
          hint: 'Nothing to do: it hibernates when it has been idle long enough.',
        });
      }
    }
    for (const instance of await instancesOf(ports.store, ref)) await ports.workloads.scale(instance, 0);
  },
};

export const finishHibernation: Step = {
  role: 'finish',
  async run(context) {
    await endIn(context, { status: 'succeeded' }, 'environment.hibernated', (environment) => ({
      ...environment,
      state: 'hibernated',
    }));
  },
};

export const recoverHibernation: Step = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    await untilOverdue(ports, operation, () => startAll(ports, environmentOf(operation)));
    await endIn(context, endingOf(errorOf(context)), 'environment.ready', toReady(now(context.ports)));
  },
};

/** Declares the current deployment of every service; resolves to those that run. */
export async function startAll(ports: Ports, ref: EnvironmentRef): Promise<Instance[]> {
  const running = (await instancesOf(ports.store, ref)).filter((instance) => instance.current !== undefined);
  await ports.workloads.ensureEnvironment(ref, {
    operation: (await getEnvironment(ports.store, ref)).data.id,
  });
  for (const instance of running) {
    const { data } = await getDeployment(ports.store, instance, instance.current!);
    const spec = await workloadSpec(ports, data, instance.newest);
    await ports.workloads.apply(spec);
    await ports.workloads.scale(instance, spec.replicas);
  }
  return running;
}

export const startWorkloads: Step = {
  role: 'work',
  async run({ ports, operation, signal }) {
    const running = await startAll(ports, environmentOf(operation));
    const rollouts = await Promise.all(
      running.map((instance) => ports.workloads.awaitRollout(instance, instance.current!, signal)),
    );
    if (rollouts.some((rollout) => rollout.state === 'progressing')) throw new StillProgressing();
    const failed = running.filter((_, index) => rollouts[index]!.state === 'failed');
    if (failed.length === 0) return;
    const first = rollouts.find((rollout) => rollout.state === 'failed');
    const cause = first?.state === 'failed' ? ` ${first.error.cause}` : '';
    throw new Problem(
      'workload_not_ready',
      `Not all came back: ${failed.map(({ service }) => service).join(', ')}.${cause}`,
      {
        hint: "Read that service's log, then deploy it again or roll it back; the others serve.",
      },
    );
  },
};

const toReady =
  (at: string) =>
  (environment: Environment): Environment => ({
    ...environment,
    state: 'ready',
    lastActivityAt: at,
  });

export const finishWaking: Step = {
  role: 'finish',
  async run(context) {
    await endIn(context, { status: 'succeeded' }, 'environment.ready', toReady(now(context.ports)));
  },
};

/** One service that does not come back keeps no other asleep: the environment is awake, the operation failed. */
export const recoverWaking: Step = {
  role: 'recover',
  async run(context) {
    await endIn(context, endingOf(errorOf(context)), 'environment.ready', toReady(now(context.ports)));
  },
};
