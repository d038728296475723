/** What the sweep does when the time of an environment is over, or is soon: it tells people, and has it sleep. */
import type { TypedData } from '../../core/events/event-types.ts';
import { deploymentKey } from '../../core/keys.ts';
import { type Deployment, type Environment, SYSTEM_ACTOR } from '../../core/model/index.ts';
import { asExpired, spanInWords, withNotice } from '../../core/schedule/expiry-steps.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { commit } from '../../records/commit.ts';
import { instancesOf } from '../../records/instances.ts';
import { environmentWrite } from './environments.ts';

/** The most records that one read of the store takes. */
const AT_ONCE = 100;

type Evidence = Pick<
  (TypedData & { type: 'environment.expiring' })['data'],
  'cause' | 'lastRequestAt' | 'deployment' | 'next'
>;

/** Tells people once that the environment expires soon. @throws StoreConflict it was changed meanwhile */
export async function tellOfExpiry(ports: Ports, item: Item<Environment>): Promise<void> {
  const { expiresAt = '' } = item.data;
  const now = ports.effects.now();
  const left = spanInWords(Date.parse(expiresAt) - now);
  const data = { expiresAt, left, ...(await evidenceOf(ports, item.data, now)) };
  await write(ports, item, withNotice(item.data, now), { type: 'environment.expiring', data });
}

/**
 * Marks the environment as one whose time is over, and tells people.
 * @returns as it is now
 * @throws StoreConflict it was changed meanwhile
 */
export async function expireEnvironment(ports: Ports, item: Item<Environment>): Promise<Environment> {
  const now = ports.effects.now();
  const expired = asExpired(item.data, now);
  const { destroyAt = '' } = expired;
  const left = spanInWords(Date.parse(destroyAt) - now);
  const data = { destroyAt, left, ...(await evidenceOf(ports, item.data, now)) };
  await write(ports, item, expired, { type: 'environment.expired', data });
  return expired;
}

async function write(
  ports: Ports,
  item: Item<Environment>,
  environment: Environment,
  event: TypedData,
): Promise<void> {
  const { project, name } = environment;
  await commit(
    ports,
    { actor: SYSTEM_ACTOR },
    {
      writes: [environmentWrite(environment, { version: item.version })],
      events: [{ project, environment: name, ...event }],
    },
  );
}

/** Who used it last, by what is known now. */
async function evidenceOf(ports: Ports, environment: Environment, now: number): Promise<Evidence> {
  const { project, name } = environment;
  const [last] = await ports.activity.lastRequests([{ project, environment: name }]);
  const deployment = await newestDeployment(ports, environment);
  const ago = (time: number): string => `${spanInWords(Math.max(0, now - time))} ago`;
  const told = [
    ...(typeof last === 'number' ? [`last request ${ago(last)}`] : []),
    ...(last === undefined ? ['no request is known'] : []),
    deployment
      ? `last deployment ${ago(Date.parse(deployment.at))} by ${deployment.by}`
      : 'nothing is deployed there',
  ];
  return {
    cause: told.join(', '),
    ...(typeof last === 'number' && { lastRequestAt: new Date(last).toISOString() }),
    ...(deployment && { deployment }),
    next: `berth env extend -p ${project} ${name} --by 1d`,
  };
}

async function newestDeployment({ store }: Ports, environment: Environment): Promise<Evidence['deployment']> {
  const keys = instancesOf(environment).map((instance) => deploymentKey(instance, instance.newest));
  const found = await store.getMany<Deployment>(keys.slice(0, AT_ONCE));
  const newest = found
    .flatMap((item) => (item ? [item.data] : []))
    .reduce<Deployment | undefined>(
      (one, other) => (one && one.createdAt >= other.createdAt ? one : other),
      undefined,
    );
  if (!newest) return undefined;
  const { service, number, version, createdAt: at, createdBy: by } = newest;
  return { service, number, version, at, by };
}
