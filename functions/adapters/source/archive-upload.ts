/** What every upload of a source archive is held to, while it passes. */
import { createHash } from 'node:crypto';
import { Problem } from '../../core/problem.ts';

const GZIP = [0x1f, 0x8b];

/** SHA-256, hex, and size of an archive. */
export interface ArchiveFacts {
  sha256: string;
  bytes: number;
}

/**
 * Hands on each part of an archive, and returns what the whole of it was. An error cancels the body.
 * @throws Problem payload_too_large | invalid_archive
 */
export async function receiveArchive(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<ArchiveFacts> {
  const hash = createHash('sha256');
  const start: number[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    if (start.length < GZIP.length) start.push(...chunk.subarray(0, GZIP.length - start.length));
    if (!GZIP.slice(0, start.length).every((byte, at) => byte === start[at])) throw notGzip();
    hash.update(chunk);
    await write(chunk);
  }
  if (start.length < GZIP.length) throw notGzip();
  return { sha256: hash.digest('hex'), bytes };
}

export const tooLarge = (maxBytes: number) =>
  new Problem('payload_too_large', `The archive is refused: it is larger than ${maxBytes} bytes.`, {
    hint: 'Leave out node_modules, build output and data, or build from git.',
  });

export const notAwaited = () =>
  new Problem('not_found', 'No such upload is awaited.', {
    hint: 'Ask for an address with POST …/uploads, and send the archive there within the hour.',
  });

export const incomplete = (expected: number, came: number) =>
  new Problem(
    'invalid_archive',
    `The archive is refused: ${expected} bytes were to come, and ${came} came.`,
    {
      hint: 'Send it again, whole.',
    },
  );

const notGzip = () =>
  new Problem('invalid_archive', 'The archive is refused: it is not a gzip file.', {
    hint: 'Send a tar.gz: tar --exclude node_modules -czf source.tgz . , or git archive --format=tar.gz HEAD.',
  });
