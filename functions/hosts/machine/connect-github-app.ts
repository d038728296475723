/** The GitHub App, with its private key and the secret of its webhook in files. */
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { GitHubApp } from '../../ports/github-app.ts';
import type { Ports } from '../../ports/index.ts';
import { ConfigError } from './config/config.ts';
import type { GitHubAppConfig } from './config/config-github-app.ts';

/** A secret that is shorter can be guessed. */
const SECRET_LEAST = 16;

/**
 * Only where it is set, it is loaded. The files are read when they are needed, so that a new key is used as soon as it is there.
 * @throws ConfigError where they can not be used now
 */
export async function connectGitHubApp(
  { id, api, keyFile, secretFile }: GitHubAppConfig,
  { receivers, effects }: Pick<Ports, 'receivers' | 'effects'>,
): Promise<GitHubApp> {
  const key = () => readFile(keyFile, 'utf8');
  const secret = async () => (await readFile(secretFile, 'utf8')).trim();
  if (!(await isRsaKey(key)))
    throw new ConfigError(
      `BERTH_GITHUB_APP_KEY_FILE can not be used: ${keyFile} holds no private key as GitHub makes it, in PEM.`,
    );
  if ((await secret().catch(() => '')).length < SECRET_LEAST)
    throw new ConfigError(
      `BERTH_GITHUB_APP_WEBHOOK_SECRET_FILE can not be used: ${secretFile} holds no secret of 16 characters or more.`,
    );
  const { createGitHubApp } = await import('../../adapters/outgoing/github-app.ts');
  const { ask } = receivers;
  // While a new secret is written the file may be empty, and whoever signs with nothing is not the App.
  const secrets = async () => [await secret()].filter(({ length }) => length >= SECRET_LEAST);
  return createGitHubApp({ id, api, key, secrets, ask, now: effects.now });
}

async function isRsaKey(read: () => Promise<string>): Promise<boolean> {
  try {
    return createPrivateKey(await read()).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
