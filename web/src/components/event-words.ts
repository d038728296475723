/** What happened, in words. */
import { type EventWords, wordsByType } from '../../../client/event-words.generated.ts';
import type { Event } from '../../../client/types.generated.ts';

/** Undefined for a type of another Berth: events stay when what emitted them is gone. */
const declaredFor = (type: Event['type']): EventWords | undefined =>
  Object.hasOwn(wordsByType, type) ? wordsByType[type] : undefined;

const shown = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '?';

/** @example eventWords(event) // "Deployment 3 of guestbook to dev failed" */
export function eventWords(event: Event): string {
  const { type, service, environment, data } = event;
  const declared = declaredFor(type);
  if (!declared) return typeInWords(event);
  const values: Record<string, unknown> = { ...data, service, environment };
  const special = declared.wordsFor?.find(({ member, value }) => values[member] === value);
  const { words } = special ?? declared;
  return words.replaceAll(/\{(\w+)\}/g, (_placeholder, name: string) => shown(values[name]));
}

function typeInWords({ type, service, environment }: Event): string {
  const what = type.replaceAll(/[.-]/g, ' ');
  const where = [service, environment].filter(Boolean).join(' in ');
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}${where && `: ${where}`}`;
}

/** How it looks: what went wrong is seen among a hundred others. */
export const eventTone = ({ type }: Event): 'good' | 'bad' | 'neutral' =>
  declaredFor(type)?.tone ?? 'neutral';
