/** What the records of jobs, backups, domains and operations say for a rule. Pure. */
import { dollars, toCents } from '../costs/environment-cost.ts';
import type { DomainCertificate } from '../domains/domain-record.ts';
import { formatDuration } from '../duration.ts';
import type { Job } from '../model/job.ts';
import type { Backup, BackupPlan } from '../model/resource.ts';
import { scheduleOf } from '../schedule/schedule.ts';
import type { AlertFinding } from './alert-types.ts';

type Judged = Pick<AlertFinding, 'state' | 'evidence' | 'forSeconds'>;

const DAY_MS = 24 * 60 * 60 * 1000;
/** A job that the sweep has not even looked at by then did not run, milliseconds. */
const NOT_BEGUN_MS = 10 * 60 * 1000;

const judged = (
  state: AlertFinding['state'],
  words = '',
  figures: AlertFinding['evidence']['figures'] = {},
): Judged => ({ state, evidence: { words, figures } });

/** @param byAge whether the clock says how late it is */
export function judgeJob(
  { suspended, nextAt, missed, last, retry, running, name }: Job,
  now: number,
  byAge: boolean,
): Judged {
  if (suspended) return judged('fine');
  const isLate = nextAt !== undefined && now - Date.parse(nextAt) > NOT_BEGUN_MS;
  const didNotRun = missed !== undefined && missed.reason !== 'overlap';
  if (!byAge && (isLate || didNotRun)) return judged('unknown');
  if (isLate)
    return judged('breached', `job "${name}" was due at ${nextAt} and has not begun`, { dueAt: nextAt });
  // Its last run goes on, which is no failure yet.
  if (didNotRun)
    return judged(
      'breached',
      `job "${name}" did not run ${missed.count === 1 ? 'when it was due' : `${missed.count} times`} since ${missed.since}: ${missed.reason}`,
      { missed: missed.count, since: missed.since, reason: missed.reason },
    );
  if (last?.status !== 'failed') return judged('fine');
  // What comes of it is not known while another run is under way, or comes.
  if (running.length > 0 || retry) return judged('unknown');
  return judged(
    'breached',
    `the last run of job "${name}" failed at ${last.endedAt}${last.exitCode === undefined ? '' : ` with exit code ${last.exitCode}`}`,
    {
      endedAt: last.endedAt,
      operation: last.operation,
      ...(last.exitCode !== undefined && { exitCode: last.exitCode }),
    },
  );
}

/** So many times of a schedule are compared: a week of days, for a plan that leaves out some. */
const COMPARED = 8;
const SLACK_MS = 60 * 60 * 1000;

/** The longest time between two runs of a schedule, milliseconds; undefined where it does not come again. */
function intervalOf({ schedule, timeZone }: BackupPlan, now: number): number | undefined {
  if (schedule === undefined) return undefined;
  const { next } = scheduleOf(schedule, timeZone);
  let longest: number | undefined;
  for (let at = next(now), left = COMPARED; at !== undefined && left > 0; left--) {
    const after = next(at);
    if (after !== undefined) longest = Math.max(longest ?? 0, after - at);
    at = after;
  }
  return longest;
}

/**
 * It is breached once one backup is overdue, and has to stay so up to the intervals of the rule: an environment that slept, or
 * whose plan is new, has its time from when that is seen.
 */
export function judgeBackups(
  plan: BackupPlan,
  backups: readonly Pick<Backup, 'state' | 'createdAt'>[],
  intervals: number,
  now: number,
): Judged {
  const interval = intervalOf(plan, now);
  if (interval === undefined) return judged('fine');
  const checked = backups.findLast(({ state }) => state === 'checked')?.createdAt;
  const overdue = interval + Math.min(SLACK_MS, interval / 4);
  if (checked !== undefined && now - Date.parse(checked) <= overdue) return judged('fine');
  const seconds = Math.round(interval / 1000);
  const words =
    checked === undefined
      ? `no backup of "${plan.resource}" was made and checked yet`
      : `the last backup of "${plan.resource}" that was checked is of ${checked}`;
  return {
    ...judged('breached', `${words}; one is due every ${formatDuration(seconds)}`, {
      intervalSeconds: seconds,
      ...(checked !== undefined && { checked }),
    }),
    forSeconds: Math.max(0, (intervals * interval - (checked === undefined ? 0 : overdue)) / 1000),
  };
}

/** @param days at most; certificates that live shortly are told of in the last sixth of their life */
export function judgeCertificate(
  { notBefore, notAfter }: Pick<DomainCertificate, 'notBefore' | 'notAfter'>,
  days: number,
  now: number,
): Judged {
  const life = Date.parse(notAfter) - Date.parse(notBefore);
  const left = Date.parse(notAfter) - now;
  if (left > Math.min(days * DAY_MS, life / 6)) return judged('fine');
  const words = left > 0 ? `ends at ${notAfter} and was not renewed` : `has expired at ${notAfter}`;
  return judged('breached', `its certificate ${words}`, {
    notAfter,
    daysLeft: Math.floor((10 * left) / DAY_MS) / 10,
  });
}

/** @param budget US dollars of a month @param usdPerMonth what the environment costs in a month, as the budget counts it */
export function judgeBudget(
  percent: number,
  { policy, budget }: { policy: string; budget: number },
  usdPerMonth: number,
): Judged {
  const part = (100 * usdPerMonth) / budget;
  // A quotient of floating point may be a hair above what it is of.
  if (part <= percent + 1e-9) return judged('fine');
  return judged(
    'breached',
    `a month of the environment costs up to ${dollars(usdPerMonth)} USD, ${Math.floor(part)} % of the ${dollars(budget)} USD that the policy "${policy}" allows`,
    {
      usdPerMonth: toCents(usdPerMonth),
      budgetUsdPerMonth: budget,
      percent: Math.round(part * 100) / 100,
      limitPercent: percent,
    },
  );
}

export function judgeOperation(
  { kind, deadline }: { kind: string; deadline: string },
  graceSeconds: number,
  now: number,
): Judged {
  const over = Math.floor((now - Date.parse(deadline)) / 1000);
  if (over < graceSeconds) return judged('fine');
  return judged('breached', `the operation "${kind}" has not ended ${over} seconds after its bound`, {
    kind,
    deadline,
    overSeconds: over,
  });
}
