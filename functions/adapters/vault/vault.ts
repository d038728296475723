/** Secrets that are kept in HashiCorp Vault, or OpenBao, in a KV engine of version 2. */
import { type SecretSource, unreadableSource, valueIn } from '../../core/secrets/secret-source.ts';
import type { SecretKeeper } from '../../ports/secret-keepers.ts';
import { createVaultClient, SignInError, type VaultAnswer, type VaultOptions } from './vault-client.ts';

interface Found {
  version: string;
  value: string;
}

export function createVault(options: VaultOptions): SecretKeeper {
  const get = createVaultClient(options);

  /** @returns undefined where the entry or that version of it is not there, or not any more */
  async function find(source: SecretSource): Promise<Found | undefined> {
    const [mount = '', ...path] = source.entry.split('/');
    const query = source.version === undefined ? '' : `?version=${encodeURIComponent(source.version)}`;
    const at = `${mount}/data/${path.map(encodeURIComponent).join('/')}${query}`;
    const answer = await get(at).catch((error: unknown) => {
      if (!(error instanceof SignInError)) throw error;
      throw unreadableSource(
        source,
        'Vault does not let Berth in',
        'Have the platform team look at how Berth signs in to Vault.',
        error,
      );
    });
    return foundIn(source, answer);
  }

  return {
    async pin(source) {
      if (source.version !== undefined && !/^[1-9]\d{0,8}$/.test(source.version))
        throw unreadableSource(source, 'its version is no number', 'Name a version of Vault, such as 3.');
      const found = await find(source);
      if (found) return found.version;
      throw unreadableSource(
        source,
        source.version === undefined ? 'it is not there' : `it has no version ${source.version}`,
        'Correct mount, path and version. The mount has to be a KV engine of version 2.',
      );
    },
    read: async (source) => (await find(source))?.value,
  };
}

/** @throws Problem secret_unavailable */
function foundIn(source: SecretSource, { status, body }: VaultAnswer): Found | undefined {
  if (status === 404) return undefined;
  if (status === 403)
    throw unreadableSource(
      source,
      'Berth may not read it',
      "Have the platform team give Berth's policy in Vault the capability read on it.",
    );
  const { data } = body as { data?: { data?: unknown; metadata?: { version?: unknown } } };
  const version = data?.metadata?.version;
  if (status !== 200 || typeof version !== 'number' || data?.data === null || typeof data?.data !== 'object')
    throw unreadableSource(
      source,
      `Vault answered with status ${status}, and no entry of a KV engine of version 2`,
      'Correct mount and path.',
    );
  return { version: String(version), value: valueIn(source, JSON.stringify(data.data)) };
}
