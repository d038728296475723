/** When backups are made by themselves, in words and as cron has it. */
import type { BackupPlan } from '../../../../../client/types.generated.ts';

/** What most people want; `by hand` has no schedule, and `other` is written out. */
export const intervals = [
  { value: '', label: 'Only when somebody asks' },
  { value: '0 * * * *', label: 'Every hour' },
  { value: '0 */6 * * *', label: 'Every six hours' },
  { value: '30 2 * * *', label: 'Every night at 2:30' },
  { value: '30 2 * * 0', label: 'Every Sunday at 2:30' },
] as const;

/** @example planWords({ schedule: '30 2 * * *', timeZone: 'Europe/Berlin', keep: 7 }) // "Every night at 2:30 (Europe/Berlin)" */
export function planWords({ schedule, timeZone }: Pick<BackupPlan, 'schedule' | 'timeZone'>): string {
  if (schedule === undefined) return 'Only when somebody asks';
  const known = intervals.find(({ value }) => value === schedule)?.label ?? `By the schedule ${schedule}`;
  return `${known} (${timeZone})`;
}
