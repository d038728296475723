/** The format of Berth's own tokens: `berth_`, 33 random characters, and 6 of a checksum. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Random bytes in a token. */
export const TOKEN_BYTES = 24;

const PREFIX = 'berth_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 33;
const CHECKSUM_LENGTH = 6;

/** What scanners for leaked secrets look for. */
export const TOKEN_PATTERN = /^berth_[0-9A-Za-z]{39}$/;

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = DIGITS.charAt(Number(rest % 62n)) + text;
  return text;
}

const checksum = (text: string): string => base62(BigInt(crc32(text)), CHECKSUM_LENGTH);

/** @param random 24 bytes, base64url */
export function makeToken(random: string): string {
  const value = BigInt(`0x${Buffer.from(random, 'base64url').toString('hex')}`);
  const text = PREFIX + base62(value, RANDOM_LENGTH);
  return text + checksum(text);
}

/**
 * Tells whether a text can be one of our tokens: the checksum rules out a typing error or a foreign token without a
 * look-up.
 */
export function isToken(text: string): boolean {
  if (!TOKEN_PATTERN.test(text)) return false;
  return checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/**
 * The hash that is stored of a token. A token holds 192 random bits, so trying out values against a plain hash is
 * hopeless.
 */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');
