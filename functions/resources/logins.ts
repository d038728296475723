/**
 * What resource types with two logins that take turns keep of the one in use: its password, and a URL with all that a
 * program connects with.
 */
import type { ResourceOutputs } from '../core/model/index.ts';
import { shortHash } from '../core/names.ts';
import type { Ports } from '../ports/index.ts';
import { resourceSecretPath } from './owner.ts';
import type { ResourceIdentity } from './type.ts';

export const LOGIN_SECRETS = ['password', 'url'] as const;

export interface Login {
  username: string;
  password: string;
}

/** The path of each secret output. */
export const loginPaths = (request: ResourceIdentity) => ({
  password: resourceSecretPath(request, 'password'),
  url: resourceSecretPath(request, 'url'),
});

/**
 * The name and the password of the current login, as the stored URL says; before there is a URL, the first name with the
 * stored password or a new one.
 */
export async function currentLogin(
  { secrets, effects }: Ports,
  request: ResourceIdentity,
  first: string,
): Promise<Login> {
  const paths = loginPaths(request);
  const url = await secrets.get(paths.url);
  if (url !== undefined) return loginOf(url);
  return { username: first, password: (await secrets.get(paths.password)) ?? effects.token(32) };
}

function loginOf(url: string): Login {
  const { username, password } = new URL(url);
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** Stores the current value again, which changes nothing, to have a version that can be referred to. */
export async function putCurrent({ secrets }: Ports, path: string, value: string) {
  return { secret: path, version: await secrets.put(path, value, { versionId: shortHash(value, 32) }) };
}

/** The secret outputs. The URL is stored last, because it is the one that counts. */
export async function loginOutputs(
  ports: Ports,
  request: ResourceIdentity,
  password: string,
  url: string,
): Promise<ResourceOutputs['secrets']> {
  const paths = loginPaths(request);
  const reference = await putCurrent(ports, paths.password, password);
  return { password: reference, url: await putCurrent(ports, paths.url, url) };
}

/** Stores the former values once more, as new versions, so that they are current again. */
export async function restoreLogin(ports: Ports, request: ResourceIdentity, previous: ResourceOutputs) {
  const paths = loginPaths(request);
  for (const output of LOGIN_SECRETS) {
    const reference = previous.secrets[output];
    const value = reference && (await ports.secrets.get(reference.secret, reference.version));
    if (value !== undefined && (await ports.secrets.get(paths[output])) !== value)
      await ports.secrets.put(paths[output], value, { versionId: ports.effects.id() });
  }
  return previous;
}

/** Makes what is stored of a former login unreadable. */
export async function revokeLogin({ secrets }: Ports, previous: ResourceOutputs): Promise<void> {
  for (const { secret, version } of Object.values(previous.secrets)) await secrets.revoke(secret, version);
}

export async function removeLogin({ secrets }: Ports, request: ResourceIdentity): Promise<void> {
  for (const path of Object.values(loginPaths(request))) await secrets.remove(path);
}

/** What is stored of it, by name. */
export const listLogin = async ({ secrets }: Ports, request: ResourceIdentity): Promise<string[]> =>
  (await secrets.list(resourceSecretPath(request, ''))).map((path) => `secret ${path}`);
