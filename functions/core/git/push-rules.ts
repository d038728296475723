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

/** Longer lists are not compared: the push counts as one that changes what is watched. */
const PATHS_MAX = 5_000;
const PATH_LENGTH_MAX = 500;

/** Why a push that has a rule is not built; undefined where it is. */
export function whySkipped({ watch }: Connection, { message, paths }: PushFacts): string | undefined {
  if (SKIP.test(message)) return 'the message of the commit says so';
  if (!watch || !paths || paths.length > PATHS_MAX) return undefined;
  const isWatched = paths.some((path) =>
    watch.some((pattern) => matchesWildcard(pattern, path.slice(0, PATH_LENGTH_MAX))),
  );
  return isWatched ? undefined : 'it changes no file that is watched';
}
