/** What an event says, as a sentence. */
import type { EventDeclaration } from '../event-declaration.ts';
import { eventTypes } from '../event-types.ts';

/**
 * @param type of the event; one that is not declared any more stands for itself
 * @param fields the event's own, which come before those of its data
 */
export function eventSentence(
  type: string,
  data: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, unknown>>,
): string {
  const declared: EventDeclaration | undefined = (eventTypes as Record<string, EventDeclaration>)[type];
  const special = declared?.wordsFor?.find(({ member, value }) => data[member] === value);
  const words = special?.words ?? declared?.words ?? type;
  return words.replace(/\{(\w+)\}/g, (_, name: string) => String(fields[name] ?? data[name] ?? ''));
}
