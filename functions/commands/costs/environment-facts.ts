/** Reads what of environments costs: the workloads that serve there, and the resources. */
import type { EnvironmentFacts, ResourceFacts } from '../../core/costs/environment-cost.ts';
import type { ServiceFacts } from '../../core/costs/service-use.ts';
import { deploymentKey, environmentPartition, RESOURCE_PREFIX } from '../../core/keys.ts';
import type { Deployment, Environment, Instance, Resource } from '../../core/model/index.ts';
import type { Store } from '../../ports/store.ts';
import { instancesOf } from '../../records/instances.ts';
import { readAll, readMany } from '../../records/read-all.ts';
import { workloadsOfVersions } from '../../records/workloads.ts';
import { findResourceType } from '../../resources/index.ts';

/** How many environments are asked for their resources at the same time. */
const AT_ONCE = 10;

export interface FactsOptions {
  /** Whether services count that people have stopped, as if they ran; they run nothing otherwise. */
  stopped?: boolean;
  /** How many services of each environment count at most; all of them where absent. */
  most?: number;
}

/** Whether a service costs anything while its environment is awake. */
const counts = ({ current, state }: Instance, stopped: boolean): boolean =>
  current !== undefined && (state !== 'stopped' || stopped);

const isAwake = ({ state }: Environment): boolean => state !== 'hibernated' && state !== 'destroyed';

export const resourceFacts = ({
  uid,
  type,
  ...of
}: Pick<Resource, 'uid' | 'type' | 'class' | 'params'>): ResourceFacts => {
  const use = findResourceType(type)?.monthlyUse?.(of);
  return { uid, ...(use && { use }) };
};

/** In the order asked. */
export async function environmentFacts(
  store: Store,
  environments: readonly Environment[],
  { stopped = false, most }: FactsOptions = {},
): Promise<EnvironmentFacts[]> {
  const running = environments.map((environment) =>
    instancesOf(environment)
      .filter((one) => counts(one, stopped))
      .slice(0, most),
  );
  const services = await servicesOf(store, running.flat());
  const resources = await resourcesOf(store, environments);
  return environments.map((environment, at) => ({
    isAwake: isAwake(environment),
    services: (running[at] ?? []).flatMap((instance) => services.get(instance) ?? []),
    resources: (resources[at] ?? []).map(resourceFacts),
  }));
}

async function servicesOf(
  store: Store,
  instances: readonly Instance[],
): Promise<ReadonlyMap<Instance, ServiceFacts>> {
  const items = await readMany<Deployment>(
    store,
    instances.map((one) => deploymentKey(one, one.current ?? 0)),
  );
  const deployments = items.map((item) => item?.data);
  const workloads = await workloadsOfVersions(
    store,
    instances.map((instance, at) => ({ ...instance, version: deployments[at]?.version ?? '' })),
  );
  return new Map(
    instances.flatMap((instance, at): [Instance, ServiceFacts][] => {
      const workload = workloads[at];
      const { replicas, processes } = deployments[at] ?? {};
      if (!workload) return [];
      return [
        [
          instance,
          {
            name: instance.service,
            workload,
            ...(replicas !== undefined && { replicas }),
            ...(processes && { processes }),
          },
        ],
      ];
    }),
  );
}

async function resourcesOf(store: Store, environments: readonly Environment[]): Promise<Resource[][]> {
  const found: Resource[][] = [];
  for (let at = 0; at < environments.length; at += AT_ONCE) {
    const some = environments.slice(at, at + AT_ONCE).map(async ({ project, name: environment }) => {
      const items = await readAll<Resource>(
        store,
        environmentPartition({ project, environment }),
        RESOURCE_PREFIX,
      );
      return items.map(({ data }) => data);
    });
    found.push(...(await Promise.all(some)));
  }
  return found;
}
