/** Sends one event to the receiver of one webhook. */

import { emailOf, mailboxOf } from '../../core/events/formats/email.ts';
import { webhookBody } from '../../core/events/formats/webhook-formats.ts';
import { type CloudEvent, signedHeaders, sourceOf } from '../../core/events/webhook-message.ts';
import { signingSecretPath } from '../../core/keys.ts';
import type { Webhook } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { type Caller, commit } from '../../records/commit.ts';

export interface WebhookOutcome {
  delivered: boolean;
  /** The HTTP status of the answer. */
  status?: number;
  /** Why the event was not delivered. */
  reason?: string;
}

const messageId = ({ id }: Webhook, event: CloudEvent): string => `msg_${id}_${event.id}`;

/** @param signal ends the attempt early; its outcome then says nothing about the receiver */
export async function sendToWebhook(
  ports: Pick<Ports, 'receivers' | 'mail' | 'secrets' | 'effects'>,
  webhook: Webhook,
  event: CloudEvent,
  signal?: AbortSignal,
): Promise<WebhookOutcome> {
  if (webhook.format === 'email') return sendEmail(ports, webhook, event, signal);
  const now = ports.effects.now();
  const { version, previous } = webhook.secret;
  const versions = previous && Date.parse(previous.until) > now ? [version, previous.version] : [version];
  const path = signingSecretPath(webhook.project, webhook.id);
  const secrets = await Promise.all(versions.map((each) => ports.secrets.get(path, each)));
  const known = secrets.filter((secret) => secret !== undefined);
  if (known.length === 0) return { delivered: false, reason: 'its signing secret is not there' };
  const { mediaType, body, to } = webhookBody(webhook.format, event, webhook.url);
  const headers = {
    'content-type': mediaType,
    'user-agent': 'Berth',
    ...signedHeaders(messageId(webhook, event), now, body, known),
  };
  const receipt = await ports.receivers.post(to, { headers, body }, signal);
  if ('fault' in receipt) return { delivered: false, reason: receipt.fault };
  const { status } = receipt;
  if (status >= 200 && status < 300) return { delivered: true, status };
  return { delivered: false, status, reason: `the answer has the status ${status}` };
}

async function sendEmail(
  { mail }: Pick<Ports, 'mail'>,
  webhook: Webhook,
  event: CloudEvent,
  signal?: AbortSignal,
): Promise<WebhookOutcome> {
  if (!mail) return { delivered: false, reason: 'this Berth sends no e-mail' };
  const to = mailboxOf(webhook.url) ?? '';
  const { fault } = await mail.send({ to, id: messageId(webhook, event), ...emailOf(event) }, signal);
  return fault === undefined ? { delivered: true } : { delivered: false, reason: fault };
}

/** Sends an event that is not in the project's chain, once and without delay. */
export async function testWebhook(ports: Ports, caller: Caller, webhook: Webhook): Promise<WebhookOutcome> {
  const { id, project } = webhook;
  const outcome = await sendToWebhook(ports, webhook, {
    specversion: '1.0',
    id: `test-${ports.effects.id()}`,
    source: sourceOf(project),
    type: 'dev.berth.webhook.test',
    time: new Date(ports.effects.now()).toISOString(),
    datacontenttype: 'application/json',
    data: { project, actor: caller.actor, data: { id } },
  });
  await commit(ports, caller, {
    writes: [],
    events: [{ project, type: 'webhook.tested', data: { id, ...outcome } }],
    result: outcome,
  });
  return outcome;
}
