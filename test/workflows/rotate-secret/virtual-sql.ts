/** The roles and databases of a PostgreSQL server, in memory, for the statements that the resource type sends. */
import type { Databases, SqlConnection } from '../../../functions/ports/databases.ts';

interface Role {
  tag?: string;
  verifier?: string;
}

export function simulatedDatabases(effect: (what: string) => Promise<void>) {
  let roles = new Map<string, Role>();
  const databases = new Map<string, { tag?: string; open?: boolean; owner: string }>();
  let lock: Promise<void> = Promise.resolve();
  const quote = (template: string, values: string[]): string => {
    const rest = [...values];
    return template.replace(/%[IL]/g, (kind) => (kind === '%I' ? `"${rest.shift()}"` : `'${rest.shift()}'`));
  };

  function look(name: string) {
    const role = roles.get(name);
    const base = databases.get(name);
    return {
      superuser: true,
      role: role ? name : null,
      role_tag: role?.tag ?? null,
      owner: base?.owner ?? null,
      open: base?.open ?? false,
      broken: false,
      tag: base?.tag ?? null,
      public: false,
    };
  }

  function change(statement: string): void {
    const [, name = '', text = ''] = /"([^"]+)"[^']*(?:'([^']*)')?/.exec(statement) ?? [];
    const role = roles.get(name);
    if (statement.startsWith('CREATE ROLE')) roles.set(name, {});
    if (statement.startsWith('COMMENT ON ROLE')) roles.set(name, { ...role, tag: text });
    if (statement.includes(' LOGIN PASSWORD')) roles.set(name, { ...role, verifier: text });
    if (statement.includes('NOLOGIN PASSWORD')) roles.set(name, { ...(role?.tag && { tag: role.tag }) });
    if (statement.startsWith('DROP ROLE')) roles.delete(name);
    if (statement.startsWith('CREATE DATABASE')) databases.set(name, { owner: name });
    const base = databases.get(name);
    if (base && statement.startsWith('COMMENT ON DATABASE')) databases.set(name, { ...base, tag: text });
    if (base && statement.includes('ALLOW_CONNECTIONS true')) databases.set(name, { ...base, open: true });
    if (statement.startsWith('DROP DATABASE')) databases.delete(name);
  }

  async function connect(): Promise<SqlConnection> {
    let release: () => void = () => undefined;
    let before: Map<string, Role> | undefined;
    const query = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
      if (text.includes('pg_advisory_lock')) {
        const held = lock;
        const turn = Promise.withResolvers<void>();
        lock = turn.promise;
        release = turn.resolve;
        await held;
      }
      if (text.startsWith('SELECT format'))
        return [{ statement: quote(String(values[0]), values[1] as string[]) }];
      if (text.includes('role_tag')) return [look(String(values[0]))];
      if (text === 'BEGIN') before = new Map(roles);
      if (text === 'COMMIT') before = undefined;
      if (text === 'ROLLBACK' && before) roles = before;
      if (/^(CREATE|COMMENT|ALTER|DROP)/.test(text)) {
        await effect('sql');
        change(text);
      }
      return [];
    };
    return {
      query: query as SqlConnection['query'],
      async end() {
        if (before) roles = before;
        before = undefined;
        release();
      },
    };
  }

  const server: Databases = {
    connect,
    endpoint: async () => ({ host: 'db', port: 5432, sslmode: 'disable' }),
    close: async () => undefined,
  };
  return {
    server,
    letsIn: (role: string, verifier: string): boolean => roles.get(role)?.verifier === verifier,
    logins: () => [...roles.values()].filter(({ verifier }) => verifier !== undefined).length,
    roles: () => roles.size,
  };
}
