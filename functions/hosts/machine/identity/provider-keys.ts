/** The identity provider's keys. They are made when an installation first uses it, and kept. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import * as z from 'zod';

const schema = z.object({
  /** Private: signs tokens. */
  jwks: z.object({ keys: z.array(z.looseObject({ kid: z.string().min(1), d: z.string().min(1) })).min(1) }),
  /** Keys that sign cookies: the first one signs, all of them verify. */
  cookies: z.array(z.string().min(32)).min(1),
});

export type ProviderKeys = z.output<typeof schema>;

/** @param path a file that nobody else can read; deleting it changes all keys and signs everybody out */
export async function readKeys(path: string): Promise<ProviderKeys> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // A disk that was full leaves an empty file.
  if (text !== '') return schema.parse(JSON.parse(text));
  const keys = await makeKeys();
  await writeFile(`${path}.new`, JSON.stringify(keys), { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return keys;
}

async function makeKeys(): Promise<ProviderKeys> {
  const { calculateJwkThumbprint, exportJWK, generateKeyPair } = await import('jose');
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return schema.parse({
    jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] },
    cookies: [randomBytes(32).toString('base64url')],
  });
}
