/** Paths and version ids as Secrets Manager's names and tokens. */
import { createHash } from 'node:crypto';

/** Secrets Manager's limit. */
const NAME_MAX_LENGTH = 512;

/** Characters that a name can not hold, as `=` and two hex digits for each byte. */
export const encodePath = (path: string): string =>
  path.replace(/[^A-Za-z0-9/_+.@-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join(''),
  );

export const decodePath = (encoded: string): string =>
  Buffer.from(
    encoded.replace(/=([0-9a-f]{2})/g, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16))),
    'latin1',
  ).toString('utf8');

/** The name, or undefined where no secret can have such a path. */
export function nameOf(prefix: string, path: string): string | undefined {
  if (!path.isWellFormed() || /[\u0000-\u001f\u007f]/.test(path) || path.split('/').includes('')) return;
  const name = `${prefix}/${encodePath(path)}`;
  return name.length > NAME_MAX_LENGTH ? undefined : name;
}

/** @throws RangeError */
export function checkedName(prefix: string, path: string): string {
  const name = nameOf(prefix, path);
  if (name === undefined)
    throw new RangeError('path is empty or too long, or has an empty segment or control characters');
  return name;
}

/** Version ids are free text; Secrets Manager takes 32 to 64 characters. */
export const tokenOf = (versionId: string): string => sha256(`version\u001f${versionId}`);

/** The version whose presence says that another one is revoked. */
export const tombstoneOf = (token: string): string => sha256(`revoked\u001f${token}`);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Whether a path is the prefix or lies below it; a prefix never ends inside a segment. */
export const isUnder = (path: string, prefix: string): boolean =>
  prefix === '' || path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
