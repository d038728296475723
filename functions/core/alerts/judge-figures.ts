/** What the figures of a service say for a rule. Pure. */
import { formatDuration } from '../duration.ts';
import { figureWords } from '../rollout/figure-words.ts';
import type { AlertCondition, AlertFinding, RestartMarks } from './alert-types.ts';

interface Sample {
  requests: number;
  errors: number;
  p99Ms: number;
}

type Judged = Pick<AlertFinding, 'state' | 'evidence'>;

const { count, ms, percent } = figureWords;

/** @param samples those of the window */
export function judgeErrorRate(
  condition: Extract<AlertCondition, { kind: 'error-rate' }>,
  samples: readonly Sample[],
): Judged {
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0);
  const errors = samples.reduce((sum, sample) => sum + sample.errors, 0);
  const rate = requests === 0 ? 0 : (100 * errors) / requests;
  const within = formatDuration(condition.windowSeconds);
  return {
    state: enough(rate > condition.percent, requests, condition.minRequests),
    evidence: {
      words: `${percent(rate)} of ${count(requests)} requests within ${within} were answered with 5xx, at most ${percent(condition.percent)}`,
      figures: { requests, errors, percent: Math.round(rate * 100) / 100, limitPercent: condition.percent },
    },
  };
}

/** @param samples those of the window */
export function judgeLatency(
  condition: Extract<AlertCondition, { kind: 'latency' }>,
  samples: readonly Sample[],
): Judged {
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0);
  let below = 0;
  const middle = samples
    .toSorted((one, other) => one.p99Ms - other.p99Ms)
    .find((sample) => {
      below += sample.requests;
      return below * 2 >= requests;
    });
  const p99Ms = middle?.p99Ms ?? 0;
  const within = formatDuration(condition.windowSeconds);
  return {
    state: enough(p99Ms > condition.p99Ms, requests, condition.minRequests),
    evidence: {
      words: `p99 ${ms(p99Ms)} for half of ${count(requests)} requests within ${within}, at most ${ms(condition.p99Ms)}`,
      figures: { requests, p99Ms, limitMs: condition.p99Ms },
    },
  };
}

/** What is too much with too few requests to tell says nothing: it neither fires nor ends what fires. */
const enough = (isOver: boolean, requests: number, least: number): AlertFinding['state'] =>
  isOver ? (requests >= least ? 'breached' : 'unknown') : 'fine';

/** So many changes of a count are remembered. */
const MARKS_KEPT = 40;

/**
 * What is remembered of restarts after one more look; the same where nothing has changed. A count that is lower, or of
 * another deployment, begins anew, and the first one is where it is counted from.
 */
export function nextMarks(
  before: RestartMarks | undefined,
  { deployment, restarts }: { deployment: number; restarts: number },
  now: number,
  windowMs: number,
): RestartMarks | undefined {
  const last = before?.seen.at(-1);
  const goesOn =
    before?.deployment === deployment && last !== undefined && last[1] <= restarts && last[0] <= now;
  // None are remembered as well: the first ones would be what is counted from.
  if (!goesOn) return { deployment, seen: [[now, restarts]] };
  if (last[1] === restarts) return before;
  const old = before.seen.filter(([at]) => at <= now - windowMs).slice(-1);
  const young = before.seen.filter(([at]) => at > now - windowMs);
  return { deployment, seen: [...old, ...young, [now, restarts] as [number, number]].slice(-MARKS_KEPT) };
}

/** Containers are started again less and less often: what fires is over only once the whole window had none. */
export function judgeRestarts(
  condition: Extract<AlertCondition, { kind: 'crash-loop' }>,
  marks: RestartMarks | undefined,
  now: number,
): Judged {
  const from = now - condition.windowSeconds * 1000;
  const seen = marks?.seen ?? [];
  const base = seen.findLast(([at]) => at <= from) ?? seen[0];
  const restarts = (seen.at(-1)?.[1] ?? 0) - (base?.[1] ?? 0);
  const within = formatDuration(condition.windowSeconds);
  return {
    state: restarts >= condition.restarts ? 'breached' : restarts > 0 ? 'unknown' : 'fine',
    evidence: {
      words: `containers were started again ${count(restarts)} times within ${within}, less than ${count(condition.restarts)} is usual`,
      figures: { restarts, limit: condition.restarts },
    },
  };
}
