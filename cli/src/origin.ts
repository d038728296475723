/**
 * Where this program came from: `npx https://berth.example.com/cli` talks to that Berth without being told. And whether that Berth
 * brings another one by now: npx goes on with what it has fetched once.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether it was named to npx just now, and is not installed for good. */
export const isFetched = (): boolean => fileURLToPath(import.meta.url).includes('/_npx/');

/** npm writes beside the packages that it has installed from which address each of them came. */
export function originOfPackage(): string | undefined {
  const packages = dirname(dirname(fileURLToPath(import.meta.url)));
  try {
    const lock = JSON.parse(readFileSync(join(packages, '.package-lock.json'), 'utf8')) as {
      packages?: Record<string, { resolved?: string }>;
    };
    const resolved = lock.packages?.['node_modules/berth']?.resolved;
    return resolved?.startsWith('http') ? new URL(resolved).origin : undefined;
  } catch {
    return undefined;
  }
}

/** A hint with its commands as they are typed here: where npx fetched this program, there is no `berth` to be found. */
export function asTyped(hint: string, origin = isFetched() ? originOfPackage() : undefined): string {
  return origin === undefined ? hint : hint.replaceAll(/(?<![\w/-])berth (?=[a-z])/g, `npx ${origin}/cli `);
}

/** Nobody waits longer for it. */
const PATIENCE_MS = 1_000;

/**
 * @param version of this program: what stands behind the plus is what it was made of
 * @returns the address at which the server's own is fetched anew; undefined where that is this one, or the server does not say
 */
export async function newerAt(server: string, version: string): Promise<string | undefined> {
  const [, own] = version.split('+');
  if (own === undefined) return undefined;
  const address = new URL('/cli', server);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(address, { method: 'HEAD', signal }).catch(() => undefined);
  const [, theirs] = /^"([0-9a-f]{10})"$/.exec(answer?.headers.get('etag') ?? '') ?? [];
  return theirs === undefined || theirs === own ? undefined : `${address.href}/${theirs}`;
}

/** How to have it, as a command. */
export const toHave = (address: string): string =>
  isFetched() ? `npx ${address} …` : `npm install --global ${address}`;
