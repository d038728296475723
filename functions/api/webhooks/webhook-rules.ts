/** What a webhook may be sent to, by its format, and which events it may ask for. */
import { eventTypes } from '../../core/events/event-types.ts';
import { mailboxOf } from '../../core/events/formats/email.ts';
import { PAGERDUTY_KEY, type WebhookFormat } from '../../core/events/formats/webhook-formats.ts';
import { nearest } from '../../core/score/file/suggest.ts';
import type { Ports } from '../../ports/index.ts';
import type { Mail } from '../../ports/mail.ts';
import { invalidRequest } from '../http/problems.ts';

/** @throws Problem invalid_request */
export function checkUrl(
  { receivers, mail }: Ports,
  url: string | undefined,
  format: WebhookFormat | undefined,
): void {
  if (url === undefined) return;
  if (format === 'email') {
    checkMailbox(mail, url);
    return;
  }
  const [address = '', key] = format === 'pagerduty' ? url.split(/(?=#)/, 2) : [url];
  if (format === 'pagerduty' && !PAGERDUTY_KEY.test(key ?? ''))
    throw invalidRequest([{ path: 'body.url', message: 'must end with # and the key of the integration' }]);
  const rule = receivers.refusal(address);
  if (rule !== undefined) throw invalidRequest([{ path: 'body.url', message: `must ${rule}` }]);
}

/** @throws Problem invalid_request */
function checkMailbox(mail: Mail | undefined, url: string): void {
  if (!mail)
    throw invalidRequest([
      {
        path: 'body.format',
        message: 'can not be email: this Berth has no mail server, which its operator sets',
      },
    ]);
  const mailbox = mailboxOf(url);
  const rule = mailbox === undefined ? 'be mailto: with the address of one mailbox' : mail.refusal(mailbox);
  if (rule !== undefined) throw invalidRequest([{ path: 'body.url', message: `must ${rule}` }]);
}

/** A message for each event of a project is more than anybody reads. @throws Problem invalid_request */
export function checkSelected(
  format: WebhookFormat | undefined,
  types: readonly string[] | null | undefined,
): void {
  if (format === 'email' && (types ?? []).length === 0)
    throw invalidRequest([
      { path: 'body.types', message: 'must name the events that are worth an e-mail, as ["alert"]' },
    ]);
}

const known = Object.keys(eventTypes);
const selectors = [...new Set([...known.map((type) => type.split('.', 1)[0] ?? ''), ...known])];

/** A type that Berth does not know would never be sent, without a word. @throws Problem invalid_request */
export function checkTypes(types: readonly string[] | null | undefined): void {
  const errors = (types ?? []).flatMap((type, at) => {
    if (selectors.includes(type)) return [];
    const near = nearest(type, selectors);
    const hint = near === undefined ? 'see docs/reference/events.md' : `did you mean ${near}?`;
    return [{ path: `body.types[${at}]`, message: `must be a type of event, or a noun of one: ${hint}` }];
  });
  if (errors.length > 0) throw invalidRequest(errors);
}
