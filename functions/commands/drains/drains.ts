/** Log drains of projects: the addresses that output is sent to. */

import { newDelivery } from '../../core/drains/drain-rules.ts';
import { changesOf } from '../../core/field-changes.ts';
import {
  drainDeliveryKey,
  drainHeadersPath,
  drainKey,
  drainsPartition,
  projectKey,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Drain, DrainDelivery, DrainFilter, DrainFormat } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, mustGet, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { deliveryWrite, turnOff } from '../webhooks/receiving.ts';

export interface DrainRef {
  project: string;
  drain: string;
}

/** Names in lower case, with their values, which are secret. */
export type DrainHeaders = Readonly<Record<string, string>>;

export interface NewDrain {
  project: string;
  url: string;
  format: DrainFormat;
  filter?: DrainFilter;
  operations?: boolean;
  headers?: DrainHeaders;
  description?: string;
}

/** null removes a member. */
export interface DrainPatch {
  url?: string;
  format?: DrainFormat;
  filter?: DrainFilter | null;
  operations?: boolean;
  headers?: DrainHeaders | null;
  description?: string | null;
  enabled?: boolean;
  ifMatch?: string;
}

export const getDrain = (store: Store, { project, drain }: DrainRef): Promise<Item<Drain>> =>
  mustGet<Drain>(
    store,
    drainKey(project, drain),
    `log drain "${drain}"`,
    `List the drains with GET /v1/projects/${project}/drains.`,
  );

/** @throws Problem not_supported */
export function mustRead({ logs }: Pick<Ports, 'logs'>): NonNullable<Ports['logs']['reading']> {
  if (logs.reading) return logs.reading;
  throw new Problem(
    'not_supported',
    'Log drains are not possible here: the output of workloads is kept in their cluster, not by Berth.',
    {
      hint: 'The platform team can send it on: on AWS by a subscription filter of the log group, in another cluster by its agent. docs/how-to/drain-logs.md says how, and what is not hidden there.',
    },
  );
}

/** Events tell only the origin of an address, and only the names of headers. */
const told = ({ url, headers, createdAt: _at, createdBy: _by, project: _in, ...rest }: Drain) => {
  const { begunAt: _begun, readsSince: _reads, pausedReason: _why, ...rule } = rest;
  return { ...rule, origin: new URL(url).origin, ...(headers && { headers: headers.names }) };
};

/** Keeps the values of headers; the version that has them. */
async function keepHeaders(
  { secrets, effects }: Ports,
  { project, drain }: DrainRef,
  headers: DrainHeaders | undefined,
): Promise<Drain['headers']> {
  const names = Object.keys(headers ?? {}).sort();
  if (names.length === 0) return undefined;
  const path = drainHeadersPath(project, drain);
  return { names, version: await secrets.put(path, JSON.stringify(headers), { versionId: effects.id() }) };
}

/** @throws Problem not_supported | not_found (project) | conflict (too many) */
export async function createDrain(
  ports: Ports,
  caller: Caller,
  { headers, operations, ...input }: NewDrain,
): Promise<Item<Drain>> {
  const { store, effects } = ports;
  const { project } = input;
  mustRead(ports);
  await getProject(store, project);
  const most = limits.drains.value;
  const { items } = await store.query({ pk: drainsPartition(project), limit: most });
  if (items.length >= most)
    throw new Problem('conflict', `Project "${project}" has ${most} log drains already.`, {
      hint: 'Delete one first; one receiver may hand lines on to several.',
    });
  const id = effects.id();
  const kept = await keepHeaders(ports, { project, drain: id }, headers);
  const now = new Date(effects.now()).toISOString();
  const data: Drain = {
    id,
    ...input,
    ...(operations && { operations }),
    ...(kept && { headers: kept }),
    enabled: true,
    begunAt: now,
    readsSince: now,
    createdAt: now,
    createdBy: caller.actor,
  };
  const key = drainKey(project, id);
  const item: Item<Drain> = { ...key, data, version: 1 };
  const { enabled: _enabled, ...rule } = told(data);
  try {
    await commit(ports, caller, {
      writes: [
        { put: { ...key, data }, if: 'absent' },
        { put: { ...drainDeliveryKey(project, id), data: newDelivery(project, id) }, if: 'absent' },
        { check: projectKey(project), if: 'present' },
      ],
      events: [{ project, type: 'drain.created', data: rule }],
      result: item,
    });
  } catch (error) {
    if (kept && !(await store.get(key))) await ports.secrets.remove(drainHeadersPath(project, id));
    throw error;
  }
  return item;
}

