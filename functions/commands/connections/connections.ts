/** Connections: where the source of a service is, and what a push or a pull request there brings about. */
import { changesOf } from '../../core/field-changes.ts';
import { fullNameOf } from '../../core/git/git-provider.ts';
import {
  appConnectionKey,
  connectionIdKey,
  connectionKey,
  environmentKey,
  gitTokenPath,
  hookSecretPath,
  previewCommentKey,
  previewPrefix,
  previewsPartition,
  serviceKey,
  webhookDeliveryKey,
} from '../../core/keys.ts';
import type {
  Connection,
  ConnectionPlace,
  Environment,
  Preview,
  WebhookDelivery,
} from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, type Store, TRANSACTION_MAX, type Write } from '../../ports/store.ts';
import { readHead } from '../../records/chain-append.ts';
import { type Caller, checkIfMatch, commit, mustGet, retryOnConflict } from '../../records/commit.ts';
import { getService } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { maskedDataOf } from '../clones/masking.ts';
import { appConnectionWrites, requireApp } from './app-access.ts';
import { refuseProtectedBase } from './preview-plan.ts';

/** Random bytes of a secret that a provider signs with. */
const SECRET_BYTES = 32;
/** After a rotation both secrets are good for this long, milliseconds. */
const ROTATION_MS = 24 * 60 * 60 * 1000;

export type ConnectionSettings = Pick<
  Connection,
  'project' | 'service' | 'provider' | 'repository' | 'api' | 'path' | 'watch' | 'rules' | 'previews' | 'app'
>;

/** @throws Problem not_found */
export const getConnection = (store: Store, place: ConnectionPlace): Promise<Item<Connection>> =>
  mustGet<Connection>(
    store,
    connectionKey(place),
    `connection of service "${place.service}" to a repository`,
    `Connect it with PUT /v1/projects/${place.project}/services/${place.service}/connection.`,
  );

/** The connection that an id in a hook's address stands for; undefined where there is none. */
export async function findConnection(store: Store, id: string): Promise<Item<Connection> | undefined> {
  const place = await store.get<ConnectionPlace>(connectionIdKey(id));
  const item = place && (await store.get<Connection>(connectionKey(place.data)));
  return item?.data.id === id ? item : undefined;
}

/** A token goes to who it was given for: another address is told none. */
const isSamePlace = (a: ConnectionSettings, b: ConnectionSettings): boolean =>
  a.api === b.api && a.repository === b.repository && a.provider === b.provider && a.app === b.app;

const told = ({ secret: _secret, token: _token, createdAt: _at, createdBy: _by, ...rest }: Connection) =>
  rest;

export interface PutConnection {
  settings: ConnectionSettings;
  /** null takes it away; undefined leaves it as it is, where it would go to the same place. */
  token?: string | null | undefined;
  ifMatch?: string;
}

export interface PutResult {
  item: Item<Connection>;
  /** What the provider signs with, where it is new. */
  secret?: string;
}

/**
 * Connects a service, or changes how it is connected.
 * @throws Problem not_found (service) | forbidden (previews of a protected environment) | masking_required
 * | precondition_failed | not_supported, forbidden (by the GitHub App) | conflict
 */
export async function putConnection(
  ports: Ports,
  caller: Caller,
  { settings, token, ifMatch }: PutConnection,
): Promise<PutResult> {
  const { store, secrets, effects } = ports;
  const { project, service } = settings;
  await getService(store, settings);
  if (settings.app) await requireApp(ports, settings);
  const base =
    settings.previews &&
    (await store.get<Environment>(environmentKey({ project, environment: settings.previews.base })));
  if (base) refuseProtectedBase(base.data);
  if (base && settings.previews?.withData) await maskedDataOf(store, base.data);
  const before = await store.get<Connection>(connectionKey(settings));
  checkIfMatch(before, ifMatch);
  const id = before?.data.id ?? effects.id();
  const secret = before ? undefined : effects.token(SECRET_BYTES);
  // Values are written first, so that a record never names a version that does not exist.
  const kept: Connection['secret'] = before?.data.secret ?? {
    version: await secrets.put(hookSecretPath(project, id), secret ?? '', { versionId: effects.id() }),
  };
  const old = before && isSamePlace(before.data, settings) ? before.data.token : undefined;
  const tokenPath = gitTokenPath(project, id);
  const given =
    typeof token === 'string'
      ? { version: await secrets.put(tokenPath, token, { versionId: effects.id() }) }
      : undefined;
  const now = token === undefined ? old : given;
  const data: Connection = {
    id,
    ...settings,
    secret: kept,
    ...(now && { token: now }),
    createdAt: before?.data.createdAt ?? new Date(effects.now()).toISOString(),
    // What it does is done for who set its rules last.
    createdBy: caller.person ?? caller.actor,
  };
  const key = connectionKey(settings);
  const item: Item<Connection> = { ...key, data, version: (before?.version ?? 0) + 1 };
  const result: PutResult = { item, ...(secret !== undefined && { secret }) };
  try {
    await commit(ports, caller, {
      writes: [
        { put: { ...key, data }, if: before ? { version: before.version } : 'absent' },
        ...(await outboxWrites(store, before?.data, data)),
        ...(await appConnectionWrites(ports, before?.data, data)),
        { check: serviceKey(settings), if: 'present' },
      ],
      events: [
        before
          ? {
              project,
              service,
              type: 'connection.changed',
              data: {
                connection: id,
                changes: changesOf(told(before.data), told(data)),
                ...(before.data.token?.version !== now?.version && { tokenChanged: true }),
              },
            }
          : {
              project,
              service,
              type: 'connection.created',
              data: { connection: id, provider: data.provider, repository: data.repository },
            },
      ],
      result,
    });
  } catch (error) {
    // Nothing can refer to these: where the record was written all the same, its versions are the same.
    const is = (await store.get<Connection>(key))?.data;
    if (given && is?.token?.version !== given.version) await secrets.revoke(tokenPath, given.version);
    if (!before && is?.id !== id) await removeValues(ports, project, id);
    throw error;
  }
  const unused = before?.data.token;
  if (unused && unused.version !== now?.version) await secrets.revoke(tokenPath, unused.version);
  return result;
}

