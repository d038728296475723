/** Databases and the like that a manifest runs as images of others, and how variables name them. */
import { type Draft, literal, nameFor, type ServiceDraft } from './draft.ts';

/** What an image of others is, by its name without registry, tag and digest. The type is that of a Score resource. */
const STORES: readonly (readonly [RegExp, string])[] = [
  [/^(?:.*\/)?(?:postgres|postgresql|postgis|timescaledb(?:-ha)?|pgvector|supabase-postgres)$/, 'postgres'],
  [/^(?:.*\/)?(?:mysql|mariadb|mysql-server|percona)$/, 'mysql'],
  [/^(?:.*\/)?(?:redis|redis-stack|redis-stack-server|valkey|keydb|dragonfly)$/, 'redis'],
  [/^(?:.*\/)?(?:mongo|mongodb|mongodb-community-server)$/, 'mongodb'],
  [/^(?:.*\/)?(?:rabbitmq|activemq|nats|mosquitto|eclipse-mosquitto)$/, 'amqp'],
  [/^(?:.*\/)?(?:kafka|cp-kafka|redpanda|zookeeper|cp-zookeeper)$/, 'kafka'],
  [/^(?:.*\/)?(?:elasticsearch|opensearch|meilisearch|typesense|solr)$/, 'elasticsearch'],
  [/^(?:.*\/)?(?:minio|localstack|seaweedfs)$/, 's3'],
  [
    /^(?:.*\/)?(?:memcached|influxdb|clickhouse-server|cassandra|neo4j|qdrant|weaviate|etcd|consul)$/,
    'store',
  ],
];

/** Programs beside others while these are worked on, which nothing needs to run. */
const TOOL =
  /^(?:.*\/)?(?:adminer|pgadmin4?|phpmyadmin|mailhog|mailpit|maildev|mailcatcher|redis-commander|redisinsight|mongo-express|portainer|watchtower|cloudbeaver|kafka-ui|kafdrop|swagger-ui|docs)$/;

/** An image without its tag and digest. */
export const imageName = (image: string): string =>
  image
    .slice(0, 500)
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .toLowerCase();

export const storeOf = (image: string): string | undefined =>
  STORES.find(([pattern]) => pattern.test(imageName(image)))?.[1];

export const isTool = (image: string): boolean => TOOL.test(imageName(image));

/** A store of the manifest: which resource takes its place, or that none does. */
export interface Store {
  /** Its name in the manifest, which is its host there. */
  host: string;
  type: string;
  /** Outputs of the resource type; absent where Berth has no such type. */
  outputs?: ReadonlySet<string>;
}

/** `postgres://user:password@db:5432/name?query`, and with `jdbc:` in front. */
const URL_FORM =
  /^((?:jdbc:)?[A-Za-z][A-Za-z0-9+.]{0,40}):\/\/([^@\s]*@)?([A-Za-z0-9_.-]{1,253})(:[^/?\s]*)?(\/[^?\s]*)?(\?\S*)?$/;

/** The stores that a value names as a host, alone or in an address. */
export function storeIn(value: string, stores: ReadonlyMap<string, Store>): Store | undefined {
  if (value.length > 4096) return undefined;
  const host = URL_FORM.exec(value)?.[3] ?? /^([A-Za-z0-9_.-]{1,253})(?::\d{1,5})?$/.exec(value)?.[1];
  if (host !== undefined && stores.has(host)) return stores.get(host);
  const named = /(?:^|;)\s*(?:host|server|data source)\s*=\s*([A-Za-z0-9_.-]{1,253})/i.exec(value)?.[1];
  return named === undefined ? undefined : stores.get(named);
}

const ABOUT_STORE =
  /(?:^|_)(?:DB|DATABASE|DATASOURCE|POSTGRES|POSTGRESQL|PG|PSQL|SQL|MYSQL|MARIADB|RDS|TYPEORM|REDIS|MONGO|MONGODB)/i;

const PARTS: readonly (readonly [RegExp, string])[] = [
  [/(?:PASSWORD|PASSWD|PASS|PWD)$/i, 'password'],
  [/(?:USER|USERNAME)$/i, 'username'],
  [/PORT$/i, 'port'],
  [/(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS)$/i, 'host'],
  [/(?:DB_NAME|DBNAME|DB|DATABASE|NAME)$/i, 'database'],
];

