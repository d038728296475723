/** Checks what AWS calls Signature Version 4, in a header and in the query of a presigned address. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface SignedRequest {
  method: string;
  /** The path and the query as they were sent. */
  url: string;
  headers: IncomingHttpHeaders;
  /** SHA-256 of the body in hex digits, where that is known: it stands in the signature without a header of its own. */
  bodyHash?: string;
}

export interface SignatureRules {
  service: 's3' | 'sqs';
  region: string;
  /** @returns the secret of a key; undefined where there is no such key */
  secretOf(keyId: string): string | undefined;
  /** Milliseconds since 1970. */
  now: number;
}

/** What the chunks of a body are signed with, each after the one before. */
export interface Seed {
  signingKey: Buffer;
  /** `20260102T030405Z`. */
  time: string;
  scope: string;
  signature: string;
}

export interface Signed {
  /** What the request says of its body: SHA-256 in hex digits, or one of AWS's words. */
  payload: string;
  seed: Seed;
}

/** A refusal in AWS's own words, which clients know. */
export class AwsError extends Error {
  override name = 'AwsError';
  readonly code: string;
  readonly status: number;
  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED = 'UNSIGNED-PAYLOAD';
/** How far the clocks may be apart, and how long a presigned address is good at most. */
const SKEW_MS = 15 * 60_000;
const WEEK_SECONDS = 7 * 24 * 3600;

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
export const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

/** As AWS has it: all but letters, digits and `-._~` is escaped. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** @throws AwsError for escapes that stand for no text */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidURI', 400, 'The address holds an escape that is no UTF-8.');
  }
}

/** What a request says of its signature, and the secret that it was made with. */
interface Claim extends Found {
  path: string;
  query: readonly Pair[];
  isPresigned: boolean;
  secret: string;
  /** The parts of what the signing key is made for. */
  date: string;
  region: string;
  service: string;
}

/**
 * All that can be told before the body is there; the signature itself is not looked at.
 * @throws AwsError where there is no such key, or it is of another service, region or time
 */
export function readClaim(request: Pick<SignedRequest, 'url' | 'headers'>, rules: SignatureRules): Claim {
  const { path, query } = splitUrl(request.url);
  const isPresigned = query.some(([name]) => name === 'X-Amz-Signature');
  const found = isPresigned ? fromQuery(query) : fromHeaders(request.headers);
  const [keyId = '', date = '', region = '', service = '', end = '', ...more] = found.credential.split('/');
  const secret = rules.secretOf(keyId);
  if (secret === undefined) throw new AwsError('InvalidAccessKeyId', 403, 'There is no such access key.');
  if (
    end !== 'aws4_request' ||
    more.length > 0 ||
    service !== rules.service ||
    date !== found.time.slice(0, 8)
  )
    throw malformed('its credential is of another service or day');
  if (region !== rules.region) throw malformed(`the region is "${rules.region}"`);
  checkTime(found, rules.now);
  checkCovered(request.headers, found.signedHeaders);
  return { ...found, path, query, isPresigned, secret, date, region, service };
}

/** @throws AwsError where it is not signed by a key that there is, for this service, region and time */
export function checkSignature(request: SignedRequest, rules: SignatureRules): Signed {
  const claim = readClaim(request, rules);
  const { secret, date, region, service, time, signedHeaders, signature } = claim;
  const scope = `${date}/${region}/${service}/aws4_request`;
  const payload = request.bodyHash ?? payloadOf(request.headers, claim.isPresigned);
  const canonical = [
    request.method,
    canonicalPath(claim.path, rules.service),
    canonicalQuery(claim.query.filter(([name]) => name !== 'X-Amz-Signature')),
    ...signedHeaders.map((name) => `${name}:${headerValue(request.headers, name)}`),
    '',
    signedHeaders.join(';'),
    payload,
  ].join('\n');
  const signingKey = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, date));
  const expected = hmac(signingKey, [ALGORITHM, time, scope, sha256(canonical)].join('\n'));
  const given = Buffer.from(signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new AwsError(
      'SignatureDoesNotMatch',
      403,
      'The signature is not that of the key for this request.',
    );
  return { payload, seed: { signingKey, time, scope, signature } };
}

/**
 * An address of S3 as it was signed. One signature is good for all ways to write an address, and whoever reads another one
 * than was signed takes a `#` or a `\\` in it for what they are in browsers: an end, or a way up.
 */
