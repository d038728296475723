/** The console's words for events, from their declarations: `npm run generate` writes them. */
import type { EventDeclaration } from '../../functions/core/events/event-declaration.ts';
import { eventTypes } from '../../functions/core/events/event-types.ts';

/** @returns the file as it has to be */
export function eventWords(): string {
  const types = Object.entries<EventDeclaration>(eventTypes);
  const words = Object.fromEntries(types.map(([type, { data: _shape, ...rest }]) => [type, rest]));
  return `// Made from functions/core/events/event-types.ts by \`npm run generate\`; do not edit.
import type { Event } from './types.generated.ts';

export interface EventWords {
  /** \`{service}\` and \`{environment}\` stand for the event's own, other names for its data. */
  words: string;
  /** Other sentences, each for one value of a member of the data. */
  wordsFor?: readonly { member: string; value: string | number; words: string }[];
  tone?: 'good' | 'bad';
}

export const wordsByType: Readonly<Record<Event['type'], EventWords>> = ${JSON.stringify(words, null, 2)};
`;
}
