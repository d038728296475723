/**
 * The key that an installation seals its secrets with: one secret of Secrets Manager, made at the first put. A record
 * in the store says which key it is, so that a key that was lost is told, and never replaced by another one.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { Problem, TransientError } from '../../../core/problem.ts';
import { type Store, StoreConflict } from '../../../ports/store.ts';
import { isAws, sent, unless } from '../sdk-errors.ts';

export interface SecretsKeyOptions {
  client: SecretsManagerClient;
  /** The name of the secret that holds the key. */
  name: string;
  store: Store;
}

/** The key, 32 bytes; read once. @throws Problem unavailable where it is lost */
export type SecretsKey = () => Promise<Buffer>;

const KEY_BYTES = 32;
const ATTEMPTS = 6;
const NOT_FOUND = 'ResourceNotFoundException';
const EXISTS = 'ResourceExistsException';
/** It was deleted, and can be taken back for some days. */
const DELETED = 'InvalidRequestException';
const RECORD = { pk: 'secrets-key', sk: 'secrets-key' };

const fingerprintOf = (key: Buffer): string => createHash('sha256').update(key).digest('hex').slice(0, 16);

export function createSecretsKey({ client, name, store }: SecretsKeyOptions): SecretsKey {
  let known: Promise<Buffer> | undefined;

  async function read(): Promise<Buffer | undefined> {
    const found = await unless(
      [NOT_FOUND, DELETED],
      client.send(new GetSecretValueCommand({ SecretId: name })),
    );
    return found?.SecretString === undefined ? undefined : Buffer.from(found.SecretString, 'base64url');
  }

  /** @returns undefined where somebody else has just made it */
  async function make(): Promise<Buffer | undefined> {
    const key = randomBytes(KEY_BYTES);
    const request = new CreateSecretCommand({
      Name: name,
      Description: 'Seals the secrets of Berth. Without it all of them are lost.',
      SecretString: key.toString('base64url'),
      Tags: [{ Key: 'berth', Value: 'secrets-key' }],
    });
    try {
      await sent(client.send(request));
      return key;
    } catch (error) {
      if (isAws(error, DELETED)) throw lost(name, 'is being deleted', error);
      if (!isAws(error, EXISTS)) throw error;
      return undefined;
    }
  }

  async function readOrMake(): Promise<Buffer> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await sleep(50 * 2 ** attempt);
      const key = (await read()) ?? (await make());
      if (key) return key;
    }
    throw new TransientError('The key of the secrets is neither there nor can it be made.');
  }

  async function load(): Promise<Buffer> {
    const record = await store.get<{ fingerprint: string }>(RECORD);
    const key = record ? await read() : await readOrMake();
    if (key === undefined) throw lost(name, 'is missing');
    const fingerprint = fingerprintOf(key);
    if (!record) await keep(fingerprint);
    else if (record.data.fingerprint !== fingerprint) throw lost(name, 'is not the one that sealed them');
    return key;
  }

  /** Whoever makes it at the same time keeps the same. */
  const keep = (fingerprint: string): Promise<void> =>
    store.transact([{ put: { ...RECORD, data: { fingerprint } }, if: 'absent' }]).catch((error: unknown) => {
      if (!(error instanceof StoreConflict)) throw error;
    });

  return async () => {
    known ??= load();
    const loading = known;
    try {
      return await loading;
    } catch (error) {
      if (known === loading) known = undefined;
      throw error;
    }
  };
}

const lost = (name: string, what: string, cause?: unknown): Problem =>
  new Problem('unavailable', `Secrets can not be opened: the key ${name} in Secrets Manager ${what}.`, {
    hint: `Whoever administers the account takes back what was deleted: aws secretsmanager restore-secret --secret-id ${name}`,
    cause,
  });
