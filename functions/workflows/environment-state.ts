/** Code that the workflows which change an environment's state share. */
import type { Environment, EnvironmentRef, Instance, OperationOn } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import { instancesOf } from '../records/instances.ts';
import { getEnvironment } from '../records/read.ts';
import { getDeploymentDetail } from '../records/workloads.ts';
import { type Ending, endOperation, environmentWrites } from './end-operation.ts';
import type { StepContext } from './step.ts';
import { workloadSpec } from './workload-spec.ts';

/** The environment in which an operation is carried out, without its other fields. */
export const environmentOf = ({ project, environment }: EnvironmentRef): EnvironmentRef => ({
  project,
  environment,
});

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

/** Declares the current deployment of every service that is to run, and resolves to the deployments that run. */
export async function startAll(ports: Ports, ref: EnvironmentRef): Promise<Instance[]> {
  const { data: environment } = await getEnvironment(ports.store, ref);
  const running = instancesOf(environment).filter(
    (instance) => instance.current !== undefined && instance.state === undefined,
  );
  await ports.workloads.ensureEnvironment(ref, { operation: environment.id });
  for (const instance of running) {
    const { data } = await getDeploymentDetail(ports.store, instance, instance.current!);
    const spec = await workloadSpec(ports, data, instance.newest);
    await ports.workloads.apply(spec);
    await ports.workloads.scale(instance, spec.replicas, instance.newest);
  }
  return running;
}

/** An environment that is ready, and was last used at this time. */
export const toReady =
  (at: string) =>
  (environment: Environment): Environment => ({
    ...environment,
    state: 'ready',
    lastActivityAt: at,
  });
