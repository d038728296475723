/** Tokens of people and of projects: making, finding and revoking them. Only a hash of a token is kept. */

import type { Role } from '../../core/authorization/roles.ts';
import { hashToken, makeToken, TOKEN_BYTES } from '../../core/authorization/token-format.ts';
import {
  ownedTokenKey,
  personKey,
  projectKey,
  projectOwner,
  RETENTION_QUEUE,
  tokenKey,
  tokensPartition,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { type Person, PLATFORM, type Token } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, PAGE_LIMIT_MAX, type Store, StoreConflict, type Write } from '../../ports/store.ts';
import { type Caller, commit, missing, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { inTurn } from '../../records/turns.ts';

export const TOKEN_MIN_SECONDS = 60;
export const TOKEN_MAX_SECONDS = limits.tokenSeconds.value;
export const SIGN_IN_MAX_SECONDS = limits.signInSeconds.value;

export interface NewToken {
  name: string;
  kind: Token['kind'];
  /** Id of the person that the token acts for. */
  owner?: string;
  project?: string;
  role: Role;
  environments?: string[];
  environmentIds?: Record<string, string>;
  createsTokens?: boolean;
  /** It is the sign-in of its owner from a terminal. */
  signIn?: boolean;
  /** Epoch milliseconds. */
  expiresAt: number;
  /** The person behind the token. */
  person: string;
  workflow?: { id: string; trust: string };
}

export interface MadeToken {
  record: Token;
  /** The token itself. It is shown once and kept nowhere. */
  token: string;
}

/** The owner in whose list the token is. */
const ownerOf = ({ owner, project }: Pick<Token, 'owner' | 'project'>): string =>
  owner ?? projectOwner(project ?? '');

const dueOf = ({ expiresAt }: Token) => ({ queue: RETENTION_QUEUE, at: Date.parse(expiresAt) });

/** A token and the writes that keep its record; the record is removed when the token expires. */
export function newToken(ports: Ports, actor: string, input: NewToken): MadeToken & { writes: Write[] } {
  const { effects } = ports;
  const token = makeToken(effects.token(TOKEN_BYTES));
  const { expiresAt, ...rest } = input;
  const record: Token = {
    id: effects.id(),
    hash: hashToken(token),
    ...rest,
    createdAt: new Date(effects.now()).toISOString(),
    createdBy: actor,
    expiresAt: new Date(expiresAt).toISOString(),
  };
  const due = dueOf(record);
  return {
    record,
    token,
    writes: [
      { put: { ...tokenKey(record.hash), data: record, due }, if: 'absent' },
      {
        put: { ...ownedTokenKey(ownerOf(record), record.id), data: { hash: record.hash }, due },
        if: 'absent',
      },
    ],
  };
}

/** @throws Problem conflict */
async function refuseMore(store: Store, owner: string): Promise<void> {
  const most = limits.tokensOfOwner.value;
  const { items } = await store.query({ pk: tokensPartition(owner), limit: most });
  if (items.length < most) return;
  throw new Problem('conflict', `There are ${most} tokens already, which is the most.`, {
    hint: 'Revoke some that are not used: the list says when each was last used.',
  });
}

/**
 * Of those that one owner makes at the same time, each counts the ones before it.
 * @throws Problem not_found (project) | conflict (too many)
 */
export const createToken = (ports: Ports, caller: Caller, input: NewToken): Promise<MadeToken> =>
  inTurn(ports.store, tokensPartition(ownerOf(input)), () => makeCounted(ports, caller, input));

async function makeCounted(ports: Ports, caller: Caller, input: NewToken): Promise<MadeToken> {
  const { project } = input;
  if (project !== undefined) await getProject(ports.store, project);
  await refuseMore(ports.store, ownerOf(input));
  const { record, token, writes } = newToken(ports, caller.actor, input);
  if (project !== undefined) writes.push({ check: projectKey(project), if: 'present' });
  const { id, name, kind, role, environments, signIn, expiresAt } = record;
  await commit(ports, caller, {
    writes,
    events: [
      {
        project: project ?? PLATFORM,
        type: 'token.created',
        data: {
          ...{ token: id, name, kind, role, expiresAt },
          ...(environments && { environments }),
          ...(signIn && { signIn }),
        },
      },
    ],
    // The answer that is kept for the idempotency key is made from this, so it must not hold the token.
    result: record,
  });
  return { record, token };
}

/**
 * Revokes a token: from the next request on neither it nor the tokens that it made are good.
 * @param owner id of a person, or what `projectOwner` makes of a project's name
 * @param madeBy only a token that this principal made
 * @throws Problem not_found
 */
export function revokeToken(
  ports: Ports,
  caller: Caller,
  owner: string,
  id: string,
  madeBy?: string,
): Promise<void> {
  return retryOnConflict(async () => {
    const pointer = await ports.store.get<{ hash: string }>(ownedTokenKey(owner, id));
    const item = pointer && (await ports.store.get<Token>(tokenKey(pointer.data.hash)));
    if (!pointer || (madeBy !== undefined && item?.data.createdBy !== madeBy)) {
      throw missing(`token "${id}"`, 'List the tokens to see the ids that there are.');
    }
    const { project = PLATFORM, name } = item?.data ?? {};
    await commit(ports, caller, {
      writes: [
        { delete: ownedTokenKey(owner, id), if: { version: pointer.version } },
        { delete: tokenKey(pointer.data.hash) },
      ],
      events: [{ project, type: 'token.revoked', data: { token: id, ...(name && { name }) } }],
    });
  });
}

/** Revokes all tokens that act for a person. */
export async function revokeTokens(ports: Ports, caller: Caller, owner: string): Promise<void> {
  let after: string | undefined;
  do {
    const list = { pk: tokensPartition(owner), limit: PAGE_LIMIT_MAX, ...(after !== undefined && { after }) };
    const page = await ports.store.query(list);
    for (const { sk } of page.items) {
      await revokeToken(ports, caller, owner, sk).catch((error: unknown) => {
        // Another request has revoked it.
        if (!(error instanceof Problem && error.code === 'not_found')) throw error;
      });
    }
    after = page.next;
  } while (after !== undefined);
}

/**
 * Tells whether the token that made a token has ended, by itself or with all that its person had: what it made has
 * ended with it. No token that a token made makes any itself, so there are no further descendants.
 */
async function outlivesMaker(
  store: Store,
  { createdBy, person, project, createdAt }: Token,
): Promise<boolean> {
  const maker = /^token:(.+)$/.exec(createdBy)?.[1];
  if (maker === undefined) return false;
  // The maker is a token of the same person or of the same project.
  const owners = [person, ...(project === undefined ? [] : [projectOwner(project)])];
  const keys = [personKey(person), ...owners.map((owner) => ownedTokenKey(owner, maker))];
  const [of, ...found] = await store.getMany<object>(keys);
  if (found.every((item) => item === undefined)) return true;
  const { notBefore } = (of?.data ?? {}) as Partial<Person>;
  return found[0] !== undefined && notBefore !== undefined && createdAt <= notBefore;
}

/** The tokens of a page of pointers; a token that has ended by now is left out. */
export async function tokensBehind(
  store: Store,
  pointers: readonly Item<{ hash: string }>[],
): Promise<Token[]> {
  const tokens: Token[] = [];
  for (let at = 0; at < pointers.length; at += 100) {
    const keys = pointers.slice(at, at + 100).map(({ data }) => tokenKey(data.hash));
    for (const item of await store.getMany<Token>(keys)) {
      if (item && !(await outlivesMaker(store, item.data))) tokens.push(item.data);
    }
  }
  return tokens;
}

/** Reads are many and writes are dear, so the last use is kept to the hour. */
const USE_INTERVAL_MS = 60 * 60 * 1000;

/** The record of a token that is valid now; notes that the token was used. @returns undefined for every other text */
export async function findToken(
  ports: Pick<Ports, 'store' | 'effects'>,
  token: string,
): Promise<Token | undefined> {
  const item = await ports.store.get<Token>(tokenKey(hashToken(token)));
  const now = ports.effects.now();
  if (!item || Date.parse(item.data.expiresAt) <= now) return undefined;
  if (await outlivesMaker(ports.store, item.data)) return undefined;
  const { lastUsedAt } = item.data;
  if (lastUsedAt === undefined || now - Date.parse(lastUsedAt) >= USE_INTERVAL_MS) {
    const data: Token = { ...item.data, lastUsedAt: new Date(now).toISOString() };
    // The condition keeps a token that is being revoked from coming back.
    const write: Write = {
      put: { ...tokenKey(data.hash), data, due: dueOf(data) },
      if: { version: item.version },
    };
    await ports.store.transact([write]).catch((error: unknown) => {
      if (!(error instanceof StoreConflict)) throw error;
    });
  }
  return item.data;
}

/** Removes the tokens of a project that does not exist. @throws StoreConflict when there is a project by now */
export async function forgetTokens(store: Store, project: string): Promise<void> {
  for (;;) {
    const { items } = await store.query<{ hash: string }>({
      pk: tokensPartition(projectOwner(project)),
      limit: 45,
    });
    if (items.length === 0) return;
    await store.transact([
      { check: projectKey(project), if: 'absent' },
      ...items.flatMap(({ pk, sk, data }): Write[] => [
        { delete: { pk, sk } },
        { delete: tokenKey(data.hash) },
      ]),
    ]);
  }
}