export function signedUrl(url: string): string {
  const { path, query } = splitUrl(url);
  const text = canonicalQuery(query);
  return `${canonicalPath(path, 's3')}${text === '' ? '' : `?${text}`}`;
}

interface Found {
  credential: string;
  signedHeaders: string[];
  signature: string;
  time: string;
  /** Only of a presigned address. */
  expiresSeconds?: number;
}

function fromHeaders(headers: IncomingHttpHeaders): Found {
  const { authorization } = headers;
  if (authorization === undefined) throw new AwsError('AccessDenied', 403, 'The request is not signed.');
  const [, credential, names, signature] =
    /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  const time = headers['x-amz-date'];
  if (!credential || !names || !signature || typeof time !== 'string')
    throw malformed('it is not of AWS Signature Version 4');
  return { credential, signedHeaders: names.split(';'), signature, time };
}

function fromQuery(query: readonly Pair[]): Found {
  const one = (name: string): string => {
    const values = query.filter(([found]) => found === name);
    if (values.length !== 1) throw malformed(`the address has not one ${name}`);
    return values[0]?.[1] ?? '';
  };
  if (one('X-Amz-Algorithm') !== ALGORITHM) throw malformed('it is not of AWS Signature Version 4');
  return {
    credential: one('X-Amz-Credential'),
    signedHeaders: one('X-Amz-SignedHeaders').split(';'),
    signature: one('X-Amz-Signature'),
    time: one('X-Amz-Date'),
    expiresSeconds: Number(one('X-Amz-Expires')),
  };
}

function checkTime({ time, expiresSeconds }: Found, now: number): void {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? [];
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at)) throw malformed('its time can not be read');
  if (at > now + SKEW_MS || (expiresSeconds === undefined && at < now - SKEW_MS))
    throw new AwsError(
      'RequestTimeTooSkewed',
      403,
      'Its time is more than 15 minutes from that of the server.',
    );
  if (expiresSeconds === undefined) return;
  if (!(expiresSeconds > 0 && expiresSeconds <= WEEK_SECONDS))
    throw malformed('X-Amz-Expires is not between 1 s and 7 days');
  if (now > at + expiresSeconds * 1000) throw new AwsError('AccessDenied', 403, 'Request has expired');
}

/** What steers the request has to be signed, or somebody in between could add to it. */
function checkCovered(headers: IncomingHttpHeaders, signed: readonly string[]): void {
  const left = Object.keys(headers).find((name) => name.startsWith('x-amz-') && !signed.includes(name));
  if (!signed.includes('host')) throw malformed('the header host is not signed');
  if (left !== undefined)
    throw new AwsError('AccessDenied', 403, `There were headers present which were not signed: ${left}`);
}

function payloadOf(headers: IncomingHttpHeaders, isPresigned: boolean): string {
  const said = headers['x-amz-content-sha256'];
  if (typeof said === 'string') return said;
  if (isPresigned) return UNSIGNED;
  throw malformed('the header x-amz-content-sha256 is missing');
}

type Pair = [name: string, value: string];

export function splitUrl(url: string): { path: string; query: Pair[] } {
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const text = at < 0 ? '' : url.slice(at + 1);
  const query = text
    .split('&')
    .filter((part) => part !== '')
    .map((part): Pair => {
      const equals = part.indexOf('=');
      const [name, value] = equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
      return [unescaped(name), unescaped(value)];
    });
  return { path, query };
}

const canonicalPath = (path: string, service: SignatureRules['service']): string => {
  const once = path.split('/').map((part) => escaped(unescaped(part)));
  return (service === 's3' ? once : once.map(escaped)).join('/');
};

const canonicalQuery = (query: readonly Pair[]): string =>
  query
    .map(([name, value]) => [escaped(name), escaped(value)] as const)
    .toSorted((one, other) => compare(one[0], other[0]) || compare(one[1], other[1]))
    .map((pair) => pair.join('='))
    .join('&');

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

const headerValue = (headers: IncomingHttpHeaders, name: string): string =>
  [headers[name] ?? []].flat().join(',').trim().replaceAll(/\s+/g, ' ');

const malformed = (why: string): AwsError =>
  new AwsError('AuthorizationHeaderMalformed', 400, `The signature can not be taken: ${why}.`);
