/** Routes of instances: what of each service runs in an environment. */
import { environmentPartition, INSTANCE_PREFIX } from '../../core/keys.ts';
import type { Instance } from '../../core/model/index.ts';
import { getEnvironment, getInstance } from '../../records/read.ts';
import { pageOf, pageQuery, pageReply, readPage } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { readFacts } from './instance-facts.ts';
import { endpointsOf, instanceDetailSchema, instanceSchema, instanceView } from './instance-view.ts';

/** The most instances of a page: their deployments fit into one read of a hundred records. */
const PAGE_MAX = 50;

export const routes = [
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
      const facts = await readFacts(
        ports,
        items.map(({ data }) => ({ environment: environment.data, instance: data })),
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
      const [facts] = await readFacts(ports, [{ environment: environment.data, instance: instance.data }]);
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
