import { describe, expect, it } from 'vitest';
import { eventVariant } from '../../../functions/api/events/event-document.ts';
import type { EventDeclaration } from '../../../functions/core/events/event-declaration.ts';
import { SELECTOR_PATTERN } from '../../../functions/core/events/event-selector.ts';
import { type EventType, eventTypes } from '../../../functions/core/events/event-types.ts';
import type { EventFields } from '../../../functions/core/model/index.ts';

const declared = Object.entries(eventTypes) as [EventType, EventDeclaration][];

/** The names of the members of a type's data, those of all of its forms. */
function membersOf(type: EventType): string[] {
  const data = eventVariant(type).properties?.data;
  if (typeof data !== 'object') return [];
  return [data, ...(data.oneOf ?? [])].flatMap((form) =>
    typeof form === 'object' ? Object.keys(form.properties ?? {}) : [],
  );
}

describe.each(declared)('%s', (type, { words, wordsFor = [] }) => {
  it('has words, of what the event has', () => {
    const known = ['service', 'environment', ...membersOf(type)];
    for (const sentence of [words, ...wordsFor.map((one) => one.words)]) {
      expect(sentence).toMatch(/^(?:[A-Z]|\{)/);
      for (const [, name] of sentence.matchAll(/\{(\w+)\}/g)) expect(known).toContain(name);
    }
    for (const { member } of wordsFor) expect(membersOf(type)).toContain(member);
  });

  it('is taken by filters, and so is its noun', () => {
    expect(type).toMatch(SELECTOR_PATTERN);
    expect(type.split('.')[0]).toMatch(SELECTOR_PATTERN);
  });
});

it('No data has a member by the name of what an event has itself in its words', () => {
  for (const [type] of declared)
    for (const name of ['service', 'environment']) expect(membersOf(type), type).not.toContain(name);
});

it('The compiler refuses types that are not declared, and data of another form', () => {
  const project = 'demo';
  const events: EventFields[] = [
    { project, type: 'project.created' },
    { project, type: 'secret.deleted', data: { name: 'KEY' } },
    // @ts-expect-error: no such type
    { project, type: 'project.exploded' },
    // @ts-expect-error: without its data
    { project, type: 'secret.deleted' },
    // @ts-expect-error: with data of another type
    { project, type: 'secret.deleted', data: { uid: 'x' } },
    // @ts-expect-error: with data where it has none
    { project, type: 'project.created', data: { name: 'x' } },
  ];
  expect(events).toHaveLength(6);
});
