/** The body of a signed request: whether it is what was signed, and, where it came in chunks, what it is without them. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import { AwsError, hmac, type Seed, type Signed, sha256, UNSIGNED } from './signature.ts';

export interface Payload {
  body: Buffer;
  /** Headers that came after the body. */
  trailers: Record<string, string>;
}

const SIGNED_CHUNKS = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const SIGNED_CHUNKS_TRAILER = `${SIGNED_CHUNKS}-TRAILER`;
const UNSIGNED_CHUNKS_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** @throws AwsError where the body is not what was signed, or its checksum is another */
export function readPayload(headers: IncomingHttpHeaders, { payload, seed }: Signed, sent: Buffer): Payload {
  const read = (): Payload => {
    if (payload === UNSIGNED) return { body: sent, trailers: {} };
    if (payload === SIGNED_CHUNKS) return readChunks(sent, { seed });
    if (payload === SIGNED_CHUNKS_TRAILER) return readChunks(sent, { seed, hasTrailer: true });
    if (payload === UNSIGNED_CHUNKS_TRAILER) return readChunks(sent, {});
    if (payload !== sha256(sent))
      throw new AwsError('XAmzContentSHA256Mismatch', 400, 'The body is not that which was signed.');
    return { body: sent, trailers: {} };
  };
  const found = read();
  checkTrailers(found.trailers, String(headers['x-amz-trailer'] ?? ''));
  const length = headers['x-amz-decoded-content-length'];
  if (length !== undefined && Number(length) !== found.body.length)
    throw new AwsError('IncompleteBody', 400, 'The body has another length than the header says.');
  checkSums({ ...headers, ...found.trailers }, found.body);
  return found;
}

/** `size[;chunk-signature=…]`, the data, and so on; after the last one, of no size, headers. */
function readChunks(sent: Buffer, { seed, hasTrailer }: { seed?: Seed; hasTrailer?: true }): Payload {
  const chunks: Buffer[] = [];
  let signature = seed?.signature ?? '';
  let at = 0;
  const line = (): string => {
    const end = sent.indexOf('\r\n', at);
    if (end < 0 || end - at > 4096) throw incomplete();
    const text = sent.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const [, size = '', given] =
      /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line()) ?? [];
    const length = Number.parseInt(size, 16);
    if (Number.isNaN(length) || at + length > sent.length) throw incomplete();
    const chunk = sent.subarray(at, at + length);
    if (seed) {
      signature = chunkSignature(seed, 'PAYLOAD', signature, `${sha256('')}\n${sha256(chunk)}`);
      if (given !== signature) throw notSigned();
    }
    at += length;
    if (length === 0) break;
    chunks.push(chunk);
    if (line() !== '') throw incomplete();
  }
  const trailers: Record<string, string> = {};
  while (at < sent.length) {
    const text = line();
    const colon = text.indexOf(':');
    if (colon > 0) trailers[text.slice(0, colon).toLowerCase()] = text.slice(colon + 1).trim();
  }
  const { 'x-amz-trailer-signature': given, ...rest } = trailers;
  if (seed && (hasTrailer || Object.keys(rest).length > 0)) {
    const lines = Object.entries(rest).map(([name, value]) => `${name}:${value}\n`);
    if (given !== chunkSignature(seed, 'TRAILER', signature, sha256(lines.join('')))) throw notSigned();
  }
  return { body: Buffer.concat(chunks), trailers: rest };
}

/** They become headers, of which all others were signed before the body. */
function checkTrailers(trailers: Payload['trailers'], said: string): void {
  const announced = said.split(',').map((name) => name.trim().toLowerCase());
  const strange = Object.keys(trailers).find(
    (name) => !name.startsWith('x-amz-checksum-') || !announced.includes(name),
  );
  if (strange !== undefined)
    throw new AwsError(
      'MalformedTrailerError',
      400,
      'Behind the body are checksums alone that x-amz-trailer announces.',
    );
}

const chunkSignature = (seed: Seed, kind: string, before: string, hashes: string): string =>
  hmac(
    seed.signingKey,
    [`AWS4-HMAC-SHA256-${kind}`, seed.time, seed.scope, before, hashes].join('\n'),
  ).toString('hex');

const DIGESTS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  'content-md5': (body) => createHash('md5').update(body).digest(),
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest(),
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest(),
  'x-amz-checksum-crc32': (body) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return sum;
  },
};

/** Of the others, CRC32C and CRC64NVME, nothing here makes any: what is said is kept as it is. */
function checkSums(headers: IncomingHttpHeaders, body: Buffer): void {
  for (const [name, digest] of Object.entries(DIGESTS)) {
    const said = headers[name];
    // That of a whole object of parts ends in their number, and is not of this body.
    if (typeof said !== 'string' || said.includes('-')) continue;
    if (digest(body).toString('base64') !== said)
      throw new AwsError('BadDigest', 400, `The body has another checksum than ${name} says.`);
  }
}

const incomplete = (): AwsError =>
  new AwsError('IncompleteBody', 400, 'The chunks of the body are not whole.');
const notSigned = (): AwsError =>
  new AwsError('SignatureDoesNotMatch', 403, 'A chunk of the body is not that which was signed.');
