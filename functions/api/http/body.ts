/** Reads JSON bodies: bounded in size while they stream, in UTF-8, and bounded in depth. */
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';

export const JSON_MAX_BYTES = limits.jsonBody.value;
const DEPTH_MAX = limits.jsonDepth.value;

/** The longest pause in a body, milliseconds: what comes no more holds no connection. */
export const BODY_PAUSE_MS = limits.bodyPauseSeconds.value * 1000;
/** The longest time for a body that is kept in memory, milliseconds, however steadily it drips. */
export const BODY_MAX_MS = limits.bodySeconds.value * 1000;

const tooSlow = (): Problem =>
  new Problem('request_timeout', 'The body took too long to arrive.', {
    hint: 'Send it again, on a better line.',
  });

/**
 * A body that ends with an error when it pauses for too long, or as a whole takes longer than `maxMs`.
 * @throws Problem request_timeout, to who reads it
 */
export function timely(
  body: ReadableStream<Uint8Array>,
  maxMs: number = Number.POSITIVE_INFINITY,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const end = performance.now() + maxMs;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<never>((_resolve, reject) => {
          const wait = Math.max(0, Math.min(BODY_PAUSE_MS, end - performance.now()));
          timer = setTimeout(() => reject(tooSlow()), wait);
        });
        try {
          const { done, value } = await Promise.race([reader.read(), late]);
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          reader.cancel(error).catch(() => undefined);
          controller.error(error);
        } finally {
          clearTimeout(timer);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    // Nothing is read ahead of who asks: a reader that takes its time is no pause of the client.
    { highWaterMark: 0 },
  );
}

/**
 * All bytes of a body, counted as they come: its Content-Length is not trusted.
 * @throws Problem payload_too_large | request_timeout
 */
export async function readBytes(body: ReadableStream<Uint8Array> | null, max: number): Promise<Uint8Array> {
  if (!body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = timely(body, BODY_MAX_MS).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > max) {
      await reader.cancel().catch(() => undefined);
      throw new Problem('payload_too_large', `The body is larger than ${max / 1024} KiB.`, {
        hint: 'Send less at a time; source code goes to .../builds as application/gzip.',
      });
    }
    chunks.push(value);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

const malformed = (why: string): Problem =>
  new Problem('malformed_json', `The body can not be read: ${why}.`, {
    hint: 'Send one JSON object in UTF-8.',
  });

/** @throws Problem malformed_json */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('it is not UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold a secret.
    throw malformed(text.trim() === '' ? 'it is empty' : 'it is not JSON');
  }
  checkShape(value, 1);
  return value;
}

/** Refuses great depth and keys that reach a prototype, so that no code behind it has to deal with them. */
function checkShape(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_MAX) throw malformed(`it is nested deeper than ${DEPTH_MAX} levels`);
  if (Array.isArray(value)) {
    for (const inner of value) checkShape(inner, depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw malformed('it has a key "__proto__"');
    checkShape((value as Record<string, unknown>)[key], depth + 1);
  }
}

/** The media type of a Content-Type header in lower case, without parameters. */
export const mediaType = (header: string | null): string =>
  (header ?? '').split(';', 1)[0]!.trim().toLowerCase();

/**
 * @param accepted media types
 * @throws Problem unsupported_media_type
 */
export function checkMediaType(request: Request, accepted: readonly string[]): void {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', 'The body has a Content-Encoding, and none is accepted.', {
      hint: 'Send the body as it is, without Content-Encoding.',
    });
  }
  const header = request.headers.get('content-type');
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(header ?? '')?.[1]?.toLowerCase();
  if (accepted.includes(mediaType(header)) && (charset === undefined || charset === 'utf-8')) return;
  throw new Problem('unsupported_media_type', 'The body is of a type that is not accepted here.', {
    hint: `Send "Content-Type: ${accepted.join('" or "')}".`,
  });
}