/** The record of what the provider was told, which is written with the first connection and with each of its tokens. */
async function outboxWrites(
  store: Store,
  before: Connection | undefined,
  { id, project, service, token, app }: Connection,
): Promise<Write[]> {
  const key = webhookDeliveryKey(project, id);
  const active = token !== undefined || app === true;
  if (before) {
    const item = await store.get<WebhookDelivery>(key);
    if (!item) return [];
    // Another token may be good where the one before was not.
    const { failure: _failure, ...delivery } = item.data;
    return [{ put: { ...key, data: { ...delivery, active } }, if: { version: item.version } }];
  }
  const { number } = await readHead(store, project);
  const data: WebhookDelivery = { project, webhook: id, service, active, delivered: number };
  return [
    { put: { ...key, data }, if: 'absent' },
    { put: { ...connectionIdKey(id), data: { project, service } }, if: 'absent' },
  ];
}

async function removeValues({ secrets }: Ports, project: string, id: string): Promise<void> {
  await secrets.remove(hookSecretPath(project, id));
  await secrets.remove(gitTokenPath(project, id));
}

/** @throws Problem not_found */
export async function rotateConnectionSecret(
  ports: Ports,
  caller: Caller,
  place: ConnectionPlace,
): Promise<Required<PutResult>> {
  const { effects, secrets, store } = ports;
  const { project, service } = place;
  const { id } = (await getConnection(store, place)).data;
  const path = hookSecretPath(project, id);
  const secret = effects.token(SECRET_BYTES);
  const version = await secrets.put(path, secret, { versionId: effects.id() });
  let replaced: string | undefined;
  const item = await retryOnConflict(async () => {
    const before = await getConnection(store, place);
    const until = new Date(effects.now() + ROTATION_MS).toISOString();
    const { secret: old } = before.data;
    const data = { ...before.data, secret: { version, previous: { version: old.version, until } } };
    const result: Item<Connection> = { ...before, data, version: before.version + 1 };
    await commit(ports, caller, {
      writes: [{ put: { ...connectionKey(place), data }, if: { version: before.version } }],
      events: [
        {
          project,
          service,
          type: 'connection.secret-rotated',
          data: { connection: id, previousUntil: until },
        },
      ],
      result: { item: result, secret },
    });
    replaced = old.previous?.version;
    return result;
  });
  if (replaced !== undefined) await secrets.revoke(path, replaced);
  return { item, secret };
}

/** The secrets that a message may be signed with now. */
export async function hookSecretsOf(
  { secrets, effects }: Ports,
  { project, id, secret: { version, previous } }: Connection,
): Promise<string[]> {
  const isGood = previous && Date.parse(previous.until) > effects.now();
  const versions = isGood ? [version, previous.version] : [version];
  const values = await Promise.all(versions.map((each) => secrets.get(hookSecretPath(project, id), each)));
  return values.filter((value) => value !== undefined);
}

/** The writes that end a connection, with the service or without. */
export const disconnectionWrites = ({
  data: { id, project, service, app, repository },
  version,
}: Item<Connection>): Write[] => [
  { delete: connectionKey({ project, service }), if: { version } },
  { delete: connectionIdKey(id) },
  { delete: webhookDeliveryKey(project, id) },
  ...(app ? [{ delete: appConnectionKey(fullNameOf(repository), id) }] : []),
];

/**
 * Disconnects a service: nothing more is built for what is pushed. The environments of previews stay until their time is over.
 * @throws Problem not_found | precondition_failed
 */
export async function deleteConnection(
  ports: Ports,
  caller: Caller,
  place: ConnectionPlace,
  options: { ifMatch?: string } = {},
): Promise<void> {
  const gone = await retryOnConflict(async () => {
    const item = await getConnection(ports.store, place);
    checkIfMatch(item, options.ifMatch);
    const { id, repository } = item.data;
    await commit(ports, caller, {
      writes: disconnectionWrites(item),
      events: [{ ...place, type: 'connection.deleted', data: { connection: id, repository } }],
    });
    return item.data;
  });
  await forgetConnection(ports, gone);
}

/** Removes what a connection had outside of its record: values, and what is known of previews. */
export async function forgetConnection(ports: Ports, { project, service, id }: Connection): Promise<void> {
  await removeValues(ports, project, id);
  const previews = await readAll<Preview>(ports.store, previewsPartition(project), previewPrefix(service));
  for (let at = 0; at < previews.length; at += TRANSACTION_MAX / 2) {
    const some = previews.slice(at, at + TRANSACTION_MAX / 2);
    await ports.store.transact(
      some.flatMap(({ pk, sk, data }) => [
        { delete: { pk, sk } },
        { delete: previewCommentKey({ project, service }, data.number) },
      ]),
    );
  }
}
