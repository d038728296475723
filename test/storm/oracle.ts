/** What must hold of an installation when everything was left alone for a while, seen from outside. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client as Sql } from 'pg';
import type { Json } from '../support/client.ts';
import { type Client, PROJECT } from './client.ts';
import { type Installation, postgresOf, workloadsOf } from './installation.ts';

/** By then every operation that was accepted has ended, unless its own bound is longer: nothing here builds or waits for people. */
const ENDED_MS = 240_000;
const ANSWERS_MS = 60_000;
const ENDED = ['succeeded', 'failed', 'canceled', 'superseded'];
const GUESTBOOK_SHOWS = 100;

const list = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);

/** Waits until a condition holds. @returns what was found last, where it never did */
async function until<T>(milliseconds: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = Date.now() + milliseconds;
  let found = await look();
  while (found !== undefined && Date.now() < deadline) {
    await sleep(500);
    found = await look();
  }
  return found;
}

export interface Oracle {
  /** All is left alone, and has to come to rest. */
  atRest(): Promise<void>;
  /** Destroys everything; nothing may be left. */
  afterDestroy(): Promise<void>;
}

export function createOracle(installation: Installation, client: Client): Oracle {
  const { directory, violate } = installation;
  const { promised } = client;

  async function get(path: string): Promise<Json> {
    const told = await client.ask('GET', path);
    if (told === undefined) violate(`GET ${path} is not answered`);
    return told?.body ?? {};
  }

  const environments = async (): Promise<Json[]> =>
    (await get(`${PROJECT}/environments?limit=100`)).items ?? [];

  /** I1, I3 */
  async function operationsEnd(): Promise<void> {
    const open = new Set(promised.operations.keys());
    await until(ENDED_MS, async () => {
      for (const id of open) {
        const told = await client.ask('GET', `/v1/operations/${id}`);
        if (told?.status === 404) {
          violate(`I1: operation ${id} was accepted and is not there: ${promised.operations.get(id)}`);
          open.delete(id);
        } else if (ENDED.includes(told?.body.status)) open.delete(id);
      }
      return open.size > 0 ? open : undefined;
    });
    for (const id of open) {
      const { status, steps, deadline } = await get(`/v1/operations/${id}`);
      violate(
        `I3: operation ${id} (${promised.operations.get(id)}) is ${status} at ${steps?.at(-1)?.name}, due ${deadline}`,
      );
    }
    promised.operations.clear();
  }

  async function promisesHold(environment: Json): Promise<void> {
    const { name } = environment;
    const path = `${PROJECT}/environments/${name}`;
    const since = Date.parse(environment.createdAt);
    const values: Json[] = (await get(`${path}/variables`)).items ?? [];
    for (const [key, kept] of promised.variables) {
      if (!kept || kept.environment !== name || kept.at < since) continue;
      const found = values.find((one) => `${name}/${one.name}` === key)?.value;
      if (found !== kept.what) violate(`${key} was set to "${kept.what}", and is ${JSON.stringify(found)}`);
    }
    const secrets: Json[] = (await get(`${path}/secrets`)).items ?? [];
    for (const [key, kept] of promised.secrets)
      if (kept.environment === name && kept.at >= since && !secrets.some((one) => one.name === kept.what))
        violate(`secret ${key} was put and is not there`);
  }

  /** I6: what serves answers, and has all that it was given. */
  async function serves(environment: Json): Promise<void> {
    const { name, createdAt } = environment;
    const [instance] = (await get(`${PROJECT}/environments/${name}/services`)).items ?? [];
    if (instance?.current === undefined) return;
    const seen: Json[] = [];
    const last = await until(ANSWERS_MS, async () => {
      const told = await client.visit(name);
      if (told?.status !== 200) return told ?? { status: 0, body: {} };
      seen.push(...told.body.items);
      return undefined;
    });
    // Its time may be over meanwhile.
    const isReady = async (): Promise<boolean> =>
      (await environments()).some((one) => one.name === name && one.state === 'ready');
    if (last && !(await isReady())) return;
    if (last)
      return violate(
        `I6: the guestbook of ${name} answers ${last.status}: ${JSON.stringify(last.body).slice(0, 300)}`,
      );
    // Nothing that a game day made fail is left: requests, not just one of them, are answered.
    for (let left = 10; left > 0; left--) {
      const told = await client.visit(name);
      if (told?.status !== 200 && !(await isReady())) return;
      if (told?.status !== 200)
        return violate(
          `the guestbook of ${name} answers ${told?.status} at rest: ${JSON.stringify(told?.body)}`,
        );
    }
    const oldest = seen.length < GUESTBOOK_SHOWS ? 0 : seen.at(-1)?.id;
    const ids = new Set(seen.map(({ id, message }) => `${id} ${message}`));
    for (const { environment: of, at, what } of promised.entries)
      if (
        of === name &&
        at >= Date.parse(createdAt) &&
        what.id >= oldest &&
        !ids.has(`${what.id} ${what.message}`)
      )
        violate(`the guestbook of ${name} took "${what.message}" as ${what.id}, and has it no more`);
  }

  /** I4: processes, directories, databases and roles without an owner. */
  async function nothingIsOrphaned(present: Json[]): Promise<void> {
    const names = present.map(({ name }) => name);
    const strangers = await until(30_000, async () => {
      let replicas = 0;
      // What was replaced stays warm for a while.
      for (const name of names)
        for (const { replicas: of, standby } of (await get(`${PROJECT}/environments/${name}/services`))
          .items ?? [])
          replicas += of.desired + (standby?.replicas ?? 0);
      const running = workloadsOf(directory).length;
      return running > replicas ? `${running} processes of workloads, ${replicas} replicas` : undefined;
    });
    if (strangers) violate(`I4: ${strangers}`);
    for (const place of ['environments', 'replicas'])
      for (const name of list(join(directory, 'workloads', place, 'shop')))
        if (!names.includes(name)) violate(`I4: workloads/${place} has a directory of ${name}`);
    let resources = 0;
    for (const name of names)
      resources += ((await get(`${PROJECT}/environments/${name}/resources`)).items ?? []).length;
    const { databases, roles } = await onServer();
    if (databases.length > resources)
      violate(`I4: databases ${databases.join(', ')} for ${resources} resources`);
    const orphans = roles.filter(
      (role) => !databases.some((database) => role === database || role.startsWith(database.slice(0, 40))),
    );
    if (orphans.length > 0) violate(`I4: roles ${orphans.join(', ')} without a database`);
  }

  async function onServer(): Promise<{ databases: string[]; roles: string[] }> {
    const file = (name: string): string => readFileSync(join(directory, 'postgres', name), 'utf8').trim();
    if (postgresOf(directory).length === 0) return { databases: [], roles: [] };
    const sql = new Sql({
      host: '127.0.0.1',
      port: Number(file('port')),
      user: 'postgres',
      password: file('password'),
      database: 'postgres',
    });
    await sql.connect();
    const names = async (query: string): Promise<string[]> =>
      (await sql.query(query)).rows.map(({ name }) => name);
    const databases = await names(
      `SELECT datname::text AS name FROM pg_database WHERE datname LIKE 'berth%'`,
    );
    const roles = await names(`SELECT rolname::text AS name FROM pg_roles WHERE rolname LIKE 'berth%'`);
    await sql.end();
    return { databases, roles };
  }

  return {
    async atRest() {
      const health = await until(ANSWERS_MS, async () => {
        const { status, ...rest } = await get('/healthz');
        return status === 'ok' ? undefined : rest;
      });
      // After a jump of the clock, as a frozen process sees one, it is degraded for an hour on purpose.
      if (health && (health.workloads || health.logs))
        violate(`Berth is not well: ${JSON.stringify(health)}`);
      await operationsEnd();
      const unsettled = await until(ANSWERS_MS, async () => {
        const states = (await environments()).map(({ name, state }) => `${name} is ${state}`);
        const open = states.filter((state) => !/ is (ready|hibernated|expired|failed)$/.test(state));
        return open.length > 0 ? open : undefined;
      });
      if (unsettled) violate(`I3: ${unsettled.join(', ')}, and nothing goes on`);
      const present = await environments();
      if (!present.some(({ name }) => name === 'prod'))
        violate('environment prod was made, and is not there');
      for (const environment of present) {
        await promisesHold(environment);
        if (environment.state === 'ready') await serves(environment);
      }
      await nothingIsOrphaned(present);
      const { intact, faults } = await get(`${PROJECT}/audit/verification`);
      if (!intact) violate(`I9: the audit trail does not verify: ${JSON.stringify(faults)}`);
    },
    async afterDestroy() {
      for (const { name } of await environments())
        await client.ask('DELETE', `${PROJECT}/environments/${name}`);
      await operationsEnd();
      const left = await until(ANSWERS_MS, async () => {
        const states = await environments();
        return states.length > 0 ? states : undefined;
      });
      if (left) violate(`I4: ${JSON.stringify(left).slice(0, 500)} is left`);
      const { databases, roles } = await onServer();
      for (const name of [...databases, ...roles]) violate(`I4: ${name} is left on the database server`);
      for (const place of ['environments', 'replicas'])
        for (const name of list(join(directory, 'workloads', place, 'shop')))
          violate(`I4: workloads/${place}/shop/${name} is left`);
      if (workloadsOf(directory).length > 0)
        violate(`I4: processes ${workloadsOf(directory).join(', ')} are left`);
    },
  };
}
