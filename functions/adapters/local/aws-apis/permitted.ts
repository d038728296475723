/** What the keys of one bucket or queue may ask for: its contents, and nothing that makes, changes or lists others. */
import type { IncomingHttpHeaders } from 'node:http';
import { AwsError, splitUrl } from './signature.ts';

export interface Asked {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
}

/**
 * What may be asked of a bucket, and of an object by each method. Others (tags, versions, access lists, lifecycles and so on) are not had
 * here, and would be taken for what they are not.
 */
const OF_BUCKET = new Set([
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'marker',
  'start-after',
  'continuation-token',
  'encoding-type',
  'fetch-owner',
]);
const OF_OBJECT: Readonly<Record<string, readonly string[]>> = {
  GET: ['', 'partNumber', 'attributes'],
  HEAD: ['', 'partNumber'],
  PUT: ['', 'partNumber&uploadId'],
  POST: ['uploads', 'uploadId'],
  DELETE: ['', 'uploadId'],
};
const OF_ANSWER = /^response-/;
const SIGNATURE = /^x-amz-/i;
const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']);

/** @throws AwsError */
export function permitObject({ method, url, headers }: Asked, bucket: string): void {
  const { path, query } = splitUrl(url);
  const [, first = '', ...rest] = path.split('/');
  const key = rest.join('/');
  const names = query.map(([name]) => name).filter((name) => !SIGNATURE.test(name) && name !== 'x-id');
  if (first !== bucket || !METHODS.has(method)) throw denied();
  const source = headers['x-amz-copy-source'];
  if (source !== undefined && !isWithin(String(source), bucket)) throw denied();
  // What reads addresses further on takes these for ways up.
  if (rest.some((part) => /^(?:\.|%2e){1,2}$/i.test(part)))
    throw new AwsError('InvalidURI', 400, 'A key has no part here that is "." or "..".');
  if (key !== '') {
    // A form that a browser sends has no signature that could be checked.
    if (method === 'POST' && names.length === 0) throw denied();
    const asked = names.filter((name) => !OF_ANSWER.test(name)).toSorted();
    // Without its id an upload in parts would be taken for the object itself, and be overwritten or deleted.
    const isEmpty = query.some(([name, value]) => /^(?:uploadId|partNumber)$/.test(name) && value === '');
    if (isEmpty || !OF_OBJECT[method]?.includes(asked.join('&'))) throw notHere();
    return;
  }
  if (method === 'HEAD' && names.length === 0) return;
  if (method === 'POST' && names.length === 1 && names[0] === 'delete') return;
  if (method !== 'GET') throw denied();
  if (!names.every((name) => OF_BUCKET.has(name))) throw notHere();
}

function isWithin(source: string, bucket: string): boolean {
  try {
    return decodeURIComponent(source).replace(/^\//, '').startsWith(`${bucket}/`);
  } catch {
    return false;
  }
}

const QUEUE_ACTIONS = new Set([
  'SendMessage',
  'SendMessageBatch',
  'ReceiveMessage',
  'DeleteMessage',
  'DeleteMessageBatch',
  'ChangeMessageVisibility',
  'ChangeMessageVisibilityBatch',
  'GetQueueAttributes',
  'GetQueueUrl',
  'PurgeQueue',
]);

/** @returns the action @throws AwsError */
export function permitMessage({ method, headers }: Asked): string {
  const [service, action = ''] = String(headers['x-amz-target'] ?? '').split('.');
  if (method !== 'POST' || !String(headers['content-type']).startsWith('application/x-amz-json-1.0'))
    throw new AwsError(
      'InvalidAction',
      400,
      'Only the JSON protocol of SQS is spoken here: take a client of 2023 or newer.',
    );
  if (service !== 'AmazonSQS' || !QUEUE_ACTIONS.has(action)) throw denied();
  return action;
}

const notHere = (): AwsError =>
  new AwsError('NotImplemented', 501, 'This part of S3 is not had on one machine.');
const denied = (): AwsError =>
  new AwsError('AccessDenied', 403, 'The key is for what is in this bucket or queue alone.');
