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
  for (let now = after; turns.length < count; now = turns.at(-1)?.at ?? now) {
    const begins = at(hours.from, hours).next(now) ?? Number.POSITIVE_INFINITY;
    const ends = at(hours.to, hours).next(now) ?? Number.POSITIVE_INFINITY;
    if (!Number.isFinite(Math.min(begins, ends))) break;
    turns.push(begins < ends ? { at: begins, state: 'awake' } : { at: ends, state: 'asleep' });
  }
  return turns;
}

type Kept = Pick<Environment, 'officeHours' | 'hoursDueAt' | 'awakeUntil'>;

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

/** The environment with hours, which hold from now on, or without. */
export function withHours(
  environment: Environment,
  hours: OfficeHours | undefined,
  now: number,
): Environment {
  const { officeHours: _hours, hoursDueAt: _due, awakeUntil: _until, ...rest } = environment;
  return hours ? { ...rest, officeHours: hours, hoursDueAt: iso(now) } : rest;
}

/** The environment that a person wakes or deploys to: its hours do not put it to sleep for some time. */
export function heldAwake(environment: Environment, now: number): Environment {
  if (!environment.officeHours) return environment;
  const until = iso(now + limits.heldAwakeSeconds.value * 1000);
  return withNextLook({ ...environment, awakeUntil: until }, now);
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
