import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../functions/core/model/index.ts';
import {
  asExpired,
  broughtBack,
  dueExpiryStep,
  nextExpiryStep,
  shownState,
  spanInWords,
  withEnd,
  withNotice,
} from '../../../functions/core/schedule/expiry-steps.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse('2026-03-02T08:00:00.000Z');

const made: Environment = {
  project: 'shop',
  name: 'pr-7',
  id: '1',
  kind: 'ephemeral',
  state: 'hibernated',
  generation: 1,
  lastActivityAt: new Date(START).toISOString(),
  services: {},
  createdAt: new Date(START).toISOString(),
  createdBy: 'user:ada',
};
const living = (ms: number): Environment => withEnd(made, new Date(START + ms).toISOString(), START);

/** All that happens until it is destroyed, where the sweep looks so often. */
function life(environment: Environment, everyMs: number): [step: string, left: number][] {
  const end = Date.parse(environment.expiresAt ?? '');
  const steps: [string, number][] = [];
  for (let now = START; ; now += everyMs) {
    const step = dueExpiryStep(environment, now);
    if (!step) continue;
    steps.push([step, end - now]);
    if (step === 'destroy') return steps;
    environment = step === 'notice' ? withNotice(environment, now) : asExpired(environment, now);
  }
}

describe('The end of an environment', () => {
  it.each<[string, number, number, [string, number][]]>([
    [
      'a week',
      7 * DAY,
      MINUTE,
      [
        ['notice', DAY],
        ['notice', HOUR],
        ['expire', 0],
        ['destroy', -3 * DAY],
      ],
    ],
    [
      'two hours',
      2 * HOUR,
      MINUTE,
      [
        ['notice', HOUR],
        ['expire', 0],
        ['destroy', -3 * DAY],
      ],
    ],
    // They have just heard that it is there for a day.
    [
      'a day',
      DAY,
      MINUTE,
      [
        ['notice', HOUR],
        ['expire', 0],
        ['destroy', -3 * DAY],
      ],
    ],
    [
      '25 hours',
      25 * HOUR,
      MINUTE,
      [
        ['notice', HOUR],
        ['expire', 0],
        ['destroy', -3 * DAY],
      ],
    ],
    [
      'an hour',
      HOUR,
      MINUTE,
      [
        ['expire', 0],
        ['destroy', -3 * DAY],
      ],
    ],
    // A sweep that is late tells once what it would have told twice, and leaves all the time to bring it back.
    [
      'a week, with a sweep that is late',
      7 * DAY,
      5 * DAY,
      [
        ['expire', -3 * DAY],
        ['destroy', -8 * DAY],
      ],
    ],
    [
      'a week, with a sweep each day and a half',
      7 * DAY,
      1.5 * DAY,
      [
        ['notice', DAY],
        ['expire', -DAY / 2],
        ['destroy', -3.5 * DAY],
      ],
    ],
    [
      '90 hours, with a sweep each 18',
      90 * HOUR,
      18 * HOUR,
      [
        ['notice', 18 * HOUR],
        ['expire', 0],
        ['destroy', -72 * HOUR],
      ],
    ],
  ])('after %s is told of, comes, and is carried out 72 hours later', (_, ttl, every, steps) => {
    expect(life(living(ttl), every)).toEqual(steps);
  });

  it('is told of anew when it was put off, and not twice in a row', () => {
    const told = withNotice(living(2 * HOUR), START + HOUR);
    expect(nextExpiryStep(told)).toEqual({ step: 'expire', at: START + 2 * HOUR });
    const later = withEnd(told, new Date(START + 5 * HOUR).toISOString(), START + HOUR);
    expect(nextExpiryStep(later)).toEqual({ step: 'notice', at: START + 4 * HOUR });
    const soon = withEnd(told, new Date(START + 2.1 * HOUR).toISOString(), START + HOUR);
    expect(nextExpiryStep(soon)).toMatchObject({ step: 'expire' });
  });

  it('is none where it is protected, or lasts', () => {
    const protectedOne: Environment = { ...asExpired(living(HOUR), START), protection: { approval: true } };
    for (const one of [made, protectedOne]) expect(nextExpiryStep(one)).toBeUndefined();
  });

  it('of a record from before notices is told of from its creation on', () => {
    const { expiryKnownAt: _later, ...old } = living(7 * DAY);
    expect(nextExpiryStep(old)).toEqual({ step: 'notice', at: START + 6 * DAY });
  });

  it('is taken back by whoever uses it, for a day', () => {
    const over = asExpired(living(HOUR), START + HOUR);
    expect(shownState(over)).toBe('expired');
    const back = broughtBack(over, START + 2 * DAY);
    expect(shownState(back)).toBe('hibernated');
    expect(back).toMatchObject({ expiresAt: new Date(START + 3 * DAY).toISOString() });
    expect(back).not.toHaveProperty('destroyAt');
    expect(broughtBack(living(HOUR), START)).toEqual(living(HOUR));
  });

  it('is told in round words', () => {
    expect([0, 40 * MINUTE, HOUR, 23.6 * HOUR, 47 * HOUR, 72 * HOUR].map(spanInWords)).toEqual([
      '1 min',
      '40 min',
      '1 h',
      '24 h',
      '47 h',
      '3 d',
    ]);
  });
});
