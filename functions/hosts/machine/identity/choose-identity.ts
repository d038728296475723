/** Chooses how people sign in: at the provider that the configuration names, or at the built-in one. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createIdentity, type Identity } from '../../../api/identity/identity.ts';
import { createIssuer } from '../../../api/identity/issuer.ts';
import type { IdentityConfig, LocalConfig } from '../config/config.ts';
import { secretFile } from '../secret-file.ts';
import type { LocalLog } from '../terminal-log.ts';
import { createLocalProvider, type LocalProvider } from './child.ts';
import { ADMINISTRATORS } from './demo-people.ts';
import { CONSOLE_CLIENT, TERMINAL_CLIENT } from './protocol.ts';

export interface SignIn {
  identity: Identity;
  /** Answers requests for its own paths; absent where another provider is configured. */
  provider?: LocalProvider;
}

/** @param port where Berth listens */
export function createSignIn(config: LocalConfig, port: number, log: LocalLog): SignIn {
  const origin = config.url ?? `http://localhost:${port}`;
  return config.identity
    ? { identity: namedProvider(config.identity, origin) }
    : ownProvider(config, origin, log);
}

function namedProvider(
  { clientSecretFile: file, issuer, ...given }: IdentityConfig,
  origin: string,
): Identity {
  // The file is read each time, so that a changed secret needs no new start.
  const clientSecret = file === undefined ? undefined : async () => (await readFile(file, 'utf8')).trim();
  return createIdentity({
    ...given,
    issuer: createIssuer({ issuer }),
    origin,
    ...(clientSecret && { clientSecret }),
  });
}

function ownProvider({ dataDirectory, host }: LocalConfig, origin: string, log: LocalLog): SignIn {
  const path = (name: string): string => join(dataDirectory, name);
  // Somebody who can only reach Berth on this machine needs no password; from elsewhere nobody may come in without
  // one.
  const password = isLoopback(host)
    ? undefined
    : secretFile(path('identity-password'), () => randomBytes(16).toString('base64url'));
  const provider = createLocalProvider({
    origin,
    keysPath: path('identity-keys.json'),
    ...(password !== undefined && { password }),
    log: (line) => log.info(line),
  });
  const identity = createIdentity({
    issuer: createIssuer({ issuer: provider.issuer, fetch: provider.fetch }),
    clientId: CONSOLE_CLIENT,
    terminalClientId: TERMINAL_CLIENT,
    origin,
    rules: { administratorGroup: ADMINISTRATORS },
  });
  return { identity, provider };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
