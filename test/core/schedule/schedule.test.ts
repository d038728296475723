import { describe, expect, it } from 'vitest';
import { isTimeZone, scheduleOf } from '../../../functions/core/schedule/schedule.ts';

/** The next times, in UTC without the year and seconds. */
function times(pattern: string, timeZone: string, from: string, count: number): string[] {
  const schedule = scheduleOf(pattern, timeZone);
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count; ) {
    at = schedule.next(at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(5, 16));
  }
  return found;
}

describe('A schedule', () => {
  it('that falls into the hour which spring leaves out is due once, right after it', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 3)).toEqual([
      '03-28T01:30',
      '03-29T01:00',
      '03-30T00:30',
    ]);
  });

  it('that falls into the hour which autumn has twice is due once, also as one of several hours', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T22:00:00Z', 2)).toEqual([
      '10-25T00:30',
      '10-26T01:30',
    ]);
    expect(times('15 2,3 * * *', 'Europe/Berlin', '2026-10-24T22:00:00Z', 2)).toEqual([
      '10-25T00:15',
      '10-25T02:15',
    ]);
  });

  it('with a step or a star goes on through both hours, and over the one that is left out', () => {
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:01:00Z', 4)).toEqual([
      '10-25T00:30',
      '10-25T01:00',
      '10-25T01:30',
      '10-25T02:00',
    ]);
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:31:00Z', 2)).toEqual([
      '03-29T01:00',
      '03-29T01:30',
    ]);
  });

  it('has zones whose offset is no whole hour, days of the week by name, and either of two days', () => {
    expect(times('0 9 * * MON-FRI', 'Asia/Kathmandu', '2026-10-30T12:00:00Z', 1)).toEqual(['11-02T03:15']);
    expect(times('0 0 13 * 5', 'UTC', '2026-11-01T00:00:00Z', 3)).toEqual([
      '11-06T00:00',
      '11-13T00:00',
      '11-20T00:00',
    ]);
  });

  it('says the last time that it was due, to the millisecond', () => {
    const { last } = scheduleOf('* * * * *', 'UTC');
    const lastAt = (at: string) => new Date(last(Date.parse(at)) ?? 0).toISOString();
    expect(lastAt('2026-10-25T00:15:00.000Z')).toBe('2026-10-25T00:15:00.000Z');
    expect(lastAt('2026-10-25T00:14:59.999Z')).toBe('2026-10-25T00:14:00.000Z');
  });

  it('on a day that never comes is never due', () => {
    expect(scheduleOf('0 0 31 2 *', 'UTC').next(0)).toBeUndefined();
  });

  it.each([
    '0 0 * *',
    '0 0 * * * *',
    '@daily',
    'a b c d e',
    '60 * * * *',
    '*/0 * * * *',
    '0 0 L * *',
    '5-1 * * * *',
    '',
  ])('is not %j', (pattern) =>
    expect(() => scheduleOf(pattern, 'UTC')).toThrow(/five fields|can not be read/),
  );
});

it('A time zone is one of the IANA database, and no offset', () => {
  expect(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+1'].every(isTimeZone)).toBe(
    true,
  );
  expect(['+02:00', 'Mars/Olympus', '', 'x'.repeat(100)].some(isTimeZone)).toBe(false);
});
