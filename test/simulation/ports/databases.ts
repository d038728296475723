/** A PostgreSQL server in memory, as far as the statements of the `postgres` type go. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { Problem } from '../../../functions/core/problem.ts';
import type { DatabaseLogin, Databases, SqlConnection } from '../../../functions/ports/databases.ts';
import { MaskingFailed } from '../../../functions/ports/rules/masking-failed.ts';

/** What is around the server. */
export interface AroundServer {
  /** One call, as a process makes it. */
  io<T>(point: string, effect: () => T | Promise<T>): Promise<T>;
  /** The process that calls; undefined where processes do not die. */
  caller(): object | undefined;
  /** Whether the server has noticed that a process is gone. */
  isGone(process: object): boolean;
  /** Is told when a process has died, for what its sessions held. */
  onDeath: ((process: object) => void)[];
  /** Whether the administrator has all rights, as on one machine. */
  superuser?: boolean;
}

interface Role {
  tag: string | null;
  verifier: string | null;
}

interface Database {
  owner: string;
  tag: string | null;
  open: boolean;
  public: boolean;
  /** What is in it: a number that each write to it raises. */
  content: number;
  /** Whether what it has was masked; absent where that was copied from nowhere. */
  masked?: boolean;
}

export interface SimulatedDatabases extends Databases {
  /** Whether a role may log in with a password. */
  admits(role: string, password: string): boolean;
  /** How often a database was written to; undefined where there is none. */
  content(database: string): number | undefined;
  isOpen(database: string): boolean;
  /** Whether it has what another one had, as that was. */
  isUnmaskedCopy(database: string): boolean;
  /** Roles and databases that exist. */
  inventory(): string[];
  /** The roles that may log in. */
  logins(): string[];
  /** The tag of a role, or of the one that owns a database. */
  tagOf(name: string): string | undefined;
}

type Row = Record<string, unknown>;
type Statement = [RegExp, (...names: string[]) => void];

/** A table that no database has. */
export const ABSENT = 'absentees';

const MAINTENANCE = 'postgres';
const ADMINISTRATOR = 'administrator';

