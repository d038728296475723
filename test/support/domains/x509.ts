/** A certificate for tests, signed by its own key: PEM. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const text = (value: string, tag = 0x0c): Buffer => der(tag, Buffer.from(value));
const time = (at: number): Buffer =>
  text(`${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`, 0x18);

const ECDSA_SHA256 = sequence(hex('06082a8648ce3d040302'));
const COMMON_NAME = hex('0603550403');
const ALTERNATIVE_NAMES = hex('0603551d11');

export interface CertificateFields {
  domain: string;
  issuer?: string;
  /** Of a P-256 key, PEM. */
  key: string;
  /** Epoch milliseconds. */
  notBefore: number;
  notAfter: number;
}

export function makeCertificate({
  domain,
  issuer = 'Test',
  key,
  notBefore,
  notAfter,
}: CertificateFields): string {
  const privateKey = createPrivateKey(key);
  const nameOf = (name: string) => sequence(der(0x31, sequence(COMMON_NAME, text(name))));
  const names = sequence(ALTERNATIVE_NAMES, der(0x04, sequence(text(domain, 0x82))));
  const body = sequence(
    der(0xa0, hex('020102')),
    hex('020101'),
    ECDSA_SHA256,
    nameOf(issuer),
    sequence(time(notBefore), time(notAfter)),
    nameOf(domain),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(names)),
  );
  const signature = sign('sha256', body, privateKey);
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
}
