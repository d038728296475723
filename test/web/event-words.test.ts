import { describe, expect, it } from 'vitest';
import { wordsByType } from '../../client/event-words.generated.ts';
import type { Event } from '../../client/types.generated.ts';
import { eventTone, eventWords } from '../../web/src/components/event-words.ts';

const event = (type: string, fields: object = {}): Event =>
  ({
    id: '1',
    at: '2026-01-15T09:30:00.000Z',
    project: 'demo',
    actor: 'user:ada',
    hash: '',
    environment: 'dev',
    service: 'web',
    type,
    ...fields,
  }) as Event;

describe('The words for an event', () => {
  it.each([
    ['deployment.failed', { number: 3 }, 'Deployment 3 of web to dev failed'],
    ['deployment.created', { number: 4, kind: 'deploy' }, 'Deployment 4 of web to dev started'],
    [
      'deployment.created',
      { number: 4, kind: 'rollback', rollbackTo: 2 },
      'Rollback of web in dev to 2 started, as deployment 4',
    ],
    [
      'deployment.created',
      { number: 4, kind: 'promote', fromEnvironment: 'test' },
      'Deployment 4 of web to dev started, from test',
    ],
    ['instance.crashed', { number: 3, count: 1 }, 'Deployment 3 of web crashed in dev'],
    ['instance.crashed', { number: 3, count: 5 }, 'Deployment 3 of web crashed in dev, 5 times more'],
    ['environment.hibernating', { reason: 'idle' }, 'Environment dev goes to sleep: it was idle'],
    ['environment.hibernating', { reason: 'requested' }, 'Environment dev goes to sleep'],
    ['project.created', undefined, 'Project created'],
  ])('%s %j', (type, data, words) => {
    expect(eventWords(event(type, { data }))).toBe(words);
  });

  it('are the sentence that is declared, for each type', () => {
    for (const [type, { words }] of Object.entries(wordsByType)) {
      const start = words.split('{')[0]!;
      if (start) expect(eventWords(event(type))).toContain(start);
      expect(eventWords(event(type))).not.toMatch(/[{}]|undefined/);
    }
  });

  it('have a question mark for what is not there, and show nothing but text and numbers', () => {
    expect(eventWords(event('deployment.failed', { data: { number: { toString: () => '3' } } }))).toBe(
      'Deployment ? of web to dev failed',
    );
    expect(eventWords(event('secret.deleted', { data: { name: '{environment}' } }))).toBe(
      'Secret {environment} of dev deleted',
    );
  });

  it('of a type that is unknown here are its name', () => {
    expect(eventWords(event('thing.cut-off'))).toBe('Thing cut off: web in dev');
    expect(eventWords(event('constructor', { service: undefined }))).toBe('Constructor: dev');
    expect(eventTone(event('constructor'))).toBe('neutral');
  });

  it('are good or bad news as declared', () => {
    expect(eventTone(event('deployment.failed'))).toBe('bad');
    expect(eventTone(event('environment.ready'))).toBe('good');
    expect(eventTone(event('secret.rotated'))).toBe('neutral');
  });
});