/** Whether a variable is about a part of a store that the service is known to use: `DB_USER`, `PGPASSWORD`. */
export const partOf = (name: string): string | undefined =>
  ABOUT_STORE.test(name) || /^PG[A-Z]/.test(name)
    ? PARTS.find(([pattern]) => pattern.test(name))?.[1]
    : undefined;

/**
 * A variable that names a store, as Score has it. A store that Berth does not make stays where it is or is had elsewhere:
 * the variable is one of the environment then.
 */
export function storeVariable(
  draft: Draft,
  service: ServiceDraft,
  store: Store,
  name: string,
  value: string,
): string {
  const { outputs, type, host } = store;
  const resource = nameFor(host);
  const output = (part: string): string | undefined => {
    const has = part === 'database' && !outputs?.has(part) ? 'name' : part;
    return outputs?.has(has) ? `\${resources.${resource}.${has}}` : undefined;
  };
  const found = outputs && textFor(output, name, value);
  if (found !== undefined) {
    service.resources[resource] = { type, id: resource };
    return found;
  }
  const what = `${host} (${type === 'store' ? 'a store' : type}): Berth makes none`;
  draft.say(
    'set',
    service.name,
    what,
    `Have one elsewhere, and set ${name} in each environment to its address.`,
  );
  return draft.secret(service, name, `the address of ${host}`);
}

function textFor(
  output: (part: string) => string | undefined,
  name: string,
  value: string,
): string | undefined {
  const url = URL_FORM.exec(value);
  if (url) return urlFor(output, url);
  if (/;|=/.test(value)) return pairsFor(output, value);
  if (/^[A-Za-z0-9_.-]+:\d+$/.test(value)) return joined`${output('host')}:${output('port')}`;
  const part = partOf(name) ?? 'host';
  return output(part);
}

function urlFor(output: (part: string) => string | undefined, match: RegExpExecArray): string | undefined {
  const [, scheme = '', login, , port, path, query] = match;
  if (/^postgres(?:ql)?$/.test(scheme) && login !== undefined && query === undefined) return output('url');
  if (!/^(?:jdbc:)?(?:postgres|mysql|mariadb)/.test(scheme) && output('url') !== undefined)
    return output('url');
  const parts = [
    login === undefined ? '' : joined`${output('username')}:${output('password')}@`,
    output('host'),
    port === undefined ? '' : joined`:${output('port')}`,
    path === undefined || path === '/' ? (path ?? '') : joined`/${output('database')}`,
  ];
  if (parts.some((part) => part === undefined)) return undefined;
  return `${scheme}://${parts.join('')}${literal(query ?? '')}`;
}

/** `Host=db;Port=5432;Database=app;Username=app;Password=x`, and the same with blanks between. */
function pairsFor(output: (part: string) => string | undefined, value: string): string | undefined {
  const separator = value.includes(';') ? ';' : ' ';
  const pairs = value.split(separator).map((pair): string | undefined => {
    const end = pair.indexOf('=');
    if (end === -1) return literal(pair);
    const key = pair.slice(0, end);
    const part = KEYS.find(([pattern]) => pattern.test(key.trim()))?.[1];
    if (part === undefined) return literal(pair);
    return joined`${literal(key)}=${output(part)}`;
  });
  return pairs.some((pair) => pair === undefined) ? undefined : pairs.join(separator);
}

const KEYS: readonly (readonly [RegExp, string])[] = [
  [/^(?:host|server|data source)$/i, 'host'],
  [/^port$/i, 'port'],
  [/^(?:database|dbname|initial catalog)$/i, 'database'],
  [/^(?:user|username|user id|uid)$/i, 'username'],
  [/^(?:password|pwd)$/i, 'password'],
];

/** A text of parts; undefined where one of them is. */
function joined(texts: TemplateStringsArray, ...parts: (string | undefined)[]): string | undefined {
  if (parts.some((part) => part === undefined)) return undefined;
  return texts.map((text, index) => text + (parts[index] ?? '')).join('');
}
