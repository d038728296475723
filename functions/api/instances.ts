import { getEnvironment, getInstance } from '../commands/records.ts';
import { deploymentKey, environmentPartition, INSTANCE_PREFIX } from '../core/keys.ts';
import type { Deployment, Environment, Instance } from '../core/model.ts';
import type { Ports } from '../ports/index.ts';
import {
  endpointsOf,
  type InstanceFacts,
  instanceDetailSchema,
  instanceSchema,
  instanceView,
} from './instance-view.ts';
import { pageOf, pageQuery, pageReply, readPage } from './pages.ts';
import { route } from './route.ts';

/** What is known of instances of one environment; reads the deployments of all in one go. */
async function factsOf(
  ports: Ports,
  environment: Environment,
  instances: readonly Instance[],
): Promise<InstanceFacts[]> {
  const keys = new Map<string, ReturnType<typeof deploymentKey>>();
  const keyOf = (instance: Instance, number: number) => `${instance.service}/${number}`;
  for (const instance of instances) {
    for (const number of [instance.current, instance.newest]) {
      if (number !== undefined) keys.set(keyOf(instance, number), deploymentKey(instance, number));
    }
  }
  const items = await ports.store.getMany<Deployment>([...keys.values()]);
  const found = new Map([...keys.keys()].map((key, at) => [key, items[at]?.data]));
  return Promise.all(
    instances.map(async (instance) => ({
      environment,
      instance,
      current: instance.current === undefined ? undefined : found.get(keyOf(instance, instance.current)),
      newest: found.get(keyOf(instance, instance.newest)),
      status: await ports.workloads.status(instance).catch(() => undefined),
      url: ports.workloads.url(instance),
    })),
  );
}

/** So many instances that their deployments fit into one read of a hundred. */
const PAGE_MAX = 50;

export const instanceRoutes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services',
    policy: { action: 'instance.read', scope: 'project' },
    operationId: 'listInstances',
    summary: 'List the services that are deployed in an environment',
    description: `A page has at most ${PAGE_MAX} services, whatever the limit.`,
    tag: 'Running services',
    query: pageQuery,
    answers: { 200: { summary: 'A page of services, by name', schema: pageOf(instanceSchema) } },
    handle: async ({ ports, params, query }) => {
      const environment = await getEnvironment(ports.store, params);
      const page = { ...query, limit: Math.min(query.limit ?? PAGE_MAX, PAGE_MAX) };
      const list = { pk: environmentPartition(params), prefix: INSTANCE_PREFIX };
      const { items, next } = await readPage<Instance>(ports.store, list, page);
      const facts = await factsOf(
        ports,
        environment.data,
        items.map(({ data }) => data),
      );
      return pageReply(facts.map(instanceView), next);
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}',
    policy: { action: 'instance.read', scope: 'project' },
    operationId: 'getInstance',
    summary: 'Read how a service does in an environment',
    tag: 'Running services',
    answers: { 200: { summary: 'Status, health, URL and deployments', schema: instanceDetailSchema } },
    handle: async ({ ports, params }) => {
      const environment = await getEnvironment(ports.store, params);
      const instance = await getInstance(ports.store, params);
      const [facts] = await factsOf(ports, environment.data, [instance.data]);
      const { replicas, ...view } = instanceView(facts!);
      return {
        status: 200,
        body: {
          ...view,
          replicas: { ...replicas, items: facts!.status?.replicas ?? [] },
          endpoints: await endpointsOf(ports.workloads, instance.data, facts!.current),
        },
      };
    },
  }),
];
