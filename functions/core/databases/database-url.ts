/** The URL of a PostgreSQL database, as libpq takes it. */

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

export interface DatabaseUrl {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** `require` where the URL has none: what would go on without TLS can be made to. */
  sslmode: (typeof SSL_MODES)[number];
}

/** Of these nothing has to be known here. */
const IGNORED: ReadonlySet<string> = new Set(['channel_binding', 'application_name', 'connect_timeout']);
const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])$/i;

/** @returns its parts, or what it must be or have, as words after "must" */
export function readDatabaseUrl(text: string): DatabaseUrl | string {
  const url = URL.parse(text);
  if (!url || !/^postgres(?:ql)?:$/.test(url.protocol))
    return 'be of the form postgres://user:password@host:port/database';
  if (!HOST.test(url.hostname)) return 'name one host, by its name or address';
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded);
  // An empty one would be looked for in the environment of this process.
  if (!user || !password) return 'have a user and a password';
  if (!database || database.includes('/')) return 'name a database after the host';
  const { sslmode = 'require', ...others } = Object.fromEntries(url.searchParams);
  const unknown = Object.keys(others).find((name) => !IGNORED.has(name));
  if (unknown !== undefined) return `have no parameter but sslmode: not "${unknown.slice(0, 40)}"`;
  const mode = SSL_MODES.find((one) => one === sslmode);
  if (!mode) return `have one of these as sslmode: ${SSL_MODES.join(', ')}`;
  const port = Number(url.port || 5432);
  if (port === 0) return 'have a port from 1 on';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port, user, password, database, sslmode: mode };
}

/** What people are told of it: without user and password. */
export const databaseUrlWords = ({ host, port, database }: DatabaseUrl): string =>
  `${host}:${port}/${database}`;

function decoded(text: string): string | undefined {
  try {
    const found = decodeURIComponent(text);
    // What controls a terminal would be told by events, and a zero byte ends a value on its way to the server.
    return /\p{Cc}/u.test(found) ? undefined : found;
  } catch {
    return undefined;
  }
}
