/**
 * `postgres`: a database of its own with a role that reaches nothing else. Class `default` puts it on the platform's
 * PostgreSQL server, class `dedicated` on a server that is made for it.
 */
import * as z from 'zod';
import type { ResourceOutputs } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { AUTHORITY_PATH } from '../../ports/databases.ts';
import type { Ports } from '../../ports/index.ts';
import { ServerNotOurs } from '../../ports/rules/server-not-ours.ts';
import {
  currentLogin,
  type Login,
  listLogin,
  loginOutputs,
  loginPaths,
  putCurrent,
  removeLogin,
  restoreLogin,
  revokeLogin,
} from '../logins.ts';
import { invalidResource, ownerTag, serverName } from '../owner.ts';
import { type ResourceIdentity, ResourcePending, type ResourceRequest, type ResourceType } from '../type.ts';
import { discardBeside, isSwapped, loadBeside, readDatabase, swapBeside } from './postgres-copies.ts';
import { cutConnections, holdTables } from './postgres-disturbance.ts';
import {
  backupsOf,
  CLASSES,
  checkClass,
  dedicatedServers,
  importsOf,
  isDedicated,
  loginOf,
  makerOf,
  monthlyUse,
  placeOf,
  serverOf,
  specOf,
} from './postgres-place.ts';
import { copyMasked, dropHalfMade, dropSnapshots, listSnapshots } from './postgres-snapshots.ts';
import {
  disableLogin,
  dropDatabase,
  ExtensionFailed,
  ensureDatabase,
  ensureExtensions,
  ensureLogin,
  listDatabase,
  NotOurs,
  ShareUsedUp,
  trustedExtensions,
  withDatabaseLock,
} from './postgres-sql.ts';
import { scramVerifier } from './scram.ts';

const params = z.strictObject({
  extensions: z
    .array(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/))
    .max(20)
    .optional()
    .describe(
      'Extensions to add, by name. Only those that the server has and trusts to the owner of a database.',
    ),
});

interface Place {
  host: string;
  port: number;
  sslmode: string;
  authority?: string;
}

async function outputsFor(
  ports: Ports,
  request: ResourceIdentity,
  { host, port, sslmode, authority }: Place,
  { username, password }: Login,
): Promise<ResourceOutputs> {
  const { name } = specOf(request);
  const part = encodeURIComponent;
  const sslrootcert = authority === undefined ? '' : AUTHORITY_PATH;
  const tls = new URLSearchParams({ sslmode, ...(sslrootcert && { sslrootcert }) });
  const url = `postgresql://${part(username)}:${part(password)}@${host}:${port}/${part(name)}?${tls}`;
  return {
    values: { host, port: String(port), name, database: name, username, sslmode, sslrootcert },
    secrets: await loginOutputs(ports, request, password, url),
  };
}

async function provision(ports: Ports, request: ResourceRequest, stillOwned?: () => Promise<void>) {
  const { extensions = [] } = params.parse(request.params);
  const spec = specOf(request);
  // Nobody holds a lock while a server of its own is asked for; the shared server is there already.
  if (isDedicated(request)) await stillOwned?.();
  const server = await serverOf(ports, request);
  const place = await server.endpoint();

  return withDatabaseLock(server, spec.prefix, async (sql) => {
    await stillOwned?.();
    if (extensions.length > 0) {
      const trusted = await trustedExtensions(sql);
      const refused = extensions.find((extension) => !trusted.includes(extension));
      if (refused !== undefined) {
        throw invalidResource(request, `the extension ${refused} is not offered by the server`, {
          hint: `Choose among ${trusted.join(', ')}.`,
        });
      }
    }
    // The password is stored before any role has it, so a crash in between loses nothing.
    const login = await currentLogin(ports, request, spec.name);
    const { username, password } = login;
    await putCurrent(ports, loginPaths(request).password, password);
    await ensureDatabase(sql, {
      ...spec,
      login: username,
      verifier: await scramVerifier(username, password),
    });
    await ensureExtensions(server, spec.name, extensions);
    return outputsFor(ports, request, place, login);
  });
}

