/** A secret value as it is kept in the store: AES-256-GCM, bound to its name. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A value can not be passed off as another secret's, nor as another version. */
const nameOf = (path: string, token: string): Buffer => Buffer.from(JSON.stringify([path, token]));

/** @returns nonce, tag and ciphertext, in base64url */
export function sealValue(key: Buffer, path: string, token: string, value: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(nameOf(path, token));
  const data = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), data]).toString('base64url');
}

/** @throws Error when the value was changed, or belongs to another name or key */
export function unsealValue(key: Buffer, path: string, token: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const tagAt = NONCE_BYTES + TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(nameOf(path, token))
    .setAuthTag(bytes.subarray(NONCE_BYTES, tagAt));
  return Buffer.concat([decipher.update(bytes.subarray(tagAt)), decipher.final()]).toString();
}
