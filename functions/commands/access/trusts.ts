/** Trust rules of projects, and the short-lived tokens that pipelines get by them. */

import { projectKey, tokenKey, trustKey, trustsPartition } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Token, Trust } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, commit, mustGet, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { newToken } from './tokens.ts';

/** The most rules of one project: all of them are read with each exchange. */
export const TRUSTS_MAX = limits.trusts.value;

/** A pipeline's token is good for this long at most, milliseconds. */
export const EXCHANGED_MS = 15 * 60 * 1000;

export type NewTrust = Omit<Trust, 'id' | 'createdAt' | 'createdBy'>;

export const trustsOf = async (store: Store, project: string): Promise<Trust[]> => {
  const { items } = await store.query<Trust>({ pk: trustsPartition(project), limit: TRUSTS_MAX });
  return items.map(({ data }) => data);
};

/** @throws Problem not_found (project) | conflict (too many) */
export async function createTrust(ports: Ports, caller: Caller, input: NewTrust): Promise<Item<Trust>> {
  const { store, effects } = ports;
  const { project } = input;
  await getProject(store, project);
  if ((await trustsOf(store, project)).length >= TRUSTS_MAX) {
    throw new Problem('conflict', `Project "${project}" has ${TRUSTS_MAX} trust rules already.`, {
      hint: 'Delete one first; a rule may name several subjects.',
    });
  }
  const data: Trust = {
    id: effects.id(),
    ...input,
    createdAt: new Date(effects.now()).toISOString(),
    createdBy: caller.actor,
  };
  const key = trustKey(project, data.id);
  const result: Item<Trust> = { ...key, data, version: 1 };
  const { createdAt: _at, createdBy: _by, project: _project, ...rule } = data;
  await commit(ports, caller, {
    writes: [
      { put: { ...key, data }, if: 'absent' },
      { check: projectKey(project), if: 'present' },
    ],
    events: [{ project, type: 'trust.created', data: { ...rule } }],
    result,
  });
  return result;
}

/** Removes a rule, and every token that was given by it. @throws Problem not_found */
export function deleteTrust(ports: Ports, caller: Caller, project: string, id: string): Promise<void> {
  return retryOnConflict(async () => {
    const key = trustKey(project, id);
    const hint = `List the rules with GET /v1/projects/${project}/trusts.`;
    const item = await mustGet<Trust>(ports.store, key, `trust rule "${id}"`, hint);
    const { issuer, subjects } = item.data;
    await commit(ports, caller, {
      writes: [{ delete: key, if: { version: item.version } }],
      events: [{ project, type: 'trust.deleted', data: { id, issuer, subjects } }],
    });
  });
}

/** Gives a token to a pipeline whose own token meets a rule. @param workflow its principal id */
export async function exchangeToken(
  ports: Ports,
  caller: Caller,
  trust: Trust,
  workflow: string,
  subject: string,
): Promise<{ record: Token; token: string }> {
  const { project, role, environments } = trust;
  const { record, token } = newToken(ports, workflow, {
    name: subject,
    kind: 'exchanged',
    project,
    role,
    ...(environments && { environments }),
    expiresAt: ports.effects.now() + EXCHANGED_MS,
    person: workflow,
    workflow: { id: workflow, trust: trust.id },
  });
  const due = { queue: 'retention', at: Date.parse(record.expiresAt) };
  await commit(ports, caller, {
    // A rule that is being deleted gives no more tokens.
    writes: [
      { put: { ...tokenKey(record.hash), data: record, due }, if: 'absent' },
      { check: trustKey(project, trust.id), if: 'present' },
    ],
    events: [
      {
        project,
        type: 'token.exchanged',
        data: { trust: trust.id, issuer: trust.issuer, subject, role, token: record.id },
      },
    ],
  });
  return { record, token };
}

/** Removes the rules of a project that does not exist. @throws StoreConflict when there is a project by now */
export async function forgetTrusts(store: Store, project: string): Promise<void> {
  for (;;) {
    const { items } = await store.query({ pk: trustsPartition(project), limit: TRUSTS_MAX });
    if (items.length === 0) return;
    await store.transact([
      { check: projectKey(project), if: 'absent' },
      ...items.map(({ pk, sk }) => ({ delete: { pk, sk } })),
    ]);
  }
}
