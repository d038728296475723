/**
 * The lines of the secrets file: `<authentication code> <JSON>\n`. A line is the whole of one change, so the
 * only one that a crash can leave unfinished is the last.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SecretKeys } from './secrets-key.ts';

/** `head` opens the file and shows which key it belongs to. */
export type SecretLine =
  | { op: 'head'; format: number }
  | { op: 'put'; path: string; version: string; nonce: string; tag: string; data: string }
  | { op: 'revoke'; path: string; version: string }
  | { op: 'remove'; path: string };

export type PutLine = Extract<SecretLine, { op: 'put' }>;

export const FORMAT = 1;

const NONCE_BYTES = 12;
const NEWLINE = 10;

const authenticate = (keys: SecretKeys, json: string): string =>
  createHmac('sha256', keys.lines).update(json).digest('base64url');

export function encodeLine(keys: SecretKeys, line: SecretLine): Buffer {
  const json = JSON.stringify(line);
  return Buffer.from(`${authenticate(keys, json)} ${json}\n`);
}

/** The line, or undefined when it is unfinished, damaged, or was written with another key. */
export function decodeLine(keys: SecretKeys, bytes: Buffer): SecretLine | undefined {
  const text = bytes.toString();
  const space = text.indexOf(' ');
  if (space < 0 || !text.endsWith('\n')) return undefined;
  const json = text.slice(space + 1, -1);
  const given = Buffer.from(text.slice(0, space));
  const expected = Buffer.from(authenticate(keys, json));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  // Only this program could have written it, so its shape is known.
  return JSON.parse(json) as SecretLine;
}

/** Whether a line begins with what every line begins with. */
export const looksWhole = (bytes: Buffer): boolean =>
  bytes.at(-1) === NEWLINE && /^[\w-]{43} \{/.test(bytes.toString('latin1', 0, 45));

/** Cuts content into lines, each with its newline; the last may lack it. */
export function* splitLines(content: Buffer): Generator<{ offset: number; bytes: Buffer }> {
  for (let offset = 0; offset < content.length; ) {
    const newline = content.indexOf(NEWLINE, offset);
    const end = newline < 0 ? content.length : newline + 1;
    yield { offset, bytes: content.subarray(offset, end) };
    offset = end;
  }
}

/** Binds a value to its name: it can not be passed off as another secret's. */
const nameOf = (path: string, version: string): Buffer => Buffer.from(JSON.stringify([path, version]));

/**
 * Each value gets a nonce of its own. It does not come from Effects: a seeded source would repeat nonces, and
 * that would give the values away.
 */
export function seal(keys: SecretKeys, path: string, version: string, value: string): PutLine {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keys.values, nonce).setAAD(nameOf(path, version));
  const data = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return {
    op: 'put',
    path,
    version,
    nonce: nonce.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
    data: data.toString('base64url'),
  };
}

/** @throws Error when the value was changed or belongs to another name */
export function unseal(keys: SecretKeys, line: PutLine): string {
  const decipher = createDecipheriv('aes-256-gcm', keys.values, Buffer.from(line.nonce, 'base64url'), {
    authTagLength: 16,
  })
    .setAAD(nameOf(line.path, line.version))
    .setAuthTag(Buffer.from(line.tag, 'base64url'));
  return Buffer.concat([decipher.update(Buffer.from(line.data, 'base64url')), decipher.final()]).toString();
}
