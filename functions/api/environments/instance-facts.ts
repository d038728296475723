/** Reads what is known of instances: their deployments in as few reads as can be, and how they do now. */
import { deploymentKey } from '../../core/keys.ts';
import type { Deployment, Environment, Instance } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { readMany } from '../../records/read-all.ts';
import type { InstanceFacts } from './instance-view.ts';

export interface Placed {
  environment: Environment;
  instance: Instance;
}

/** The most requests to a cluster that are open at the same time. */
const STATUS_MAX = 10;
const asleep: ReadonlySet<string> = new Set(['hibernated', 'destroyed']);

/** What is known of instances, in their order. */
export async function readFacts(ports: Ports, placed: readonly Placed[]): Promise<InstanceFacts[]> {
  const keyOf = ({ environment, service }: Instance, number: number) => `${environment}/${service}/${number}`;
  const keys = new Map<string, ReturnType<typeof deploymentKey>>();
  for (const { instance } of placed) {
    for (const number of [instance.current, instance.newest]) {
      if (number !== undefined) keys.set(keyOf(instance, number), deploymentKey(instance, number));
    }
  }
  const items = await readMany<Deployment>(ports.store, [...keys.values()]);
  const found = new Map([...keys.keys()].map((key, at) => [key, items[at]?.data]));
  const fact = async ({ environment, instance }: Placed): Promise<InstanceFacts> => {
    const current = instance.current === undefined ? undefined : found.get(keyOf(instance, instance.current));
    const newest = found.get(keyOf(instance, instance.newest));
    // Without a port there is nothing that a request could reach.
    const isReachable = !(current ?? newest)?.portless;
    const url = isReachable ? await ports.workloads.url(instance) : undefined;
    return { environment, instance, current, newest, status: undefined, url };
  };
  return withStatus(ports, await Promise.all(placed.map(fact)));
}

/** The same instances with their state now. */
export async function withStatus(ports: Ports, facts: readonly InstanceFacts[]): Promise<InstanceFacts[]> {
  const result = [...facts];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < facts.length) {
      const at = next++;
      const { environment, instance } = facts[at]!;
      // A sleeping environment runs nothing.
      if (asleep.has(environment.state)) continue;
      const status = await ports.workloads.status(instance).catch(() => 'unreadable' as const);
      result[at] = { ...facts[at]!, status };
    }
  };
  await Promise.all(Array.from({ length: STATUS_MAX }, work));
  return result;
}
