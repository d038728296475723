/**
 * Events in the form in which webhooks receive them: CloudEvents 1.0 in JSON, signed according to Standard Webhooks.
 */
import { createHmac } from 'node:crypto';
import type { BerthEvent, WebhookFailure } from '../model/index.ts';

export interface CloudEvent {
  specversion: '1.0';
  /** Unique within its source: the number of the event in the project's chain. */
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

/** A receiver that has taken nothing for this long is given up, milliseconds. */
export const GIVE_UP_MS = 24 * 60 * 60 * 1000;

const FIRST_DELAY_MS = 5_000;
const DELAY_MAX_MS = 60 * 60 * 1000;

/** @param random base64url */
export const signingSecret = (random: string): string =>
  SECRET_PREFIX + Buffer.from(random, 'base64url').toString('base64');

export const sourceOf = (project: string): string => `/v1/projects/${project}`;

/**
 * The message that is sent for an event. It leaves out where a request came from, which only the audit trail tells.
 */
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
 * The headers that prove where a message comes from.
 * @param id the same for each attempt
 * @param now epoch milliseconds
 * @param secrets each gives one signature: during a rotation the old secret is good for a while
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

/**
 * The failure after one more attempt. Attempts follow after 5 s, 10 s, 20 s and so on, one hour at most; the last one
 * is made when the receiver is given up.
 */
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
