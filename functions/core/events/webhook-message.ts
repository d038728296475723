/** Events as webhooks get them: CloudEvents 1.0 in JSON, signed as Standard Webhooks has it. */
import { createHmac } from 'node:crypto';
import type { BerthEvent, WebhookFailure } from '../model/index.ts';

export interface CloudEvent {
  specversion: '1.0';
  /** Unique for its source: the number of the event in the project's chain. */
  id: string;
  source: string;
  type: string;
  time: string;
  subject?: string;
  datacontenttype: 'application/json';
  data: Record<string, unknown>;
}

export const CLOUD_EVENT_MEDIA_TYPE = 'application/cloudevents+json; charset=utf-8';

const SECRET_PREFIX = 'whsec_';

/** Random bytes in a signing secret. */
export const SIGNING_BYTES = 32;

/** A receiver that takes nothing for this long is given up, milliseconds. */
export const GIVE_UP_MS = 24 * 60 * 60 * 1000;

const FIRST_DELAY_MS = 5_000;
const DELAY_MAX_MS = 60 * 60 * 1000;

/** @param random base64url */
export const signingSecret = (random: string): string =>
  SECRET_PREFIX + Buffer.from(random, 'base64url').toString('base64');

export const sourceOf = (project: string): string => `/v1/projects/${project}`;

/** What is sent of an event. Where a request came from is for the audit trail alone. */
export function cloudEvent({ id, at, type, from: _from, ...rest }: BerthEvent): CloudEvent {
  const { project, environment, service } = rest;
  const subject = [environment && `environments/${environment}`, service && `services/${service}`]
    .filter(Boolean)
    .join('/');
  return {
    specversion: '1.0',
    id,
    source: sourceOf(project),
    type: `dev.berth.${type}`,
    time: at,
    ...(subject !== '' && { subject }),
    datacontenttype: 'application/json',
    data: { ...rest },
  };
}

/**
 * The headers that tell where a message is from.
 * @param id the same for each attempt
 * @param now epoch milliseconds
 * @param secrets each gives a signature: in a rotation the old one is good for a while
 */
export function signedHeaders(
  id: string,
  now: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

/** After 5 s, 10 s, 20 s and so on, an hour at most, and for the last time when it is given up. */
export function failureAfter(
  failure: WebhookFailure | undefined,
  reason: string,
  now: number,
): WebhookFailure & { final: boolean } {
  const since = failure?.since ?? new Date(now).toISOString();
  const attempts = (failure?.attempts ?? 0) + 1;
  const end = Date.parse(since) + GIVE_UP_MS;
  const next = now + Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempts - 1, 20), DELAY_MAX_MS);
  return { since, attempts, reason, nextAt: new Date(Math.min(next, end)).toISOString(), final: now >= end };
}
