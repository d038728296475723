/** A project at one look: its services, its environments, and what each service does in each. */

import * as z from 'zod';
import { ENVIRONMENT_PREFIX, projectPartition, SERVICE_PREFIX } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Environment, Service } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { instancesOf } from '../../records/instances.ts';
import { getProject } from '../../records/read.ts';
import { environmentSchema, environmentView } from '../environments/environment-view.ts';
import { readFacts, withStatus } from '../environments/instance-facts.ts';
import { type InstanceFacts, instanceSchema, instanceView } from '../environments/instance-view.ts';
import { compact } from '../http/schemas.ts';

const SERVICES_MAX = limits.overviewServices.value;
const ENVIRONMENTS_MAX = limits.overviewEnvironments.value;
const INSTANCES_MAX = limits.overviewInstances.value;

const serviceSchema = z.object({
  name: z.string().meta({ example: 'guestbook' }),
  repository: z.string().optional(),
});

export const overviewSchema = z
  .object({
    project: z.string().meta({ example: 'demo' }),
    displayName: z.string().optional(),
    services: z.array(serviceSchema).meta({ description: 'By name.' }),
    environments: z.array(environmentSchema).meta({ description: 'By name.' }),
    instances: z
      .array(instanceSchema)
      .meta({ description: 'What is deployed: one for each service and environment that has any.' }),
    truncated: z.boolean().meta({
      description: `There is more than it shows: at most ${SERVICES_MAX} services, ${ENVIRONMENTS_MAX} environments and ${INSTANCES_MAX} services in each.`,
    }),
  })
  .meta({ id: 'Overview' });

export type Overview = z.infer<typeof overviewSchema>;

/** The facts of an overview; the state of instances can be read again without the rest. */
export interface OverviewFacts {
  project: string;
  displayName: string | undefined;
  services: Service[];
  environments: Environment[];
  instances: InstanceFacts[];
  truncated: boolean;
}

/** @throws Problem not_found */
export async function readOverview(ports: Ports, project: string): Promise<OverviewFacts> {
  const { store } = ports;
  const pk = projectPartition(project);
  const [record, services, environments] = await Promise.all([
    getProject(store, project),
    store.query<Service>({ pk, prefix: SERVICE_PREFIX, limit: SERVICES_MAX }),
    store.query<Environment>({ pk, prefix: ENVIRONMENT_PREFIX, limit: ENVIRONMENTS_MAX }),
  ]);
  const all = environments.items.map(({ data: environment }) =>
    instancesOf(environment).map((instance) => ({ environment, instance })),
  );
  const placed = all.flatMap((some) => some.slice(0, INSTANCES_MAX));
  return {
    project,
    displayName: record.data.displayName,
    services: services.items.map(({ data }) => data),
    environments: environments.items.map(({ data }) => data),
    instances: await readFacts(ports, placed),
    truncated:
      services.next !== undefined ||
      environments.next !== undefined ||
      all.some(({ length }) => length > INSTANCES_MAX),
  };
}

export const refreshStatus = async (ports: Ports, facts: OverviewFacts): Promise<OverviewFacts> => ({
  ...facts,
  instances: await withStatus(ports, facts.instances),
});

export const overviewView = (facts: OverviewFacts): Overview =>
  compact({
    project: facts.project,
    displayName: facts.displayName,
    services: facts.services.map(({ name, repository }) => compact({ name, repository })),
    environments: facts.environments.map(environmentView),
    instances: facts.instances.map(instanceView),
    truncated: facts.truncated,
  });
