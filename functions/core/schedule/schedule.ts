/** When a job is due: five cron fields in a time zone of the IANA database. */
import { Cron } from 'croner';

const VALUE = '(?:\\d{1,2}|[A-Za-z]{3})';
const PART = `(?:\\*|${VALUE}(?:-${VALUE})?)(?:/\\d{1,2})?`;
const FIELD = `${PART}(?:,${PART})*`;
const FIVE_FIELDS = new RegExp(`^${FIELD}(?: +${FIELD}){4}$`);

/** The schedule is none; the message is what follows "it". */
export class ScheduleError extends Error {
  override name = 'ScheduleError';
}

/** An offset is no zone: nobody says when it changes. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][\w+/-]{1,63}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export interface Schedule {
  /** The first time after this one, epoch milliseconds; undefined where none comes. */
  next(after: number): number | undefined;
  /** The last time at or before this one. */
  last(until: number): number | undefined;
}

/** Schedules that were read lately: the sweep asks for the same ones each minute. */
const known = new Map<string, Schedule>();
const KNOWN_MAX = 500;

/**
 * As Vixie cron has it: what is due at an hour that is left out in spring is due right after it, and what is due at an
 * hour that comes twice in autumn is due at the first, unless its hour or minute is `*` or has a step.
 * @throws ScheduleError
 */
export function scheduleOf(pattern: string, timeZone: string): Schedule {
  const key = `${timeZone} ${pattern}`;
  const present = known.get(key);
  if (present) return present;
  const schedule = read(pattern, timeZone);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, schedule);
  return schedule;
}

function read(pattern: string, timeZone: string): Schedule {
  if (!FIVE_FIELDS.test(pattern))
    throw new ScheduleError(
      'has to be five fields: minute, hour, day of the month, month and day of the week',
    );
  try {
    const cron = new Cron(pattern, {
      timezone: timeZone,
      mode: '5-part',
      paused: true,
      fixedTimeRule: 'no-wildcard',
    });
    return {
      next: (after) => cron.nextRun(new Date(after))?.getTime(),
      // What is looked for lies a whole second before, or further back.
      last: (until) => cron.previousRuns(1, new Date(Math.floor(until / 1_000 + 1) * 1_000))[0]?.getTime(),
    };
  } catch (error) {
    const [, why = 'is not valid'] = /^CronPattern: (.+)$/.exec((error as Error).message) ?? [];
    throw new ScheduleError(`can not be read: ${why}`);
  }
}
