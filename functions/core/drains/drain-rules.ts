/** What becomes of what a log drain sends, and how that is told. Pure. */
import { failureAfter } from '../events/webhook-message.ts';
import { limits } from '../limits.ts';
import { matchesWildcard } from '../wildcard.ts';
import type { Drain, DrainDelivery } from './drain.ts';
import type { DrainLine } from './drain-line.ts';

export type DrainOutcome =
  | { kind: 'delivered'; status: number }
  /** It is likely not to be taken either if it is sent again. */
  | { kind: 'refused'; status: number; reason: string }
  | { kind: 'failed'; status?: number; reason: string; retryAfterSeconds?: number };

/** What a receiver says of a batch that it can not read. */
const NEVER_TAKEN: ReadonlySet<number> = new Set([400, 413, 415, 422]);

export function drainOutcome(
  receipt: { status: number; retryAfterSeconds?: number } | { fault: string },
): DrainOutcome {
  if ('fault' in receipt) return { kind: 'failed', reason: receipt.fault };
  const { status, retryAfterSeconds } = receipt;
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  const reason = `the answer has the status ${status}`;
  if (NEVER_TAKEN.has(status)) return { kind: 'refused', status, reason };
  return { kind: 'failed', status, reason, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}

/** The failure after one more attempt: as with webhooks, and no sooner than the receiver asks for. */
export function drainFailure(
  before: DrainDelivery['failure'],
  outcome: Exclude<DrainOutcome, { kind: 'delivered' }>,
  now: number,
): ReturnType<typeof failureAfter> {
  const failure = failureAfter(before, outcome.reason, now);
  const { retryAfterSeconds = 0 } = outcome.kind === 'failed' ? outcome : {};
  const asked = now + Math.min(retryAfterSeconds, limits.drainPauseSeconds.value) * 1000;
  if (failure.final || Date.parse(failure.nextAt) >= asked) return failure;
  return { ...failure, nextAt: new Date(asked).toISOString() };
}

/**
 * Whether a batch is dropped, so that it does not keep back what comes behind it.
 * @param refused how often it was refused, this time among them; that the receiver was away meanwhile says nothing of the batch
 */
export const isGivenUp = (refused: number): boolean => refused >= limits.drainAttempts.value;

/** Whether a drain sends lines of an environment. */
export const sendsOfEnvironment = ({ filter = {} }: Pick<Drain, 'filter'>, environment: string): boolean =>
  !filter.environments || filter.environments.some((pattern) => matchesWildcard(pattern, environment));

/** Whether a drain sends the lines of a service of an environment. */
export const sendsOf = (
  drain: Pick<Drain, 'filter'>,
  { environment, service }: { environment?: string; service?: string },
): boolean =>
  (environment === undefined ? !drain.filter?.environments : sendsOfEnvironment(drain, environment)) &&
  (!drain.filter?.services || (service !== undefined && drain.filter.services.includes(service)));

/** Nothing was sent yet. */
export const newDelivery = (project: string, drain: string): DrainDelivery => ({
  project,
  drain,
  active: true,
  delivered: 0,
  dropped: 0,
  untold: 0,
});

const linesWere = (count: number): string => (count === 1 ? '1 line was' : `${count} lines were`);

/** Stands among the lines that are sent, where others are missing; undefined where none are. @param now epoch milliseconds */
export function droppedNotice(
  { project, untold, untoldMore }: Pick<DrainDelivery, 'project' | 'untold' | 'untoldMore'>,
  now: number,
): DrainLine | undefined {
  if (untold === 0 && !untoldMore) return undefined;
  const counted = untold === 0 ? 'Lines that nobody counted were' : linesWere(untold);
  return {
    time: new Date(now).toISOString(),
    message: `${untoldMore && untold > 0 ? 'At least ' : ''}${counted} dropped here: they came faster than this receiver took them, or it refused them.`,
    stream: 'berth',
    level: 'warn',
    project,
    dropped: untold,
  };
}

export interface Behind {
  lines: number;
  /** There are more than were counted. */
  isMore: boolean;
}

/** How a drain is, in a sentence or some. */
export function drainWords(
  { enabled, pausedReason }: Pick<Drain, 'enabled' | 'pausedReason'>,
  { delivered, deliveredAt, dropped, droppedAt, droppedMore, failure, lastError }: DrainDelivery,
  behind: Behind,
): string {
  const taken =
    deliveredAt === undefined
      ? 'Nothing was delivered yet.'
      : `${linesWere(delivered)} delivered, the last at ${deliveredAt}.`;
  const paused = `Paused: nothing is sent, and what is printed meanwhile is not sent later.${pausedReason === undefined ? '' : ` ${pausedReason}`}`;
  const late =
    behind.lines === 0
      ? behind.isMore
        ? 'It has older output to pass over first; how far it is behind was not counted.'
        : undefined
      : `Behind by ${behind.isMore ? 'more than ' : ''}${behind.lines} ${behind.lines === 1 ? 'line' : 'lines'}.`;
  const lost =
    droppedAt === undefined
      ? undefined
      : `${droppedMore ? 'At least ' : ''}${linesWere(dropped)} dropped, the last at ${droppedAt}.`;
  const failing = failure
    ? `Not taken since ${failure.since}: ${failure.reason}${enabled ? `; sent again at ${failure.nextAt}` : ''}.`
    : lastError && `The last error was at ${lastError.at}: ${lastError.reason}.`;
  const states = enabled ? [taken, late, lost, failing] : [paused, taken, lost, failing];
  return states.filter((one) => one !== undefined).join(' ');
}