/** Gives the other of the two roles a new password, and makes it the one that `provision` gives. */
async function rotate(
  ports: Ports,
  request: ResourceIdentity,
  current: ResourceOutputs,
  stillOwned?: () => Promise<void>,
) {
  const spec = specOf(request);
  // A server of its own that was removed would be made again by asking for it.
  if (isDedicated(request)) await stillOwned?.();
  const server = await serverOf(ports, request);
  const place = await server.endpoint();
  return withDatabaseLock(server, spec.prefix, async (sql) => {
    await stillOwned?.();
    const username = current.values.username === spec.second ? spec.name : spec.second;
    // An earlier run may have made the password, and a deployment may serve with it by now.
    const stored = await currentLogin(ports, request, spec.name);
    const password = stored.username === username ? stored.password : ports.effects.token(32);
    await ensureLogin(sql, { ...spec, login: username, verifier: await scramVerifier(username, password) });
    return outputsFor(ports, request, place, { username, password });
  });
}

/** Stops the former role from logging in, and makes its stored credentials unreadable. */
async function retire(
  ports: Ports,
  request: ResourceIdentity,
  previous: ResourceOutputs,
  current: ResourceOutputs,
): Promise<void> {
  const { username } = previous.values;
  if (username === undefined || username === current.values.username) return;
  const spec = specOf(request);
  const server = await serverOf(ports, request);
  await withDatabaseLock(server, spec.prefix, (sql) => disableLogin(sql, spec, username));
  await revokeLogin(ports, previous);
}

async function* readSource(ports: Ports, from: ResourceIdentity, signal: AbortSignal) {
  yield* readDatabase(await serverOf(ports, from), await loginOf(ports, from), signal);
}

/** Explains SQL errors by what they mean here. */
async function explained<T>(request: ResourceIdentity, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotOurs || error instanceof ServerNotOurs) {
      const what = error instanceof NotOurs ? error.kind : 'database server';
      throw invalidResource(request, `a ${what} with its name exists that is not its own`, {
        hint: 'Give the resource another id. If the environment was destroyed a moment ago, wait until that has ended.',
        cause: error,
      });
    }
    if (error instanceof ShareUsedUp) {
      throw invalidResource(request, error.message, {
        hint: 'Destroy environments that nobody needs, or give it the class "dedicated" where servers of their own can be had.',
        cause: error,
      });
    }
    if (error instanceof ExtensionFailed) {
      throw invalidResource(request, error.message, {
        hint: 'Leave it out of extensions, or put an extension that it needs before it.',
        cause: error,
      });
    }
    if (error instanceof Error && 'code' in error && error.code === '53100') {
      throw new Problem('storage_full', 'The database can not be changed: the disk of its server is full.', {
        hint: 'Free some disk space, or destroy environments that nobody needs, then try again.',
        cause: error,
      });
    }
    throw error;
  }
}

