/** What an event says to people: a sentence, and what is worth to be known with it. Pure. */

import type { CloudEvent } from '../webhook-message.ts';
import { eventSentence } from './event-sentence.ts';

const TEST = 'dev.berth.webhook.test';

export type Fields = Record<string, unknown>;

export const dataOf = ({ data }: CloudEvent): Fields => (data.data ?? {}) as Fields;

export function sentenceOf(event: CloudEvent): string {
  const type = event.type.replace(/^dev\.berth\./, '');
  if (event.type === TEST) return 'This is a test from Berth';
  return eventSentence(type, dataOf(event), event.data);
}

export interface Told {
  title: string;
  lines: string[];
  /** The command that is worth to be run next. */
  command?: string;
}

export function toldOf(event: CloudEvent): Told {
  const { project } = event.data as { project?: string };
  const { deployment, next } = dataOf(event) as {
    deployment?: { number: number; version: string; at: string; by: string };
    next?: string;
  };
  return {
    title: sentenceOf(event),
    lines: [
      ...(deployment
        ? [
            `Deployment ${deployment.number} (${deployment.version}) by ${deployment.by} began at ${deployment.at}`,
          ]
        : []),
      `Project ${project ?? ''}, ${event.time}`,
    ],
    ...(next !== undefined && { command: next }),
  };
}
