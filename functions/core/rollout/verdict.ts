/** What is to be thought of a new version, in numbers. Pure. */
import { figureWords } from './figure-words.ts';
import { quantileMs, type RequestCounts } from './request-counts.ts';
import type { RolloutChecks } from './rollout-plan.ts';

export const checkNames = ['error-rate', 'p99', 'url', 'command', 'webhook'] as const;
export type CheckName = (typeof checkNames)[number];

export interface CheckResult {
  name: CheckName;
  /** `few`: too few requests to tell. */
  state: 'passed' | 'failed' | 'pending' | 'few';
  /** Such as "5xx 4.1 % against 0.2 %, n = 1,830". */
  words: string;
}

export interface Figures {
  requests: number;
  errors: number;
  /** Of a hundred. */
  errorRate: number;
  p50Ms: number;
  p99Ms: number;
}

export interface Verdict {
  state: 'passing' | 'failing' | 'undecided';
  words: string;
  checks: CheckResult[];
  candidate: Figures;
  stable: Figures;
}

export const figuresOf = (counts: RequestCounts): Figures => ({
  requests: counts.requests,
  errors: counts.errors,
  errorRate: counts.requests === 0 ? 0 : (100 * counts.errors) / counts.requests,
  p50Ms: quantileMs(counts, 0.5),
  p99Ms: quantileMs(counts, 0.99),
});

const { percent, count, ms } = figureWords;

/** One of the two checks of requests: a limit counts unless what serves is worse. */
function judge(
  name: 'error-rate' | 'p99',
  label: string,
  limit: number,
  mine: number,
  others: number | undefined,
  show: (value: number) => string,
  { requests, few }: { requests: number; few: number | undefined },
): CheckResult {
  const against = others === undefined ? '' : ` against ${show(others)}`;
  const words = `${label} ${show(mine)}${against}, n = ${count(requests)}`;
  if (few !== undefined)
    return { name, state: 'few', words: `${words}: too few to tell, ${count(few)} are needed` };
  const failed = requests > 0 && mine > limit && (others === undefined || mine > others);
  return { name, state: failed ? 'failed' : 'passed', words: `${words}, at most ${show(limit)}` };
}

/**
 * @param stable what serves beside it; without requests it is no measure
 * @param isLast at the end of the last stage it is decided by what there is
 */
export function verdictOf(
  checks: RolloutChecks,
  counts: { candidate: RequestCounts; stable: RequestCounts },
  probes: readonly CheckResult[],
  isLast: boolean,
): Verdict {
  const candidate = figuresOf(counts.candidate);
  const stable = figuresOf(counts.stable);
  const { requests } = candidate;
  const few = !isLast && requests < checks.minRequests ? checks.minRequests : undefined;
  const known = stable.requests > 0;
  const found: CheckResult[] = [];
  if (checks.maxErrorRate !== undefined) {
    const others = known ? stable.errorRate : undefined;
    found.push(
      judge('error-rate', '5xx', checks.maxErrorRate, candidate.errorRate, others, percent, {
        requests,
        few,
      }),
    );
  }
  if (checks.maxP99Ms !== undefined) {
    const others = known ? stable.p99Ms : undefined;
    found.push(judge('p99', 'p99', checks.maxP99Ms, candidate.p99Ms, others, ms, { requests, few }));
  }
  const all = [...found, ...probes];
  const failed = all.filter(({ state }) => state === 'failed');
  const state =
    failed.length > 0
      ? 'failing'
      : all.some((check) => check.state === 'pending' || check.state === 'few')
        ? 'undecided'
        : 'passing';
  const told = failed.length > 0 ? failed : all;
  return { state, words: told.map(({ words }) => words).join('; '), checks: all, candidate, stable };
}
