/** Checks image signatures in cosign's format that were made with a key. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** A signature that was pushed beside an image. */
export interface ImageSignature {
  /** The document that was signed: JSON that names the digest. */
  payload: Uint8Array;
  /** Base64. */
  signature: string;
}

/** @returns undefined when the text is not a PEM public key that can check signatures */
export function readPublicKey(pem: string): KeyObject | undefined {
  if (!pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) return undefined;
  try {
    const key = createPublicKey(pem);
    return ['ec', 'ed25519', 'rsa'].includes(key.asymmetricKeyType ?? '') ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Tells whether one of the signatures was made with the key for this very image. */
export function isSignedBy(pem: string, digest: string, signatures: readonly ImageSignature[]): boolean {
  const key = readPublicKey(pem);
  if (!key) return false;
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return signatures.some(
    ({ payload, signature }) =>
      // A good signature of another image proves nothing about this one.
      signedDigest(payload) === digest && verify(algorithm, payload, key, Buffer.from(signature, 'base64')),
  );
}

/** The digest that a "simple signing" document names. */
function signedDigest(payload: Uint8Array): unknown {
  try {
    const { critical } = JSON.parse(Buffer.from(payload).toString());
    return critical?.type === 'cosign container image signature'
      ? critical.image?.['docker-manifest-digest']
      : undefined;
  } catch {
    return undefined;
  }
}