export function createSimulatedDatabases({
  io,
  caller,
  isGone,
  onDeath,
  superuser = false,
}: AroundServer): SimulatedDatabases {
  let closed = false;
  const known = new Map<string, boolean>();
  const roles = new Map<string, Role>();
  const databases = new Map<string, Database>();
  const locks = new Map<string, { holder: object | undefined; waiting: (() => void)[] }>();
  const role = (name: string): Role => {
    const found = roles.get(name);
    if (!found) throw new Error(`role "${name}" does not exist`);
    return found;
  };
  const database = (name: string): Database => {
    const found = databases.get(name);
    if (!found) throw new Error(`database "${name}" does not exist`);
    return found;
  };
  const ignored = (): void => undefined;
  const statements: Statement[] = [
    [/^CREATE ROLE "(.+?)"/, (name) => make(roles, name, { tag: null, verifier: null })],
    [/^COMMENT ON ROLE "(.+?)" IS '(.*)'$/, (name, tag) => void Object.assign(role(name), { tag })],
    [
      /^ALTER ROLE "(.+?)" LOGIN PASSWORD '(.*)'$/,
      (name, verifier) => void Object.assign(role(name), { verifier }),
    ],
    [
      /^ALTER ROLE "(.+?)" NOLOGIN PASSWORD NULL$/,
      (name) => void Object.assign(role(name), { verifier: null }),
    ],
    [/^(?:GRANT|ALTER ROLE|DROP OWNED|REASSIGN OWNED|SET ROLE|CREATE EXTENSION)/, ignored],
    [
      /^CREATE DATABASE "(.+?)" OWNER "(.+?)" TEMPLATE "(.+?)"/,
      (name, owner, template) => {
        const from = database(template);
        if (from.open) throw new Error(`source database "${template}" is being accessed by other users`);
        role(owner);
        make(databases, name, { ...from, owner, tag: null, open: false, public: true });
      },
    ],
    [
      /^CREATE DATABASE "(.+?)" OWNER "(.+?)"/,
      (name, owner) => {
        role(owner);
        make(databases, name, { owner, tag: null, open: false, public: true, content: 0 });
      },
    ],
    [/^COMMENT ON DATABASE "(.+?)" IS '(.*)'$/, (name, tag) => void Object.assign(database(name), { tag })],
    [/^REVOKE ALL ON DATABASE "(.+?)"/, (name) => void Object.assign(database(name), { public: false })],
    [
      /^ALTER DATABASE "(.+?)" ALLOW_CONNECTIONS true$/,
      (name) => void Object.assign(database(name), { open: true }),
    ],
    [
      /^ALTER DATABASE "(.+?)" ALLOW_CONNECTIONS false$/,
      (name) => void Object.assign(database(name), { open: false }),
    ],
    [
      /^ALTER DATABASE "(.+?)" RENAME TO "(.+?)"$/,
      (name, other) => {
        const renamed = database(name);
        if (renamed.open) throw new Error(`database "${name}" is being accessed by other users`);
        make(databases, other, renamed);
        databases.delete(name);
      },
    ],
    [
      /^ALTER DATABASE "(.+?)" OWNER TO CURRENT_USER$/,
      (name) => void Object.assign(database(name), { owner: ADMINISTRATOR }),
    ],
    [/^DROP DATABASE (?:IF EXISTS )?"(.+?)"/, (name) => void databases.delete(name)],
    [
      /^DROP ROLE "(.+?)"$/,
      (name) => {
        const owned = [...databases].find(([, { owner }]) => owner === name)?.[0];
        if (owned !== undefined) throw new Error(`role "${name}" can not be dropped: it owns ${owned}`);
        roles.delete(name);
      },
    ],
  ];

  function apply(text: string): void {
    for (const [pattern, act] of statements) {
      const match = pattern.exec(text);
      if (!match) continue;
      act(...match.slice(1));
      return;
    }
    throw new Error(`The simulated server does not know: ${text}`);
  }

  function look(name: string): Row {
    const found = databases.get(name);
    return {
      superuser: true,
      role: roles.has(name) ? name : null,
      role_tag: roles.get(name)?.tag ?? null,
      owner: found?.owner ?? null,
      open: found?.open ?? false,
      broken: false,
      tag: found?.tag ?? null,
      public: found?.public ?? false,
    };
  }

  /** The roles that own what is in masked snapshots, and whether the snapshot of each is whole. */
  function snapshots(tagged: string, whole: string): Row[] {
    const isWhole = (name: string, tag: string): boolean => {
      const found = databases.get(name);
      return found?.owner === ADMINISTRATOR && found.tag === tag + whole;
    };
    return [...roles].flatMap(([name, { tag }]) =>
      tag?.startsWith(tagged) ? [{ name, tag, whole: isWhole(name, tag) }] : [],
    );
  }

  function release(name: string): void {
    const lock = locks.get(name);
    const next = lock?.waiting.shift();
    if (next) next();
    else locks.delete(name);
  }

  async function acquire(name: string, holder: object | undefined): Promise<void> {
    const lock = locks.get(name);
    if (!lock) {
      locks.set(name, { holder, waiting: [] });
      return;
    }
    await new Promise<void>((resolve) =>
      lock.waiting.push(() => {
        lock.holder = holder;
        if (holder && isGone(holder)) release(name);
        else resolve();
      }),
    );
  }

  onDeath.push((process) => {
    for (const [name, { holder }] of [...locks]) if (holder === process) release(name);
  });

  function connection(process: object | undefined): SqlConnection {
    const held: string[] = [];
    let transaction: string[] | undefined;
    const run = async (text: string, values: unknown[] = []): Promise<Row[]> => {
      if (text.startsWith('SELECT format('))
        return [{ statement: format(String(values[0]), values[1] as string[]) }];
      if (text.includes('pg_advisory_lock')) {
        const name = String(values[0]);
        await acquire(name, process);
        held.push(name);
        return [];
      }
      if (text.includes('pg_try_advisory_lock')) {
        const name = String(values[0]);
        if (locks.has(name)) return [{ got: false }];
        await acquire(name, process);
        held.push(name);
        return [{ got: true }];
      }
      if (text.includes('AS whole')) return snapshots(String(values[0]), String(values[1]));
      if (text.includes('FROM pg_roles') && text.includes('role_tag')) return [look(String(values[0]))];
      if (text.includes('datdba ='))
        return [...databases].flatMap(([name, { owner, tag }]) =>
          owner === values[0] && name !== owner ? [{ name, tag }] : [],
        );
      if (/^\s*SELECT/.test(text)) return [];
      if (text === 'BEGIN') transaction = [];
      else if (text === 'ROLLBACK') transaction = undefined;
      else if (text === 'COMMIT') {
        for (const statement of transaction ?? []) apply(statement);
        transaction = undefined;
      } else if (transaction) transaction.push(text);
      else apply(text);
      return [];
    };
    return {
      query: <R extends Row>(text: string, values?: unknown[]) =>
        io(`databases.${point(text)}`, () => run(text, values)) as Promise<R[]>,
      async end() {
        for (const name of held.splice(0)) release(name);
      },
    };
  }

  const unavailable = (what: string): Problem =>
    new Problem('unavailable', what, { hint: 'Try again in a moment.' });
  const requireOpen = (): void => {
    if (closed) throw unavailable('The server was closed.');
  };

  const admits = (name: string, password: string): boolean => {
    const verifier = roles.get(name)?.verifier;
    if (typeof verifier !== 'string') return false;
    const question = `${verifier} ${password}`;
    const answer = known.get(question) ?? verifies(verifier, password);
    known.set(question, answer);
    return answer;
  };
  const opened = ({ database: name, username, password }: DatabaseLogin): Database => {
    requireOpen();
    const found = databases.get(name);
    if (!found?.open || !admits(username, password)) throw unavailable(`"${name}" can not be reached.`);
    return found;
  };

  return {
    ...(superuser && { superuser }),
    readCopy: (login, signal) =>
      io('databases.readCopy', () => {
        signal.throwIfAborted();
        const from = opened(login);
        const { content, masked } = from;
        from.content++;
        return (async function* () {
          yield Buffer.from(JSON.stringify({ content, masked: masked === true }));
        })();
      }),
    loadCopy: (login, chunks, signal) =>
      io('databases.loadCopy', async () => {
        const { content, masked } = JSON.parse(Buffer.concat(await Array.fromAsync(chunks)).toString());
        signal.throwIfAborted();
        Object.assign(opened(login), { content, masked });
        return { tables: 1, rows: content };
      }),
    maskCopy: (login, statements, signal) =>
      io('databases.maskCopy', () => {
        signal.throwIfAborted();
        const at = statements.findIndex((one) => one.includes(ABSENT));
        if (at >= 0) throw new MaskingFailed(at, 'there is no such table');
        opened(login).masked = true;
      }),
    connect: (name = MAINTENANCE) => {
      const process = caller();
      return io('databases.connect', () => {
        requireOpen();
        if (name !== MAINTENANCE && !databases.has(name))
          throw unavailable(`The database "${name}" does not exist.`);
        return connection(process);
      });
    },
    async endpoint() {
      requireOpen();
      return { host: 'postgres.internal', port: 5432, sslmode: 'disable' };
    },
    async close() {
      closed = true;
    },
    admits,
    content: (name) => databases.get(name)?.content,
    isOpen: (name) => databases.get(name)?.open === true,
    isUnmaskedCopy: (name) => databases.get(name)?.masked === false,
    tagOf: (name) => roles.get(databases.get(name)?.owner ?? name)?.tag ?? undefined,
    logins: () => [...roles].flatMap(([name, { verifier }]) => (verifier === null ? [] : [name])),
    inventory: () => [
      ...[...roles.keys()].map((name) => `role ${name}`),
      ...[...databases.keys()].map((name) => `database ${name}`),
    ],
  };
}

/** Reads are one point, and each kind of statement that changes something is one of its own. */
const point = (text: string): string =>
  /^\s*SELECT/.test(text) ? 'select' : text.split(' ').slice(0, 2).join('-').toLowerCase();

function make<T>(into: Map<string, T>, name: string, value: T): void {
  if (into.has(name)) throw new Error(`"${name}" already exists`);
  into.set(name, value);
}

function format(template: string, values: string[]): string {
  let at = 0;
  return template.replaceAll(/%[IL]/g, (kind) => {
    const value = values[at++] ?? '';
    return kind === '%I' ? `"${value}"` : `'${value}'`;
  });
}

/** RFC 5803: what PostgreSQL keeps of a password. */
function verifies(verifier: string, password: string): boolean {
  const [, rounds = '', salt = '', storedKey = ''] =
    /^SCRAM-SHA-256\$(\d+):(.+?)\$(.+?):/.exec(verifier) ?? [];
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(rounds), 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  return createHash('sha256').update(clientKey).digest('base64') === storedKey;
}
