/** Events as e-mail, in plain text. Pure. */
import type { CloudEvent } from '../webhook-message.ts';
import { dataOf, toldOf } from './told-event.ts';

export interface EmailText {
  subject: string;
  text: string;
  /** What messages of one alert have in common, so that mail programs show them together. */
  thread?: string;
}

/** The longest subject, characters. */
const SUBJECT = 200;

/** The address of a webhook whose events are sent by e-mail; undefined where it is none. @param url `mailto:team@example.com` */
export const mailboxOf = (url: string): string | undefined => /^mailto:([^?#]+)$/i.exec(url)?.[1];

export function emailOf(event: CloudEvent): EmailText {
  const { title, lines, command } = toldOf(event);
  const { project } = event.data as { project?: string };
  const { alert } = dataOf(event);
  const next = command === undefined ? [] : ['Worth to be run next:', '', `    ${command}`, ''];
  return {
    subject: `[${project ?? 'Berth'}] ${title}`.replace(/\s+/g, ' ').slice(0, SUBJECT),
    text: [title, '', ...lines, '', ...next].join('\n'),
    ...(alert !== undefined && { thread: `alert-${String(alert)}` }),
  };
}
