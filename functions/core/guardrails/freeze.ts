/** Tells whether a time is inside a freeze window. */
import type { FreezeWindow, Weekday } from './policy-types.ts';
import { weekdays } from './policy-types.ts';

interface LocalTime {
  day: Weekday;
  /** `HH:MM`. */
  clock: string;
}

function localTime(at: number, timeZone: string): LocalTime {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  return {
    day: part('weekday').toLowerCase().slice(0, 3) as Weekday,
    clock: `${part('hour')}:${part('minute')}`,
  };
}

const dayBefore = (day: Weekday): Weekday => weekdays[(weekdays.indexOf(day) + 6) % 7] ?? day;

/** @param at epoch milliseconds */
export function isFrozen(window: FreezeWindow, at: number): boolean {
  if ('from' in window) return Date.parse(window.from) <= at && at < Date.parse(window.to);
  const { days, start, end, timeZone } = window;
  const { day, clock } = localTime(at, timeZone);
  if (start < end) return days.includes(day) && start <= clock && clock < end;
  // A window over midnight: the first part belongs to the day itself, the rest to the day after.
  return (days.includes(day) && start <= clock) || (days.includes(dayBefore(day)) && clock < end);
}

/** The window in words, for people. */
export function describeWindow(window: FreezeWindow): string {
  const reason = window.reason === undefined ? '' : ` (${window.reason})`;
  if ('from' in window) return `${window.from} to ${window.to}${reason}`;
  return `${window.days.join(', ')} from ${window.start} to ${window.end} ${window.timeZone}${reason}`;
}
