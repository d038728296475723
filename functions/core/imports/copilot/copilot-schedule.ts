/** Schedules and times of Copilot's jobs. */
import { ScheduleError, scheduleOf } from '../../schedule/schedule.ts';

const NAMED: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Every so many minutes; only what comes out even has a schedule. */
function everyMinutes(minutes: number): string | undefined {
  if (minutes >= 1 && minutes < 60 && 60 % minutes === 0)
    return minutes === 1 ? '* * * * *' : `*/${minutes} * * * *`;
  const hours = minutes / 60;
  if (Number.isInteger(hours) && hours >= 1 && hours < 24 && 24 % hours === 0)
    return hours === 1 ? '0 * * * *' : `0 */${hours} * * *`;
  return minutes === 24 * 60 ? '0 0 * * *' : undefined;
}

/** Days of the week of AWS are from 1, which is Sunday. */
const weekday = (field: string): string =>
  field.replaceAll(/[1-7]/g, (day) => String(Number(day) - 1)).replace('?', '*');

/** `0 9 * * *`, `@daily`, `@every 1h30m`, `rate(5 minutes)`, `cron(0 9 * * ? *)`. @returns five fields of cron */
export function cronOf(text: string): string | undefined {
  const wanted = text.trim().slice(0, 200);
  const named = Object.hasOwn(NAMED, wanted) ? NAMED[wanted] : undefined;
  const every = /^@every\s+(\S{1,40})$/.exec(wanted)?.[1];
  const rate = /^rate\((\d{1,6})\s+(minute|hour|day)s?\)$/.exec(wanted);
  const aws = /^cron\(([^()]{1,150})\)$/.exec(wanted)?.[1]?.trim().split(/\s+/);
  const fields =
    named ??
    (every !== undefined
      ? everyMinutes(minutesOf(every) ?? 0)
      : rate
        ? everyMinutes(
            Number(rate[1]) * { minute: 1, hour: 60, day: 1440 }[rate[2] as 'minute' | 'hour' | 'day'],
          )
        : aws
          ? fromAws(aws)
          : wanted);
  try {
    if (fields === undefined) return undefined;
    scheduleOf(fields, 'UTC');
    return fields;
  } catch (error) {
    if (error instanceof ScheduleError) return undefined;
    throw error;
  }
}

function fromAws([minute, hour, day, month, week, year]: readonly string[]): string | undefined {
  if (week === undefined || (year !== undefined && year !== '*')) return undefined;
  return [minute, hour, day?.replace('?', '*'), month, weekday(week)].join(' ');
}

/** `1h30m`, `90m`, `45s`: minutes, at least one. */
export function minutesOf(text: string): number | undefined {
  const [, hours, minutes, seconds] =
    /^(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/.exec(text.trim()) ?? [];
  const whole = Number(hours ?? 0) * 60 + Number(minutes ?? 0) + Math.ceil(Number(seconds ?? 0) / 60);
  return whole > 0 ? whole : undefined;
}
