/** The key that signs packs of evidence: Ed25519, from 32 bytes of chance. Signatures are the same each time. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

/** Random bytes that a key is made from. */
export const SEED_BYTES = 32;

/** What stands before the seed in PKCS #8 (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface SigningKey {
  /** PEM, as files of keys have it. */
  publicPem: string;
  /** The 32 bytes of the public key, base64url. */
  publicKey: string;
  /** @returns base64url */
  sign(content: Buffer): string;
}

/** @param seed base64url */
export function signingKeyOf(seed: string): SigningKey {
  const der = Buffer.concat([PKCS8, Buffer.from(seed, 'base64url')]);
  const key: KeyObject = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const known = createPublicKey(key);
  return {
    publicPem: known.export({ format: 'pem', type: 'spki' }).toString(),
    publicKey: known.export({ format: 'jwk' }).x ?? '',
    sign: (content) => sign(null, content, key).toString('base64url'),
  };
}
