/** Which environments need a version still: what serves, what goes on, and what can be gone back to. */
import {
  deploymentKey,
  deploymentsPartition,
  ENVIRONMENT_PREFIX,
  projectPartition,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { type Deployment, type Environment, type Instance, isTerminal } from '../../core/model/index.ts';
import type { Store } from '../../ports/store.ts';
import { pastInstanceIn } from '../../records/instances.ts';
import { readAll } from '../../records/read-all.ts';
import { APPROVAL_MS } from '../approvals/approvals.ts';

/** A deployment that needs its version. */
export interface Holder {
  environment: string;
  deployment: number;
  why: 'serves' | 'goes on' | 'can be gone back to';
}

/**
 * Who holds the versions of a service, by the ids of these. A version that nobody holds, and that no deployment brings
 * meanwhile, is held by nobody from then on.
 * @param now epoch milliseconds
 */
export async function holdersOf(
  store: Store,
  ref: { project: string; service: string },
  now: number,
): Promise<Map<string, Holder[]>> {
  const holders = new Map<string, Holder[]>();
  for (const { data } of await readAll<Environment>(
    store,
    projectPartition(ref.project),
    ENVIRONMENT_PREFIX,
  )) {
    const instance = pastInstanceIn(data, ref.service);
    if (!instance) continue;
    for (const { number, version, status } of await deploymentsHeld(store, instance, now)) {
      const goesOn = isTerminal(status) ? 'can be gone back to' : 'goes on';
      const why = number === instance.current ? 'serves' : goesOn;
      const holder: Holder = { environment: data.name, deployment: number, why };
      holders.set(version, [...(holders.get(version) ?? []), holder]);
    }
  }
  return holders;
}

/** What can not be gone back to yet may wait for its approval as long as this reads back. */
async function deploymentsHeld(store: Store, instance: Instance, now: number): Promise<Deployment[]> {
  const held = new Map<number, Deployment>();
  const since = new Date(now - APPROVAL_MS).toISOString();
  let succeeded = 0;
  let after: string | undefined;
  do {
    const page = await store.query<Deployment>({
      pk: deploymentsPartition(instance),
      reverse: true,
      limit: 2 * limits.deploymentsHeld.value,
      ...(after !== undefined && { after }),
    });
    let isRecent = false;
    for (const { data } of page.items) {
      isRecent = data.createdAt > since;
      if (data.status === 'succeeded') succeeded++;
      const isHeld =
        data.status === 'succeeded' ? succeeded <= limits.deploymentsHeld.value : !isTerminal(data.status);
      if (isHeld) held.set(data.number, data);
    }
    after = succeeded < limits.deploymentsHeld.value || isRecent ? page.next : undefined;
  } while (after !== undefined);
  const { current } = instance;
  if (current !== undefined && !held.has(current)) {
    const serves = await store.get<Deployment>(deploymentKey(instance, current));
    if (serves) held.set(current, serves.data);
  }
  return [...held.values()];
}
