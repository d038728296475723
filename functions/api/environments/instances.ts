/** Routes of instances: what of each service runs in an environment. */

import { changedSince } from '../../commands/variables/changed-since.ts';
import { limits } from '../../core/limits.ts';
import { instanceOf, instancesOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { withWorkload } from '../../records/workloads.ts';
import { decodeCursor, pageOf, pageQuery, pageReply } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { readFacts } from './instance-facts.ts';
import {
  endpointsOf,
  instanceDetailSchema,
  instanceSchema,
  instanceView,
  statusOf,
} from './instance-view.ts';

/** The most instances of a page: their deployments fit into one read of a hundred records. */
const PAGE_MAX = limits.instancesPage.value;

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
      const limit = Math.min(query.limit ?? PAGE_MAX, PAGE_MAX);
      // A cursor of an earlier version of Berth has the key of a record, `instance#web`.
      const after =
        query.cursor === undefined ? '' : decodeCursor(query.cursor, '').replace(/^instance#/, '');
      const left = instancesOf(environment.data).filter(({ service }) => service > after);
      const page = left.slice(0, limit);
      const facts = await readFacts(
        ports,
        page.map((instance) => ({ environment: environment.data, instance })),
      );
      return pageReply(facts.map(instanceView), left.length > limit ? page.at(-1)?.service : undefined);
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
      const instance = instanceOf(environment.data, params.service);
      const [facts] = await readFacts(ports, [{ environment: environment.data, instance }]);
      const { replicas, ...view } = instanceView(facts!);
      const serving = facts!.current && (await withWorkload(ports.store, facts!.current));
      return {
        status: 200,
        body: {
          ...view,
          replicas: { ...replicas, items: statusOf(facts!)?.replicas ?? [] },
          changed: serving ? await changedSince(ports, serving) : [],
          endpoints: await endpointsOf(ports.workloads, instance, serving?.workload),
        },
      };
    },
  }),
];
