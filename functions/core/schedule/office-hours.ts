/** Office hours of an environment: outside of them it sleeps. Pure. */
import { limits } from '../limits.ts';
import type { Environment } from '../model/environment.ts';
import { type Schedule, scheduleOf } from './schedule.ts';

export interface OfficeHours {
  /** Days of the week as in a crontab, by their names: `mon-fri`. */
  days: string;
  /** `08:00`, in the zone. */
  from: string;
  /** Later the same day. */
  to: string;
  /** Of the IANA database. */
  zone: string;
}

/** The moment at which the hours begin, `awake`, or end. */
export interface HoursTurn {
  at: number;
  state: 'awake' | 'asleep';
}

const DAY = '(?:sun|mon|tue|wed|thu|fri|sat)';
export const DAYS_PATTERN = new RegExp(`^${DAY}(?:-${DAY})?(?:,${DAY}(?:-${DAY})?){0,6}$`);
export const TIME_PATTERN = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

const iso = (time: number): string => new Date(time).toISOString();

function at(time: string, { days, zone }: OfficeHours): Schedule {
  const [hour, minute] = time.split(':').map(Number);
  return scheduleOf(`${minute} ${hour} * * ${days}`, zone);
}

/** Whether the time is within the hours. @throws ScheduleError */
export function isOpen(hours: OfficeHours, now: number): boolean {
  const began = at(hours.from, hours).last(now);
  return began !== undefined && began > (at(hours.to, hours).last(now) ?? Number.NEGATIVE_INFINITY);
}

/** The next beginnings and ends after a time, in their order. @throws ScheduleError */
export function nextTurns(hours: OfficeHours, after: number, count: number): HoursTurn[] {
  const turns: HoursTurn[] = [];
  let now = after;
  while (turns.length < count) {
    const begins = at(hours.from, hours).next(now) ?? Number.POSITIVE_INFINITY;
    const ends = at(hours.to, hours).next(now) ?? Number.POSITIVE_INFINITY;
    now = Math.min(begins, ends);
    if (!Number.isFinite(now)) break;
    // Both lie in the hour that is left out in spring: there are no hours that day.
    if (begins === ends) continue;
    turns.push(begins < ends ? { at: begins, state: 'awake' } : { at: ends, state: 'asleep' });
  }
  return turns;
}

type Kept = Pick<Environment, 'officeHours' | 'hoursDueAt' | 'awakeUntil' | 'wokenOutside'>;

const isHeld = ({ awakeUntil }: Kept, now: number): boolean =>
  awakeUntil !== undefined && Date.parse(awakeUntil) > now;

/** When the hours are looked at next: at their next turn, or outside of them when what holds it awake ends. */
function withNextLook<Of extends Kept>(environment: Of, now: number): Of {
  const { officeHours, awakeUntil } = environment;
  if (!officeHours) return environment;
  const times = nextTurns(officeHours, now, 1).map((turn) => turn.at);
  if (awakeUntil !== undefined && isHeld(environment, now) && !isOpen(officeHours, now))
    times.push(Date.parse(awakeUntil));
  const { hoursDueAt: _before, ...rest } = environment;
  return { ...(rest as Of), ...(times.length > 0 && { hoursDueAt: iso(Math.min(...times)) }) };
}

const isSame = (one: OfficeHours, other: OfficeHours): boolean =>
  one.days === other.days && one.from === other.from && one.to === other.to && one.zone === other.zone;

/** The environment with hours, which hold from now on, or without. Those that it has change nothing. */
export function withHours(
  environment: Environment,
  hours: OfficeHours | undefined,
  now: number,
): Environment {
  const { officeHours, hoursDueAt: _due, awakeUntil: _until, wokenOutside: _woken, ...rest } = environment;
  if (hours && officeHours && isSame(hours, officeHours)) return environment;
  return hours ? { ...rest, officeHours: hours, hoursDueAt: iso(now) } : rest;
}

/** The environment that a person wakes or deploys to: its hours do not put it to sleep for some time. */
export function heldAwake(
  environment: Environment,
  now: number,
  seconds: number = limits.heldAwakeSeconds.value,
): Environment {
  if (!environment.officeHours) return environment;
  const until = iso(now + seconds * 1000);
  const { awakeUntil: before = until } = environment;
  return withNextLook({ ...environment, awakeUntil: before > until ? before : until }, now);
}

/** The environment that a request wakes; outside of its hours that is counted until they begin. */
export function heldByRequest(environment: Environment, now: number): Environment {
  const { officeHours, wokenOutside } = environment;
  const held = heldAwake(environment, now);
  if (!officeHours || isOpen(officeHours, now)) return held;
  const begins = at(officeHours.from, officeHours).next(now);
  if (begins === undefined) return held;
  const isTonight = wokenOutside !== undefined && Date.parse(wokenOutside.until) > now;
  return {
    ...held,
    wokenOutside: { times: isTonight ? wokenOutside.times + 1 : 1, until: iso(begins) },
  };
}

/** When its hours begin, ISO 8601, where requests have woken it outside of them as often as they may; undefined otherwise. */
export function closedUntil({ officeHours, wokenOutside }: Kept, now: number): string | undefined {
  if (!officeHours || !wokenOutside || wokenOutside.times < limits.wakesOutsideHours.value) return undefined;
  return Date.parse(wokenOutside.until) > now ? wokenOutside.until : undefined;
}

/** Its hours are looked at again this long after they began to wake it: where that has failed, it is tried again, milliseconds. */
const WAKE_AGAIN_MS = 10 * 60_000;

/** The environment that its hours wake. */
export function wokenByHours(environment: Environment, now: number): Environment {
  const looked = withNextLook(environment, now);
  const again = iso(now + WAKE_AGAIN_MS);
  const { hoursDueAt = again } = looked;
  return { ...looked, hoursDueAt: hoursDueAt < again ? hoursDueAt : again };
}

/** The environment after its hours were looked at. */
export const afterHoursLook = withNextLook;

/** What its hours want of an environment now; `as it is` where it is held, undefined where nothing is due of them. */
export function dueOfHours(environment: Kept, now: number): HoursTurn['state'] | 'as it is' | undefined {
  const { officeHours, hoursDueAt } = environment;
  if (!officeHours || hoursDueAt === undefined || Date.parse(hoursDueAt) > now) return undefined;
  if (isOpen(officeHours, now)) return 'awake';
  return isHeld(environment, now) ? 'as it is' : 'asleep';
}
