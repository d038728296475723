/** The way to one bucket or queue: who asks has to have signed, may ask for its contents, and has limits. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Emulator } from './emulator.ts';
import { readPayload } from './payload.ts';
import { permitMessage, permitObject } from './permitted.ts';
import {
  AwsError,
  checkSignature,
  readClaim,
  type SignatureRules,
  type Signed,
  sha256,
  signedUrl,
} from './signature.ts';

export interface GateOptions {
  kind: 'bucket' | 'queue';
  /** Of the bucket or the queue. */
  name: string;
  region: string;
  emulator: Emulator;
  secretOf(keyId: string): string | undefined;
  /** What all of it may take. */
  maxBytes: number;
  /** Of one body, and of all that are there at a time: those that come in, and those that are read by who asked. */
  bodyBytes: number;
  bodiesBytes: number;
  now(): number;
}

/** Where the addresses of queues lead that are kept: whoever asks has their own way there. */
export const QUEUE_ORIGIN = 'http://queue.internal';
const ADDRESSES = new Set(['GetQueueUrl']);
/** Longer than a queue lets wait for a message. */
const SILENT_MS = 60_000;
/** A header of a connection, and what is of the body as it was sent, is not that of the request behind the gate. */
const OWN_HEADERS = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
]);

export function createGate(options: GateOptions): Server {
  const { kind, emulator, bodiesBytes } = options;
  let held = 0;

  async function readBody(request: IncomingMessage): Promise<Buffer> {
    const most = options.bodyBytes;
    const tooLarge = (): AwsError =>
      new AwsError('EntityTooLarge', 400, `A body has at most ${most} bytes here: send it in parts.`);
    if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge();
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        length += chunk.length;
        held += chunk.length;
        if (length > most) throw tooLarge();
        if (held > bodiesBytes) throw slowDown();
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    } finally {
      held -= length;
    }
  }

  const rules = (): SignatureRules => ({
    service: kind === 'bucket' ? 's3' : 'sqs',
    region: options.region,
    secretOf: options.secretOf,
    now: options.now(),
  });
  const signatureOf = (request: IncomingMessage, bodyHash?: string): Signed =>
    checkSignature(
      {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        ...(bodyHash !== undefined && { bodyHash }),
      },
      rules(),
    );

  /** What is read slowly is there as long: an object comes whole from where it is kept. @throws AwsError */
  function hold(response: ServerResponse, bytes: number): void {
    if (held > 0 && held + bytes > bodiesBytes) throw slowDown();
    held += bytes;
    response.once('close', () => {
      held -= bytes;
    });
  }

  function checkRoom(length: number): void {
    if (length > 0 && emulator.usedBytes() + length > options.maxBytes)
      throw new AwsError('QuotaExceeded', 403, `It is full: it may take ${options.maxBytes} bytes.`);
  }

  const passed = (headers: IncomingMessage['headers']): Record<string, string> =>
    Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined || OWN_HEADERS.has(name) ? [] : [[name, [value].flat().join(', ')]],
      ),
    );

  async function answerObject(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Nothing is taken in of somebody who did not sign.
    const signed = signatureOf(request);
    const url = signedUrl(request.url ?? '');
    const asked = { method: request.method ?? '', url, headers: request.headers };
    permitObject(asked, options.name);
    const { body, trailers } = readPayload(request.headers, signed, await readBody(request));
    const codings = String(request.headers['content-encoding'] ?? '')
      .split(',')
      .map((coding) => coding.trim())
      .filter((coding) => coding !== '' && coding !== 'aws-chunked');
    // An upload in parts that was begun takes room too; its end, and what deletes, has to go on where there is none.
    if (request.method === 'PUT' || /[?&]uploads=/.test(url)) checkRoom(body.length + 1);
    const answer = await emulator.ask({
      method: asked.method,
      url: asked.url,
      headers: {
        'content-type': 'binary/octet-stream',
        ...passed(request.headers),
        ...trailers,
        ...(codings.length > 0 && { 'content-encoding': codings.join(', ') }),
        host: '127.0.0.1',
      },
      ...((request.method === 'PUT' || request.method === 'POST') && { body }),
    });
    hold(response, answer.body.length);
    send(response, answer.status, answer.headers, answer.body);
  }

  async function answerMessage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The hash of the body is in the signature alone, so that a short body is taken in before that is known; of somebody who
    // names a key alone, which others are not told: what is taken in at once is bounded for all together.
    if (request.headers.authorization === undefined)
      throw new AwsError('MissingAuthenticationToken', 403, 'The request is not signed.');
    readClaim({ url: request.url ?? '', headers: request.headers }, rules());
    const body = await readBody(request);
    signatureOf(request, sha256(body));
    const action = permitMessage({ method: request.method ?? '', url: '', headers: request.headers });
    if (action.startsWith('Send')) checkRoom(body.length);
    const headers = { ...passed(request.headers), host: new URL(QUEUE_ORIGIN).host };
    const answer = await emulator.ask({ method: 'POST', url: '/', headers, body });
    const given = ADDRESSES.has(action)
      ? Buffer.from(answer.body.toString().replaceAll(QUEUE_ORIGIN, `http://${request.headers.host}`))
      : answer.body;
    send(response, answer.status, answer.headers, given);
  }

  const refuse = (response: ServerResponse, error: unknown): void => {
    const refused =
      error instanceof AwsError ? error : new AwsError('InternalFailure', 500, 'It could not be answered.');
    if (!(error instanceof AwsError)) console.error(error);
    if (response.headersSent || response.destroyed) return void response.destroy();
    const { code, message, status } = refused;
    const body =
      kind === 'bucket'
        ? `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message.replaceAll(/[<>&]/g, ' ')}</Message></Error>`
        : JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message });
    const type = kind === 'bucket' ? 'application/xml' : 'application/x-amz-json-1.0';
    // What was not taken in is not waited for.
    send(response, status, { 'content-type': type, connection: 'close' }, Buffer.from(body));
  };

  const server = createServer({ requestTimeout: 300_000, headersTimeout: 10_000 }, (request, response) => {
    const answer = kind === 'bucket' ? answerObject : answerMessage;
    answer(request, response).catch((error: unknown) => refuse(response, error));
  });
  // Whoever reads nothing any more holds an answer no longer than that.
  return server.setTimeout(SILENT_MS);
}

const slowDown = (): AwsError => new AwsError('SlowDown', 503, 'Too much is sent or read at once.');

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | number | string[] | undefined>>,
  body: Buffer,
): void {
  const isHead = response.req.method === 'HEAD';
  const length = isHead ? headers['content-length'] : body.length;
  for (const [name, value] of Object.entries({ ...headers, 'content-length': length }))
    if (value !== undefined && name !== 'transfer-encoding') response.setHeader(name, value);
  response.statusCode = status;
  response.end(isHead || status === 204 || status === 304 ? undefined : body);
}
