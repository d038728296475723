/** What an environment costs, and what those of a project do. It only reads. */
import {
  dataOf,
  type EnvironmentCost,
  environmentCost,
  perDay,
  sumOf,
} from '../../core/costs/environment-cost.ts';
import { DAY_MS, daysSince, type IdleReport, idleReport } from '../../core/costs/idle-report.ts';
import { ENVIRONMENT_PREFIX, projectPartition } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Environment } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { instancesOf } from '../../records/instances.ts';
import { getProject } from '../../records/read.ts';
import { environmentFacts } from './environment-facts.ts';

export interface Costed extends EnvironmentCost {
  environment: Environment;
  usdPerDay: number;
  /** Until it is destroyed, at the rate of now; absent where it stays. */
  usdUntilExpiry?: number;
  /** Whether AWS is paid for it, or would be if it ran there. */
  basis: 'on_aws' | 'as_if_on_aws';
}

function costed({ isOnAws, effects }: Ports, environment: Environment, cost: EnvironmentCost): Costed {
  const { expiresAt, placement } = environment;
  const days = expiresAt && (Date.parse(expiresAt) - effects.now()) / DAY_MS;
  return {
    ...cost,
    environment,
    usdPerDay: perDay(cost.usdPerMonth),
    ...(typeof days === 'number' && { usdUntilExpiry: Math.max(0, days) * perDay(cost.usdPerMonth) }),
    basis: isOnAws && placement === undefined ? 'on_aws' : 'as_if_on_aws',
  };
}

/** @param as.awake what it costs awake, though it may sleep */
export async function readEnvironmentCost(
  ports: Ports,
  environment: Environment,
  { awake = false }: { awake?: boolean } = {},
): Promise<Costed & { data: string[] }> {
  const [facts] = await environmentFacts(ports.store, [environment]);
  if (!facts) throw new TypeError('an environment has facts');
  const cost = environmentCost({ ...facts, isAwake: awake || facts.isAwake });
  return { ...costed(ports, environment, cost), data: dataOf(facts) };
}

export interface ProjectCost {
  /** What costs most comes first. */
  environments: (Costed & {
    /** Its part of what all environments of the project ask nodes for, 0 to 1. */
    share: number;
    /** Epoch milliseconds; undefined where requests are not seen. */
    lastUsedAt: number | undefined;
    /** Whole days since it was last used. */
    idleDays: number | undefined;
  })[];
  usdPerMonth: number;
  idle: IdleReport;
  truncated: boolean;
}

/**
 * @param days without a request or a deployment, from which on an environment is idle
 * @throws Problem not_found
 */
export async function readProjectCost(ports: Ports, project: string, days: number): Promise<ProjectCost> {
  const { store, activity, effects } = ports;
  // As the list of environments it may lag: it is no answer by which anything is done.
  const list = { pk: projectPartition(project), prefix: ENVIRONMENT_PREFIX, mayLag: true };
  const [, page] = await Promise.all([
    getProject(store, project),
    store.query<Environment>({ ...list, limit: limits.overviewEnvironments.value }),
  ]);
  const environments = page.items.map(({ data }) => data);
  const most = limits.overviewInstances.value;
  const refs = environments.map(({ name: environment }) => ({ project, environment }));
  const [facts, requests] = await Promise.all([
    environmentFacts(store, environments, { most }),
    activity.lastRequests(refs),
  ]);
  const now = effects.now();
  const rows = environments.map((environment, at) => {
    const last = requests[at];
    const recorded = Date.parse(environment.lastActivityAt);
    const lastUsedAt = last === 'unknown' ? undefined : Math.max(last ?? 0, recorded);
    const cost = environmentCost(facts[at] ?? { isAwake: false, services: [], resources: [] });
    const idleDays = lastUsedAt === undefined ? undefined : daysSince(lastUsedAt, now);
    return { ...costed(ports, environment, cost), lastUsedAt, idleDays };
  });
  const nodes = rows.map(({ lines }) => sumOf(lines.filter(({ unit }) => unit === 'eks.nodeHour')));
  const all = nodes.reduce((sum, one) => sum + one, 0);
  const used = rows.map((row) => ({ ...row, environment: row.environment.name }));
  return {
    environments: rows
      .map((row, at) => ({ ...row, share: all === 0 ? 0 : (nodes[at] ?? 0) / all }))
      .toSorted((a, b) => b.usdPerMonth - a.usdPerMonth),
    usdPerMonth: sumOf(rows),
    idle: idleReport(used, days, now),
    truncated: page.next !== undefined || environments.some((one) => instancesOf(one).length > most),
  };
}
