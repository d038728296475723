/** What the rules of a connection say of a push. */
import type { BranchRule, Connection } from '../model/index.ts';
import { matchesWildcard } from '../wildcard.ts';
import type { PushFacts } from './hook-facts.ts';

const HEADS = 'refs/heads/';

export const branchOf = (ref: string): string | undefined =>
  ref.startsWith(HEADS) ? ref.slice(HEADS.length) : undefined;

/** The first rule whose pattern the branch has. */
export const ruleFor = (rules: readonly BranchRule[], branch: string): BranchRule | undefined =>
  rules.find((rule) => matchesWildcard(rule.branch, branch));

const SKIP = /\[(?:skip (?:ci|berth)|(?:ci|berth) skip)\]/i;

/** A longer comparison is not made: the push counts as one that changes what is watched. Steps of the matching. */
const STEPS_MAX = 20_000_000;

const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length + 1, 0);

/** Why a push that has a rule is not built; undefined where it is. */
export function whySkipped({ watch }: Connection, { message, paths }: PushFacts): string | undefined {
  if (SKIP.test(message)) return 'the message of the commit says so';
  if (!watch || !paths || lengthOf(watch) * lengthOf(paths) > STEPS_MAX) return undefined;
  const isWatched = paths.some((path) => watch.some((pattern) => matchesWildcard(pattern, path)));
  return isWatched ? undefined : 'it changes no file that is watched';
}
