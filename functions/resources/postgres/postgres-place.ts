/** Which server the database of a resource is on, by what names, and who logs in to it. */
import { HOURS, type MonthlyUse } from '../../core/costs/monthly-use.ts';
import { backupsPath, operationKey } from '../../core/keys.ts';
import { isTerminal, type Operation } from '../../core/model/index.ts';
import { deriveName } from '../../core/names.ts';
import type { DatabaseLogin, DatabaseServer, DedicatedServers } from '../../ports/databases.ts';
import type { Ports } from '../../ports/index.ts';
import { currentLogin } from '../logins.ts';
import { importsPath, invalidResource, noSuchClass, ownerTag, resourceLabel, serverName } from '../owner.ts';
import { type ResourceIdentity, ResourcePending } from '../type.ts';
import type { Maker } from './postgres-copies.ts';
import type { DatabaseSpec } from './postgres-sql.ts';

/** PostgreSQL's limit on names, bytes. */
const NAME_LIMIT = 63;
export const CLASSES: readonly string[] = ['default', 'dedicated'];

/** The prefix keeps the names apart from those that PostgreSQL and clouds reserve, such as `pg_`. */
export function specOf(request: ResourceIdentity): DatabaseSpec {
  const parts = ['berth', request.project, request.environment, resourceLabel(request, 40)];
  return {
    name: deriveName(parts, NAME_LIMIT, '_'),
    second: deriveName([...parts, 'b'], NAME_LIMIT, '_'),
    // A project's name has no underscore, and is never cut.
    prefix: `berth_${request.project}_`,
    tag: ownerTag(request),
  };
}

export const isDedicated = (request: ResourceIdentity): boolean => request.class === 'dedicated';

/** @throws Problem invalid_resource where dedicated servers are not available, or for an unknown class */
export function dedicatedServers({ databases }: Ports, request: ResourceIdentity): DedicatedServers {
  if (databases.dedicated) return databases.dedicated;
  throw invalidResource(request, 'there are no servers of their own here', {
    hint: 'Leave out the class: the database is then on the shared server.',
  });
}

/** The capacity that a database adds to the shared server, on average, and the size of its data, which nobody measures. */
const ACU = 0.03;
const DATA_GB = 1;
/** The disk that a server of its own has, GB. */
const DEDICATED_GB = 20;

/** A server of its own runs on while its environment sleeps. */
export const monthlyUse = (of: { class: string }): MonthlyUse =>
  of.class === 'dedicated'
    ? { awake: {}, always: { 'rds.t4gMicroHour': HOURS, 'rds.gp3GbMonth': DEDICATED_GB } }
    : { awake: { 'aurora.acuHour': ACU * HOURS }, always: { 'aurora.gbMonth': DATA_GB } };

export function checkClass(request: ResourceIdentity): void {
  if (!CLASSES.includes(request.class)) throw noSuchClass(request, CLASSES);
}

/** The server that the database is on. @throws ResourcePending while it is being made */
export async function serverOf(ports: Ports, request: ResourceIdentity): Promise<DatabaseServer> {
  checkClass(request);
  if (!isDedicated(request)) return ports.databases;
  const owner = { tag: ownerTag(request), operation: request.operation };
  const server = await dedicatedServers(ports, request).ensure(serverName('berth', request), owner);
  if (server) return server;
  throw new ResourcePending('The database server is being made.');
}

/** A server of its own that was removed would be made again by asking for it. */
export async function placeOf(ports: Ports, request: ResourceIdentity, stillOwned?: () => Promise<void>) {
  if (isDedicated(request)) await stillOwned?.();
  return { server: await serverOf(ports, request), spec: specOf(request) };
}

/** The login that workloads have; nothing of a tenant is run as anyone else. */
export async function loginOf(ports: Ports, request: ResourceIdentity): Promise<DatabaseLogin> {
  const { name } = specOf(request);
  return { database: name, ...(await currentLogin(ports, request, name)) };
}

export const backupsOf = async ({ backups }: Ports, request: ResourceIdentity): Promise<string[]> =>
  (await backups?.list(backupsPath(request, request.uid))) ?? [];

/** Paths of the secrets of imports, which a crash can leave. */
export const importsOf = async (ports: Ports, request: ResourceIdentity): Promise<string[]> =>
  ports.databaseSources ? ports.secrets.list(importsPath(request)) : [];

/** An operation that makes copies beside a database, and knows which others are over: forgotten ones are. */
export const makerOf = ({ store }: Pick<Ports, 'store'>, operation: string): Maker => ({
  operation,
  async isOver(id) {
    const item = await store.get<Operation>(operationKey(id));
    return !item || isTerminal(item.data.status);
  },
});