function patched(
  before: Drain,
  { filter, operations, headers: _values, description, ifMatch: _if, ...patch }: DrainPatch,
  kept: Drain['headers'] | null,
  now: string,
): Drain {
  const data: Drain = { ...before, ...patch };
  if (filter === null) delete data.filter;
  else if (filter) data.filter = filter;
  if (operations !== undefined) delete data.operations;
  if (operations) data.operations = true;
  if (description === null) delete data.description;
  else if (description) data.description = description;
  if (kept !== null) delete data.headers;
  if (kept) data.headers = kept;
  if (data.enabled) delete data.pausedReason;
  if (data.enabled && !before.enabled) data.begunAt = now;
  if (data.begunAt === now || filter !== undefined || operations !== undefined) data.readsSince = now;
  return data;
}

/**
 * Changes a drain. A new address, or resuming it, makes Berth send at once what was not taken; what was printed while
 * it was paused is not sent.
 * @throws Problem not_supported | not_found | precondition_failed
 */
export async function changeDrain(
  ports: Ports,
  caller: Caller,
  ref: DrainRef,
  patch: DrainPatch,
): Promise<Item<Drain>> {
  const { store, effects, secrets } = ports;
  mustRead(ports);
  await getDrain(store, ref);
  const kept = patch.headers === undefined ? null : await keepHeaders(ports, ref, patch.headers ?? undefined);
  let replaced: string | undefined;
  const result = await retryOnConflict(async () => {
    const item = await getDrain(store, ref);
    checkIfMatch(item, patch.ifMatch);
    const data = patched(item.data, patch, kept, new Date(effects.now()).toISOString());
    const isTriedAnew =
      data.enabled && (patch.enabled === true || patch.url !== undefined || patch.headers !== undefined);
    const changed: Item<Drain> = { ...item, data, version: item.version + 1 };
    await commit(ports, caller, {
      writes: [
        { put: { ...drainKey(ref.project, ref.drain), data }, if: { version: item.version } },
        await deliveryWrite<DrainDelivery>(
          store,
          drainDeliveryKey(ref.project, ref.drain),
          `log drain "${ref.drain}"`,
          ({ failure, refused, ...delivery }) => ({
            ...delivery,
            active: data.enabled,
            ...(failure && !isTriedAnew && { failure }),
            ...(refused !== undefined && !isTriedAnew && { refused }),
          }),
        ),
      ],
      events: [
        {
          project: ref.project,
          type: 'drain.changed',
          data: {
            id: ref.drain,
            changes: changesOf(told(item.data), told(data)),
            ...(data.url !== item.data.url && { urlChanged: true }),
            ...(kept !== null && { headersChanged: true }),
          },
        },
      ],
      result: changed,
    });
    replaced = kept === null ? undefined : item.data.headers?.version;
    return changed;
  });
  if (replaced !== undefined) await secrets.revoke(drainHeadersPath(ref.project, ref.drain), replaced);
  return result;
}

/** Gives up on a receiver that has taken nothing for a day. */
export const pauseDrain = (ports: Ports, ref: DrainRef, reason: string): Promise<void> =>
  turnOff<Drain>(
    ports,
    () => getDrain(ports.store, ref),
    drainDeliveryKey(ref.project, ref.drain),
    (before) => {
      const data = { id: before.id, origin: new URL(before.url).origin, reason };
      return {
        data: { ...before, enabled: false, pausedReason: reason },
        event: { project: ref.project, type: 'drain.paused', data },
      };
    },
  );
