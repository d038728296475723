/**
 * Which of two deliveries for one branch is newer. Providers deliver in any order, twice, and lose some: a push says
 * what it was pushed upon, and most say when, but none says how many came before it.
 */
import type { Lane } from '../model/index.ts';

export interface LaneStep {
  /** What was the newest before; undefined where it is not told, or the branch was made. */
  before?: string;
  /** Undefined where the branch was deleted. */
  after?: string;
  /** When the provider took it, epoch milliseconds. */
  at?: number;
  committedAt?: number;
}

/** So many commits are remembered as overtaken. */
const OVERTAKEN_MAX = 500;
/** The digits of each that are kept. */
const DIGITS = 16;

const short = (commit: string): string => commit.slice(0, DIGITS);

export const emptyLane: Lane = { overtaken: [] };

/** Whether a step leads beyond what the lane has come to. A step that was accepted later does, where nothing else tells. */
export function isNewer({ head, overtaken }: Lane, { before, after, at, committedAt }: LaneStep): boolean {
  if (!head) return before === undefined || after === undefined || !overtaken.includes(short(after));
  const follows = before !== undefined && before === head.commit;
  const wasOvertaken = after !== undefined && overtaken.includes(short(after));
  const isTimed = at !== undefined && head.at !== undefined && at !== head.at;
  // A branch that was set back, and forth again, has both.
  if (follows && wasOvertaken) return isTimed ? at > (head.at ?? 0) : true;
  if (follows) return true;
  if (wasOvertaken) return isTimed && before === undefined ? at > (head.at ?? 0) : false;
  if (isTimed) return at > (head.at ?? 0);
  if (committedAt !== undefined && head.committedAt !== undefined && committedAt !== head.committedAt)
    return committedAt > head.committedAt;
  // The provider itself has said that the head is the newest: what comes next is pushed upon it.
  return head.at === undefined || at !== undefined;
}

/** The lane after a step, whether it led beyond or not. @param number of the delivery */
export function withStep(lane: Lane, step: LaneStep, number: number, newer: boolean): Lane {
  const { before, after, at, committedAt } = step;
  const { head } = lane;
  const left = [
    ...(before === undefined ? [] : [short(before)]),
    ...(newer && head && head.commit !== after ? [short(head.commit)] : []),
    ...(!newer && after !== undefined && after !== head?.commit ? [short(after)] : []),
  ];
  const current = newer && after !== undefined ? short(after) : undefined;
  const overtaken = [...lane.overtaken.filter((one) => !left.includes(one)), ...new Set(left)]
    // What is the newest again was set back to.
    .filter((one) => one !== current)
    .slice(-OVERTAKEN_MAX);
  if (!newer) return { ...lane, overtaken };
  if (after === undefined) return { overtaken };
  return {
    overtaken,
    head: {
      commit: after,
      number,
      ...(at !== undefined && { at }),
      ...(committedAt !== undefined && { committedAt }),
    },
  };
}