export const postgres: ResourceType = {
  type: 'postgres',
  summary: 'A PostgreSQL database with a role of its own; with class `dedicated`, on a server of its own.',
  leaving: {
    todo: 'Make a PostgreSQL database of your own, copy the data with pg_dump and pg_restore, and write its address where the manifests have this one.',
  },
  outputs: {
    host: { secret: false, summary: 'Host of the server.' },
    port: { secret: false, summary: 'Port of the server.' },
    name: { secret: false, summary: 'Name of the database.' },
    database: { secret: false, summary: 'The same as name.' },
    username: { secret: false, summary: 'The role, which acts as the owner of the database.' },
    password: { secret: true, summary: 'The role’s password.' },
    sslmode: { secret: false, summary: 'How to connect: libpq’s sslmode.' },
    sslrootcert: {
      secret: false,
      summary:
        'File in every container with the authorities of the server, libpq’s sslrootcert; empty where systems know them.',
    },
    url: { secret: true, summary: 'All of it as postgresql://username:password@host:port/name?sslmode=…' },
  },
  params,
  classes: CLASSES,
  owned: true,
  async check(ports, request) {
    checkClass(request);
    const place = await ports.places?.of(request);
    if (place && !place.databases)
      throw invalidResource(
        request,
        `the place "${place.name}", which environment "${request.environment}" is in, does not reach the databases of this installation`,
        {
          hint: 'Deploy it to an environment in another place, or take a database of your own by a secret with its URL.',
        },
      );
    if (isDedicated(request)) dedicatedServers(ports, request);
  },
  monthlyUse,
  async reach({ databases }, request) {
    if (!isDedicated(request)) await databases.endpoint();
  },
  provision: (ports, request, stillOwned) => explained(request, () => provision(ports, request, stillOwned)),
  rotation: {
    rotate: (ports, request, current, stillOwned) =>
      explained(request, () => rotate(ports, request, current, stillOwned)),
    restore: restoreLogin,
    retire: (ports, request, previous, current) =>
      explained(request, () => retire(ports, request, previous, current)),
  },

  disturbance: {
    refusal: ({ databases }, request) =>
      (isDedicated(request) ? databases.dedicated?.superuser : databases.superuser)
        ? undefined
        : 'the administrator of its server may not do that there',
    cut: async (ports, request) => cutConnections(await serverOf(ports, request), specOf(request).name),
    slow: async (ports, request, delayMs, signal) =>
      holdTables(await serverOf(ports, request), specOf(request).name, delayMs, signal),
  },

  copies: {
    read: async (ports, request, signal) =>
      readDatabase(await serverOf(ports, request), await loginOf(ports, request), signal),
    async load(ports, request, chunks, signal, stillOwned, statements) {
      const { server, spec } = await placeOf(ports, request, stillOwned);
      const login = await loginOf(ports, request);
      const { operation } = request;
      const nonce = ports.effects.token(9);
      const making = { ...makerOf(ports, operation), nonce, login, statements, signal };
      return loadBeside(server, spec, chunks, { ...making, ...(stillOwned && { stillOwned }) });
    },
    async loadMasked(ports, from, to, { statements, signal, ownsSource, stillOwned }) {
      const { databases, effects } = ports;
      // A server of its own has no other database beside it. To give what is in one to another role takes all rights.
      if (isDedicated(from) || isDedicated(to) || !databases.superuser) return false;
      return copyMasked(databases, specOf(from), specOf(to), {
        ...makerOf(ports, to.operation),
        nonce: effects.token(9),
        statements,
        signal,
        now: effects.now(),
        password: effects.token(32),
        read: () => readSource(ports, from, signal),
        ownsSource,
        ...(stillOwned && { stillOwned }),
      });
    },
    async discardMasked({ databases }, from) {
      if (!isDedicated(from) && databases.superuser) await dropHalfMade(databases, specOf(from));
    },
    async swap(ports, request, from, stillOwned) {
      const { server, spec } = await placeOf(ports, request, stillOwned);
      await swapBeside(server, spec, request.operation, from, stillOwned);
    },
    isSwapped: async (ports, request) =>
      isSwapped(await serverOf(ports, request), specOf(request), request.operation),
    async discard(ports, request, stillOwned) {
      const { server, spec } = await placeOf(ports, request, stillOwned);
      await discardBeside(server, spec, makerOf(ports, request.operation), stillOwned);
    },
  },

  deprovision: (ports, request) =>
    explained(request, async () => {
      const spec = specOf(request);
      if (!isDedicated(request))
        await withDatabaseLock(ports.databases, spec.prefix, async (sql) => {
          await dropSnapshots(sql, spec);
          await dropDatabase(sql, spec);
        });
      // The server goes with everything on it but for a last snapshot, where the place makes one.
      else if (!(await dedicatedServers(ports, request).remove(serverName('berth', request), spec.tag)))
        throw new ResourcePending('The database server is being removed.');
      await removeLogin(ports, request);
      for (const path of await importsOf(ports, request)) await ports.secrets.remove(path);
      for (const path of await backupsOf(ports, request)) await ports.backups?.remove(path);
    }),

  async kept(ports, request) {
    if (!isDedicated(request)) return [];
    const found = await dedicatedServers(ports, request).snapshots?.(
      serverName('berth', request),
      ownerTag(request),
    );
    return (found ?? []).map((name) => `database snapshot ${name}`);
  },

  async inventory(ports, request) {
    return [
      ...(await listServerOrDatabase(ports, request)),
      ...(await listLogin(ports, request)),
      ...(await backupsOf(ports, request)).map((path) => `backup ${path}`),
    ];
  },
};

async function listServerOrDatabase(ports: Ports, request: ResourceIdentity): Promise<string[]> {
  if (isDedicated(request)) {
    const name = serverName('berth', request);
    const isThere = await dedicatedServers(ports, request).exists(name, ownerTag(request));
    return isThere ? [`database server ${name}`] : [];
  }
  const sql = await ports.databases.connect();
  try {
    return [...(await listDatabase(sql, specOf(request))), ...(await listSnapshots(sql, specOf(request)))];
  } finally {
    await sql.end();
  }
}
