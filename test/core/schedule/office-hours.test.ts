import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../functions/core/model/index.ts';
import {
  afterHoursLook,
  dueOfHours,
  heldAwake,
  nextTurns,
  withHours,
} from '../../../functions/core/schedule/office-hours.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const berlin = { days: 'mon-fri', from: '08:00', to: '19:00', zone: 'Europe/Berlin' };
const time = (text: string): number => Date.parse(text);
const made = { id: '1', state: 'ready' } as Environment;

describe('Office hours', () => {
  it('keep their times of day when summer time begins, and leave the weekend out', () => {
    const turns = nextTurns(berlin, time('2026-03-27T12:00:00Z'), 4);
    expect(turns.map(({ at, state }) => `${new Date(at).toISOString()} ${state}`)).toEqual([
      '2026-03-27T18:00:00.000Z asleep',
      '2026-03-30T06:00:00.000Z awake',
      '2026-03-30T17:00:00.000Z asleep',
      '2026-03-31T06:00:00.000Z awake',
    ]);
  });

  /** What they ask for, where the sweep looks each minute. */
  function day(environment: Environment, from: string, to: string, more: Record<string, 'used'> = {}) {
    const asked: string[] = [];
    let is = environment;
    for (let now = time(from); now <= time(to); now += MINUTE) {
      const at = new Date(now).toISOString().slice(0, 16);
      if (more[at]) is = heldAwake(is, now);
      const wanted = dueOfHours(is, now);
      if (!wanted) continue;
      asked.push(`${at} ${wanted}`);
      is = afterHoursLook(is, now);
    }
    return asked;
  }
  const start = '2026-01-14T10:00:00Z';
  const open = withHours(made, berlin, time(start));

  it('hold at once, and at each of their turns', () => {
    expect(day(open, start, '2026-01-15T20:00:00Z')).toEqual([
      '2026-01-14T10:00 awake',
      '2026-01-14T18:00 asleep',
      '2026-01-15T07:00 awake',
      '2026-01-15T18:00 asleep',
    ]);
  });

  it('leave alone for two hours what somebody wakes or deploys to at night, or shortly before', () => {
    expect(day(open, start, '2026-01-15T08:00:00Z', { '2026-01-14T21:30': 'used' })).toEqual([
      '2026-01-14T10:00 awake',
      '2026-01-14T18:00 asleep',
      '2026-01-14T23:30 asleep',
      '2026-01-15T07:00 awake',
    ]);
    expect(day(open, start, '2026-01-14T23:00:00Z', { '2026-01-14T17:00': 'used' })).toEqual([
      '2026-01-14T10:00 awake',
      '2026-01-14T18:00 as it is',
      '2026-01-14T19:00 asleep',
    ]);
  });

  it('that were missed while nobody looked are made up for by the last of them', () => {
    expect(dueOfHours(open, time(start) + 24 * HOUR)).toBe('awake');
    expect(dueOfHours(open, time(start) + 36 * HOUR)).toBe('asleep');
    expect(dueOfHours(withHours(open, undefined, 0), time(start) + 24 * HOUR)).toBeUndefined();
  });
});
