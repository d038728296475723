/** Events in the forms that chats and pagers take, beside the signed one. Pure. */
import type { BerthEvent } from '../../model/index.ts';
import { CLOUD_EVENT_MEDIA_TYPE, type CloudEvent } from '../webhook-message.ts';
import { dataOf, type Fields, sentenceOf, toldOf } from './told-event.ts';

/**
 * `slack`: an incoming webhook; `teams`: a workflow that takes Adaptive Cards; `pagerduty`: its Events API v2; `email`: to a
 * `mailto:` address.
 */
export const webhookFormats = ['slack', 'teams', 'pagerduty', 'email'] as const;
export type WebhookFormat = (typeof webhookFormats)[number];

const JSON_MEDIA_TYPE = 'application/json; charset=utf-8';
/** The longest summary that PagerDuty takes. */
const SUMMARY = 1024;

/** What a format has no form for is not sent. */
export const isInFormat = (format: WebhookFormat | undefined, { type }: Pick<BerthEvent, 'type'>): boolean =>
  format !== 'pagerduty' ||
  type === 'alert.fired' ||
  type === 'alert.resolved' ||
  type === 'alert.acknowledged';

/** Slack reads `<`, `>` and `&` as links, mentions of everybody and the like. */
const forSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', "'");

function slackMessage(event: CloudEvent): Fields {
  const { title, lines, command } = toldOf(event);
  const text = [title, ...lines].map(forSlack);
  return { text: [...text, ...(command === undefined ? [] : [`\`${forSlack(command)}\``])].join('\n') };
}

/** Runs of text, which are shown as they are: a TextBlock would read them as Markdown. */
function teamsMessage(event: CloudEvent): Fields {
  const { title, lines, command } = toldOf(event);
  const run = (text: string, more: Fields = {}): Fields => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...more }],
  });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            run(title, { weight: 'Bolder' }),
            ...lines.map((line) => run(line)),
            ...(command === undefined ? [] : [run(command, { fontType: 'Monospace' })]),
          ],
        },
      },
    ],
  };
}

const actions: Readonly<Record<string, string>> = {
  'dev.berth.alert.fired': 'trigger',
  'dev.berth.alert.acknowledged': 'acknowledge',
};

/** One incident an alert. A test resolves an incident that there is not, so that it calls nobody. */
function pagerDutyEvent(event: CloudEvent, key: string): Fields {
  const { project, environment, service } = event.data as Record<string, string | undefined>;
  const { alert, kind, cause, figures, deployment, next } = dataOf(event);
  const source = [project, environment].filter(Boolean).join('/');
  return {
    routing_key: key,
    event_action: actions[event.type] ?? 'resolve',
    dedup_key: `berth-${String(alert ?? event.id)}`,
    client: 'Berth',
    payload: {
      summary: sentenceOf(event).slice(0, SUMMARY),
      source,
      severity: 'error',
      timestamp: event.time,
      ...(service !== undefined && { component: service }),
      group: source,
      ...(kind !== undefined && { class: kind }),
      custom_details: { cause, figures, deployment, next },
    },
  };
}

/** The key of an integration, which is in the fragment of a webhook's address: no request has that in its own. */
export const PAGERDUTY_KEY = /^#[A-Za-z0-9]{20,64}$/;

/** What is sent for an event, and to where. @param url of the webhook */
export function webhookBody(
  format: Exclude<WebhookFormat, 'email'> | undefined,
  event: CloudEvent,
  url: string,
): { mediaType: string; body: string; to: string } {
  switch (format) {
    case undefined:
      return { mediaType: CLOUD_EVENT_MEDIA_TYPE, body: JSON.stringify(event), to: url };
    case 'slack':
      return { mediaType: JSON_MEDIA_TYPE, body: JSON.stringify(slackMessage(event)), to: url };
    case 'teams':
      return { mediaType: JSON_MEDIA_TYPE, body: JSON.stringify(teamsMessage(event)), to: url };
    case 'pagerduty': {
      const [to = url, key = ''] = url.split('#');
      return { mediaType: JSON_MEDIA_TYPE, body: JSON.stringify(pagerDutyEvent(event, key)), to };
    }
  }
}
