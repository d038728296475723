/** Paths as the system has them: bytes, which are text mostly. Programs may name files in their volumes as they like. */

/** A path within a directory, a character a byte. */
export type BytePath = string;

export const within = (directory: string, path: BytePath): Buffer =>
  Buffer.from(`${Buffer.from(directory).toString('latin1')}${path === '' ? '' : `/${path}`}`, 'latin1');

export const bytePath = (text: string): BytePath => Buffer.from(text).toString('latin1');

/** The path as text, where it is UTF-8; other paths begin with a character that none has, and stand as they are. */
export function textOf(path: BytePath): string {
  const text = Buffer.from(path, 'latin1').toString();
  return bytePath(text) === path ? text : `\u0000${path}`;
}
