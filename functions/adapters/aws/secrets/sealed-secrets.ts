/**
 * Secrets on AWS: each version sealed in a record of the store, under one key of the installation (docs/adr/0090).
 * A head by the path says which version is the current one.
 */
import { randomUUID } from 'node:crypto';
import { checkSecretPath, checkSecretValue } from '../../../ports/rules/secret-checks.ts';
import type { Secrets } from '../../../ports/secrets.ts';
import { type Item, type Key, type Store, StoreConflict, TRANSACTION_MAX } from '../../../ports/store.ts';
import type { FormerSecrets } from './former-secrets.ts';
import { sealValue, unsealValue } from './sealed-value.ts';
import type { SecretsKey } from './secrets-key.ts';
import { isUnder, tokenOf } from './secrets-names.ts';

export interface SealedSecretsOptions {
  store: Store;
  key: SecretsKey;
  /** Where secrets were before they were sealed; they move at their first use. */
  former: FormerSecrets;
}

interface Head {
  /** Token of the current version. */
  current: string;
  /** It was moved here, and is still to be removed from where it was. */
  moved?: true;
}

/** A revoked version keeps its place, so that it is not put again. */
type Value = { sealed: string } | { revoked: true };

const firstSegment = (path: string): string => path.split('/', 1)[0] ?? '';
const headKey = (path: string): Key => ({ pk: `secret-heads#${firstSegment(path)}`, sk: path });
const valuesPartition = (path: string): string => `secret-values#${path}`;
const valueKey = (path: string, token: string): Key => ({ pk: valuesPartition(path), sk: token });

export function createSealedSecrets({ store, key, former }: SealedSecretsOptions): Secrets {
  const readValue = (path: string, token: string) => store.get<Value>(valueKey(path, token));

  const open = async (path: string, token: string, value: Value | undefined): Promise<string | undefined> =>
    value && 'sealed' in value ? unsealValue(await key(), path, token, value.sealed) : undefined;

  /** The head; what is not here yet is fetched from where it was. */
  async function headOf(path: string): Promise<Item<Head> | undefined> {
    const read = () => store.get<Head>(headKey(path));
    let head = await read();
    if (!head && (await moveHere(path))) head = await read();
    if (head?.data.moved) await finishMove(path, head);
    return head;
  }

  /** Copies all versions, and the head last, so that a move that broke off begins again. */
  async function moveHere(path: string): Promise<boolean> {
    const found = await former.versions(path);
    if (!found) return false;
    for (const [token, value] of found.values) {
      const data: Value =
        value === undefined ? { revoked: true } : { sealed: sealValue(await key(), path, token, value) };
      await ifAbsent(valueKey(path, token), data);
    }
    await ifAbsent(headKey(path), { current: found.current, moved: true } satisfies Head);
    return true;
  }

  async function finishMove(path: string, { version, data: { current } }: Item<Head>): Promise<void> {
    await former.retire(path);
    await unlessConflict(
      store.transact([{ put: { ...headKey(path), data: { current } satisfies Head }, if: { version } }]),
    );
  }

  const ifAbsent = (at: Key, data: Value | Head): Promise<boolean> =>
    unlessConflict(store.transact([{ put: { ...at, data }, if: 'absent' }]));

  async function* all<T>(pk: string, prefix = ''): AsyncGenerator<Item<T>> {
    let after: string | undefined;
    do {
      const page = await store.query<T>({ pk, prefix, limit: TRANSACTION_MAX, ...(after && { after }) });
      yield* page.items;
      after = page.next;
    } while (after !== undefined);
  }

  async function removeValues(path: string): Promise<void> {
    let keys: Key[] = [];
    const removeThese = async () => {
      await store.transact(keys.map((at) => ({ delete: at })));
      keys = [];
    };
    for await (const { pk, sk } of all(valuesPartition(path)))
      if (keys.push({ pk, sk }) === TRANSACTION_MAX) await removeThese();
    if (keys.length > 0) await removeThese();
  }

  return {
    async put(path, value, { versionId = randomUUID() } = {}) {
      checkSecretPath(path);
      checkSecretValue(value);
      if (versionId === '') throw new RangeError('versionId is empty');
      const token = tokenOf(versionId);
      await headOf(path);
      const sealed: Value = { sealed: sealValue(await key(), path, token, value) };
      const head: Head = { current: token };
      // A version that is there, with whatever value, stays as it is, and so does the current one.
      await unlessConflict(
        store.transact([
          { put: { ...valueKey(path, token), data: sealed }, if: 'absent' },
          { put: { ...headKey(path), data: head } },
        ]),
      );
      return versionId;
    },

    async get(path, version) {
      if (!isPath(path) || version === '') return undefined;
      if (version === undefined) {
        const token = (await headOf(path))?.data.current;
        return token === undefined ? undefined : open(path, token, (await readValue(path, token))?.data);
      }
      const token = tokenOf(version);
      let item = await readValue(path, token);
      if (!item && (await headOf(path))) item = await readValue(path, token);
      return open(path, token, item?.data);
    },

    async revoke(path, version) {
      if (!isPath(path) || version === '') return;
      const at = valueKey(path, tokenOf(version));
      let item = await store.get<Value>(at);
      if (!item && (await headOf(path))) item = await store.get<Value>(at);
      if (item && 'sealed' in item.data)
        await unlessConflict(
          store.transact([{ put: { ...at, data: { revoked: true } satisfies Value }, if: 'present' }]),
        );
    },

    /** The head goes last: what has one is listed, and removed again after a crash. */
    async remove(path) {
      if (!isPath(path)) return;
      await former.remove(path);
      let head: Item<Head> | undefined;
      do {
        head = await store.get<Head>(headKey(path));
        await removeValues(path);
        // Whatever was put meanwhile has written the head, and goes too.
      } while (
        head &&
        !(await unlessConflict(store.transact([{ delete: headKey(path), if: { version: head.version } }])))
      );
    },

    async list(prefix) {
      const under = prefix.replace(/\/$/, '');
      if (under === '') throw new RangeError('prefix is empty');
      const found = new Set(await former.list(under));
      for await (const { sk } of all<Head>(`secret-heads#${firstSegment(under)}`, under))
        if (isUnder(sk, under)) found.add(sk);
      return [...found].sort();
    },
  };
}

/** @returns whether the conditions held */
async function unlessConflict(write: Promise<void>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof StoreConflict) return false;
    throw error;
  }
}

function isPath(path: string): boolean {
  try {
    checkSecretPath(path);
    return true;
  } catch {
    return false;
  }
}
