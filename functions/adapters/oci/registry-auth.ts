/** Credentials for a registry from a Docker configuration, without running anything: helpers are refused. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { Problem } from '../../core/problem.ts';

const schema = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});

/** `https://registry.example.com/v1/` and `registry.example.com` are the same registry. */
const hostOf = (key: string): string => key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');

/**
 * @param host with a port, if it has one
 * @returns undefined where the file names no credentials for it
 * @throws Problem unavailable, which never quotes the file
 */
export async function readRegistryAuth(
  path: string,
  host: string,
): Promise<{ username: string; password: string } | undefined> {
  const fail = (why: string, hint: string): never => {
    throw new Problem('unavailable', `The credentials of the registry can not be used: ${why}.`, { hint });
  };
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) =>
    fail(`${path} can not be read (${error.code})`, 'Correct BERTH_REGISTRY_AUTH.'),
  );
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return fail(`${path} is not JSON`, 'Give a Docker configuration, as `docker login` writes it.');
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success)
    return fail(`${path} is not a Docker configuration`, 'Give one as `docker login` writes it.');
  const { auths = {}, credsStore, credHelpers = {} } = parsed.data;
  const entry = Object.entries(auths).find(([key]) => hostOf(key) === host)?.[1].auth;
  if (entry === undefined) {
    if (credsStore === undefined && !Object.hasOwn(credHelpers, host)) return undefined;
    return fail(
      `${path} has a program ask for them`,
      `Write them into the file, as {"auths": {"${host}": {"auth": "<base64 of user:password>"}}}.`,
    );
  }
  const [, username, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(entry, 'base64').toString()) ?? [];
  if (username === undefined || password === undefined)
    return fail(`${path} has no user and password for ${host}`, 'Log in again.');
  return { username, password };
}
