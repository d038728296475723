/**
 * Reads a kubeconfig without running anything: one that names a command for its credentials is refused, since
 * whoever can write the file could then run programs as Berth.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { Problem } from '../../../core/problem.ts';

/** How a cluster is reached and who calls. */
export interface Connection {
  /** Base URL of the API server. */
  server: string;
  /** PEM; the system's authorities where undefined. */
  ca?: string;
  /** PEM of a client certificate and its key. */
  cert?: string;
  key?: string;
  /** A bearer token that is good now. @param refused the token that the server did not take, if one was refused */
  token?: (refused?: string) => Promise<string>;
  /** Name that the server's certificate has to have, where it is not the URL's. */
  tlsServerName?: string;
}

const SIZE_MAX = 1024 * 1024;

const text = z.string().min(1);
const cluster = z.object({
  server: text,
  'certificate-authority': text.optional(),
  'certificate-authority-data': text.optional(),
  'tls-server-name': text.optional(),
  'insecure-skip-tls-verify': z.unknown().optional(),
  'proxy-url': z.unknown().optional(),
});
const user = z.looseObject({
  token: text.optional(),
  tokenFile: text.optional(),
  'client-certificate': text.optional(),
  'client-certificate-data': text.optional(),
  'client-key': text.optional(),
  'client-key-data': text.optional(),
});
const schema = z.object({
  'current-context': text.optional(),
  clusters: z.array(z.object({ name: text, cluster: z.unknown() })),
  users: z.array(z.object({ name: text, user: z.unknown() })),
  contexts: z.array(z.object({ name: text, context: z.object({ cluster: text, user: text }) })),
});

function refuse(why: string, hint: string): never {
  throw new Problem('unavailable', `The kubeconfig can not be used: ${why}.`, { hint });
}

/** Ways to come by credentials that run a program, send them elsewhere, or stand in for somebody else. */
const refusedUserKeys: Record<string, string> = {
  exec: 'runs a command (exec)',
  'auth-provider': 'runs a provider of credentials (auth-provider)',
  username: 'has a password, which API servers no longer take',
  password: 'has a password, which API servers no longer take',
  as: 'stands in for another user (as)',
  'as-uid': 'stands in for another user (as-uid)',
  'as-groups': 'stands in for other groups (as-groups)',
  'as-user-extra': 'stands in for another user (as-user-extra)',
};

function serverUrl(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : refuse('its server is not a URL', 'Correct `server`.');
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))
    refuse('its server is not reached by https', 'Use an https:// address in `server`.');
  if (url.username || url.password || url.search || url.hash)
    refuse('its server URL has more than an address', 'Leave only https://host:port in `server`.');
  return url.href.replace(/\/$/, '');
}

function parse(content: string): z.infer<typeof schema> {
  if (content.length > SIZE_MAX) refuse('it is larger than 1 MiB', 'Use a kubeconfig with one cluster.');
  const document = parseDocument(content, { lineCounter: new LineCounter(), uniqueKeys: true, merge: false });
  const [error] = document.errors;
  if (error) refuse(`it is not valid YAML: ${error.message.split('\n')[0]}`, 'Correct the file.');
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    refuse('it has YAML aliases', 'Write the values out.');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(`${issue?.path.join('.') || 'it'}: ${issue?.message}`, 'Correct the file.');
}

function only<T extends { name: string }>(list: readonly T[], name: string, what: string): T {
  const found = list.filter((entry) => entry.name === name);
  if (found.length === 1) return found[0]!;
  const count = found.length === 0 ? 'no' : 'more than one';
  return refuse(`it has ${count} ${what} ${JSON.stringify(name)}`, `Correct \`${what}s\`.`);
}

/**
 * The connection of a kubeconfig's text.
 * @param directory what relative paths in it are relative to
 * @param context instead of `current-context`
 * @throws Problem unavailable
 */
export async function parseKubeconfig(
  content: string,
  directory: string,
  context?: string,
): Promise<Connection> {
  const config = parse(content);
  const chosen = context ?? config['current-context'] ?? refuse('it has no current-context', 'Set one.');
  const names = only(config.contexts, chosen, 'context').context;
  const credentials = only(config.users, names.user, 'user').user ?? {};
  for (const [key, why] of Object.entries(refusedUserKeys)) {
    if (typeof credentials !== 'object' || !(key in credentials)) continue;
    refuse(`the user ${JSON.stringify(names.user)} ${why}`, 'Use a token or a client certificate.');
  }
  const who = user.safeParse(credentials);
  const where = cluster.safeParse(only(config.clusters, names.cluster, 'cluster').cluster);
  if (!who.success) return refuse('its user can not be read', 'Correct the user.');
  if (!where.success) return refuse('its cluster can not be read', 'Correct the cluster.');
  if (![undefined, false].includes(where.data['insecure-skip-tls-verify'] as undefined))
    refuse('it does not verify the server', 'Take insecure-skip-tls-verify away and give the authority.');
  if (where.data['proxy-url'] !== undefined)
    refuse('it goes through a proxy', 'Take proxy-url away: Berth reaches the cluster directly.');

  const read = async (data: string | undefined, path: string | undefined): Promise<string | undefined> => {
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
    return path === undefined ? undefined : await readText(resolve(directory, path));
  };
  const ca = await read(where.data['certificate-authority-data'], where.data['certificate-authority']);
  const cert = await read(who.data['client-certificate-data'], who.data['client-certificate']);
  const key = await read(who.data['client-key-data'], who.data['client-key']);
  if ((cert === undefined) !== (key === undefined))
    refuse('a client certificate needs its key', 'Give both, or a token.');
  const { token, tokenFile } = who.data;
  const tlsServerName = where.data['tls-server-name'];
  return {
    server: serverUrl(where.data.server),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
    // A file is read each time: who rotates the token writes a new one.
    ...(tokenFile !== undefined
      ? { token: async () => (await readText(resolve(directory, tokenFile))).trim() }
      : token !== undefined && { token: async () => token }),
    ...(tlsServerName !== undefined && { tlsServerName }),
  };
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) =>
    refuse(`${path} can not be read (${error.code})`, 'Correct the path or its permissions.'),
  );
}

/** The connection of a kubeconfig file. @throws Problem unavailable */
export const loadKubeconfig = async (path: string, context?: string): Promise<Connection> =>
  parseKubeconfig(await readText(path), dirname(resolve(path)), context);
