/** Code that the workflows which change an environment's state share. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment, EnvironmentRef, Instance, OperationOn } from '../core/model/index.ts';
import { Problem, type ProblemDetail } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import { instancesOf } from '../records/instances.ts';
import { getEnvironment } from '../records/read.ts';
import { getDeploymentDetail } from '../records/workloads.ts';
import { workloadSpec } from '../resources/score/workload-spec.ts';
import {
  type Ending,
  endingOf,
  endOperation,
  environmentWrites,
  errorOf,
  untilOverdue,
} from './end-operation.ts';
import { changeSleep } from './resource-sleep.ts';
import { type StepContext, StillProgressing } from './step.ts';

/** The environment in which an operation is carried out, without its other fields. */
export const environmentOf = ({
  project,
  environment,
  environmentId,
  placement,
}: EnvironmentRef): EnvironmentRef => ({
  project,
  environment,
  ...(environmentId !== undefined && { environmentId }),
  ...(placement !== undefined && { placement }),
});

/** How long to wait before an environment that wakes up is looked at again, milliseconds. */
const LOOK_MS = 300;

/** @throws StillProgressing when the signal aborts first */
export async function untilAwake(ports: Ports, ref: EnvironmentRef, signal: AbortSignal): Promise<void> {
  while ((await getEnvironment(ports.store, ref)).data.state === 'waking') {
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new StillProgressing();
  }
}

/** Ends the operation and puts the environment into a state, with the event of the change. */
export async function endIn(
  context: Pick<StepContext<OperationOn<'environment'>>, 'ports' | 'operation'>,
  ending: Ending,
  event: 'environment.ready' | 'environment.failed' | 'environment.hibernated',
  change: (environment: Environment) => Environment,
): Promise<void> {
  const { ports, operation } = context;
  await endOperation(ports, operation, {
    ending,
    event: {
      type: event,
      ...('error' in ending && { data: { code: ending.error.code, cause: ending.error.cause } }),
    },
    writes: () => environmentWrites(ports, operation, change),
  });
}

/** The current time in the form that records hold. */
export const timeNow = (ports: Ports): string => new Date(ports.effects.now()).toISOString();

export interface Started {
  instance: Instance;
  /** Why it was not declared, where its own deployment is to blame: another try changes nothing. */
  refused?: Problem;
}

/**
 * The services of an environment that have a deployment which serves, or served before it went to sleep, and that
 * nobody has stopped.
 */
export const startable = (environment: Environment): Instance[] =>
  instancesOf(environment).filter(({ current, state }) => current !== undefined && state === undefined);

/**
 * Declares the current deployment of a service. Where something newer has taken over, that is left to it.
 * @returns the service with the processes of that deployment
 * @throws Problem as `apply` of the Workloads port does, but for `fenced`
 */
export async function startInstance(ports: Ports, instance: Instance): Promise<Instance> {
  const { data } = await getDeploymentDetail(ports.store, instance, instance.current ?? instance.newest);
  // Those of a deployment that is on its way are not there yet.
  const { processes: _, ...web } = instance;
  const started = data.processes ? { ...web, processes: data.processes } : web;
  const spec = await workloadSpec(ports, data, instance.newest);
  try {
    await ports.workloads.apply(spec);
    await ports.workloads.scale(instance, spec.replicas, instance.newest);
    for (const [name, { replicas }] of Object.entries(spec.processes ?? {}))
      if (replicas > 0) await ports.workloads.scale(instance, replicas, instance.newest, name);
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'fenced')) throw error;
  }
  return started;
}

/**
 * Declares the current deployment of every service; one that can not be declared keeps no other from it.
 * @throws what is worth another try, when all have been tried
 */
export async function startAll(ports: Ports, ref: EnvironmentRef): Promise<Started[]> {
  const { data: environment } = await getEnvironment(ports.store, ref);
  await ports.workloads.ensureEnvironment(
    { ...ref, environmentId: environment.id },
    { operation: environment.id },
  );
  const started: Started[] = [];
  const failures = await changeSleep(ports, ref, environment.id, 'wake');
  for (const instance of startable(environment)) {
    try {
      started.push({ instance: await startInstance(ports, instance) });
    } catch (error) {
      if (error instanceof Problem && error.status < 500) started.push({ instance, refused: error });
      else failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return started;
}

/**
 * Ends an operation that failed with the environment awake. Where its services can not be declared until the bound is
 * over, it sleeps instead: from there the next request wakes it, while nothing starts what is called ready.
 */
export async function recoverAwake(context: StepContext<OperationOn<'environment'>>): Promise<void> {
  const { ports, operation } = context;
  const ending = endingOf(errorOf(context));
  // What came after the operation decides what runs.
  const isAwake =
    ending.status === 'superseded' ||
    (await untilOverdue(ports, operation, () => startAll(ports, environmentOf(operation))));
  const error = operation.kind === 'wake' && 'error' in ending ? ending.error : undefined;
  if (isAwake) await endIn(context, ending, 'environment.ready', toReady(timeNow(ports), error));
  else await endIn(context, ending, 'environment.hibernated', toHibernated);
}

export const toHibernated = (environment: Environment): Environment => ({
  ...environment,
  state: 'hibernated',
});

/** An environment that is ready, and was last used at this time. @param error why not all of it came back */
export const toReady =
  (at: string, error?: ProblemDetail) =>
  ({ wakeError: _before, ...environment }: Environment): Environment => ({
    ...environment,
    state: 'ready',
    lastActivityAt: at,
    ...(error && { wakeError: error }),
  });
