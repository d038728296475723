/** A Vault whose secrets projects may come to refer to, and how Berth signs in to it. */
import { readFile } from 'node:fs/promises';
import type { VaultLogin } from '../../adapters/vault/vault-client.ts';
import type { Ports } from '../../ports/index.ts';
import type { SecretKeepers } from '../../ports/secret-keepers.ts';
import type { VaultConfig } from './config/config-vault.ts';

/** Only where it is set, it is loaded. Tokens are read when they are needed, since others renew them. */
export async function connectVault(
  { address, namespace, login }: VaultConfig,
  { now }: Ports['effects'],
): Promise<SecretKeepers> {
  const { createVault } = await import('../../adapters/vault/vault.ts');
  return {
    vault: createVault({
      address,
      login: await vaultLogin(address, login, now),
      now,
      ...(namespace && { namespace }),
    }),
  };
}

async function vaultLogin(
  vault: string,
  login: VaultConfig['login'],
  now: () => number,
): Promise<VaultLogin> {
  if (login.kind === 'token') return { kind: 'token', read: () => readFile(login.file, 'utf8') };
  const { mount, role } = login;
  if (login.kind === 'jwt') {
    const proof = async () => ({ jwt: (await readFile(login.file, 'utf8')).trim() });
    return { kind: 'role', mount, role, proof };
  }
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const { createVaultProof } = await import('../../adapters/aws/vault-proof.ts');
  const proof = createVaultProof({ vault, credentials: fromNodeProviderChain(), now });
  return { kind: 'role', mount, role, proof };
}
