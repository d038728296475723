/** Who is told of the events of a project: webhooks, and the providers of connected repositories. */
import { askProvider } from '../commands/connections/ask-provider.ts';
import { sendToWebhook, type WebhookOutcome } from '../commands/webhooks/webhook-messages.ts';
import { disableWebhook } from '../commands/webhooks/webhooks.ts';
import { isSelected } from '../core/events/event-selector.ts';
import { isInFormat } from '../core/events/formats/webhook-formats.ts';
import { cloudEvent, GIVE_UP_MS } from '../core/events/webhook-message.ts';
import { tellingToken } from '../core/git/github-app.ts';
import { connectionKey, webhookKey } from '../core/keys.ts';
import type { BerthEvent, Connection, Webhook, WebhookDelivery } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import { isForProvider, tellProvider } from './tell-provider.ts';

/** Shorter than a lease. Milliseconds. */
const ASK_MS = 15_000;

export interface Recipient {
  wants(event: BerthEvent): boolean;
  /** @param signal ends the attempt early; its outcome then says nothing about the receiver */
  send(event: BerthEvent, signal: AbortSignal): Promise<WebhookOutcome>;
  /** Finds what the recipient has to tell, where it has. */
  ask?(signal: AbortSignal): Promise<void>;
  /** What becomes of an event that was not taken for as long as it is tried. */
  giveUp(reason: string): Promise<'passed' | 'ended'>;
}

/** Undefined for one that takes nothing now, or is gone. */
export async function recipientOf(
  ports: Ports,
  { project, webhook, service }: WebhookDelivery,
): Promise<Recipient | undefined> {
  if (service === undefined) return webhookOf(ports, { project, webhook });
  const connection = (await ports.store.get<Connection>(connectionKey({ project, service })))?.data;
  if (connection?.id !== webhook || tellingToken(connection) === undefined) return undefined;
  return {
    wants: (event) => isForProvider(connection, event),
    send: (event, signal) => tellProvider(ports, connection, event, signal),
    ask: (signal) => askProvider(ports, connection, AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)])),
    // What comes after it is worth to be told all the same.
    giveUp: async () => 'passed',
  };
}

async function webhookOf(
  ports: Ports,
  ref: { project: string; webhook: string },
): Promise<Recipient | undefined> {
  const hook = (await ports.store.get<Webhook>(webhookKey(ref.project, ref.webhook)))?.data;
  if (!hook?.enabled) return undefined;
  return {
    wants: (event) => isSelected(event.type, hook.types) && isInFormat(hook.format, event),
    send: (event, signal) => sendToWebhook(ports, hook, cloudEvent(event), signal),
    async giveUp(reason) {
      await disableWebhook(ports, ref, `For ${GIVE_UP_MS / 3_600_000} hours: ${reason}.`);
      return 'ended';
    },
  };
}
