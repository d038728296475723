import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../functions/core/model/index.ts';
import {
  afterHoursLook,
  closedUntil,
  dueOfHours,
  heldAwake,
  heldByRequest,
  nextTurns,
  withHours,
  wokenByHours,
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

  it('end where somebody who asks each minute would have it awake all night: the third request does not wake it', () => {
    const asleep = withHours(made, berlin, time(start));
    let is = asleep;
    const woken: string[] = [];
    for (let now = time('2026-01-14T18:00:00Z'); now < time('2026-01-15T20:00:00Z'); now += MINUTE) {
      if ((is.awakeUntil ?? '') > new Date(now).toISOString() || closedUntil(is, now)) continue;
      const wakes = now < time('2026-01-15T07:00:00Z') || now >= time('2026-01-15T18:00:00Z');
      if (!wakes) continue;
      is = heldByRequest(is, now);
      woken.push(new Date(now).toISOString().slice(0, 16));
    }
    expect(woken).toEqual(['2026-01-14T18:00', '2026-01-14T20:00', '2026-01-15T18:00']);
    const closed = heldByRequest(
      heldByRequest(asleep, time('2026-01-14T20:00:00Z')),
      time('2026-01-14T22:00:00Z'),
    );
    expect(closedUntil(closed, time('2026-01-15T06:59:00Z'))).toBe('2026-01-15T07:00:00.000Z');
    expect(closedUntil(closed, time('2026-01-15T07:00:00Z'))).toBeUndefined();
    expect(heldByRequest(asleep, time(start)).wokenOutside).toBeUndefined();
  });

  it('that are set once more as they are change nothing', () => {
    const held = heldAwake(open, time('2026-01-14T21:00:00Z'));
    expect(withHours(held, { ...berlin }, time('2026-01-14T22:00:00Z'))).toEqual(held);
    expect(withHours(held, { ...berlin, to: '20:00' }, time(start))).not.toHaveProperty('awakeUntil');
  });

  it('wait for a job that is due as long as it takes, and no shorter than for what was there before', () => {
    const night = time('2026-01-14T21:00:00Z');
    expect(heldAwake(open, night, 300).awakeUntil).toBe('2026-01-14T21:05:00.000Z');
    expect(heldAwake(heldAwake(open, night), night, 300).awakeUntil).toBe('2026-01-14T23:00:00.000Z');
  });

  it('are looked at again soon after they have woken it, for that may have failed', () => {
    const morning = time('2026-01-15T07:00:00Z');
    const woken = wokenByHours(open, morning);
    expect(dueOfHours(woken, morning + 9 * MINUTE)).toBeUndefined();
    expect(dueOfHours(woken, morning + 10 * MINUTE)).toBe('awake');
    expect(dueOfHours(afterHoursLook(woken, morning + 10 * MINUTE), morning + HOUR)).toBeUndefined();
  });

  it('that lie in the hour which is left out in spring are no hours that day', () => {
    const night = { days: 'sun-sat', from: '02:15', to: '02:45', zone: 'Europe/Berlin' };
    const turns = nextTurns(night, time('2026-03-28T12:00:00Z'), 2);
    expect(turns.map(({ state }) => state)).toEqual(['awake', 'asleep']);
  });

  it('that were missed while nobody looked are made up for by the last of them', () => {
    expect(dueOfHours(open, time(start) + 24 * HOUR)).toBe('awake');
    expect(dueOfHours(open, time(start) + 36 * HOUR)).toBe('asleep');
    expect(dueOfHours(withHours(open, undefined, 0), time(start) + 24 * HOUR)).toBeUndefined();
  });
});
