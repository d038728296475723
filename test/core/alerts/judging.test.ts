/** What figures and records say, at their bounds. */
import { describe, expect, it } from 'vitest';
import {
  judgeErrorRate,
  judgeLatency,
  judgeRestarts,
  nextMarks,
} from '../../../functions/core/alerts/judge-figures.ts';
import {
  judgeBackups,
  judgeBudget,
  judgeCertificate,
  judgeJob,
} from '../../../functions/core/alerts/judge-records.ts';
import type { BackupPlan, Job, RestartMarks } from '../../../functions/core/model/index.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const HOUR = 3_600_000;
const at = (ms: number) => new Date(ms).toISOString();

describe('Figures', () => {
  const rate = { kind: 'error-rate', percent: 5, minRequests: 50, windowSeconds: 300 } as const;
  const sample = (requests: number, errors: number, p99Ms = 10) => ({ requests, errors, p99Ms });

  it('of errors are a breach above the bound alone, and say nothing where requests are too few', () => {
    const stateOf = (...samples: Parameters<typeof judgeErrorRate>[1]) => judgeErrorRate(rate, samples).state;
    expect(stateOf(sample(100, 5))).toBe('fine');
    expect(stateOf(sample(60, 0), sample(40, 6))).toBe('breached');
    expect(stateOf(sample(49, 49))).toBe('unknown');
    expect(stateOf()).toBe('fine');
  });

  it('are told in numbers', () => {
    expect(judgeErrorRate(rate, [sample(1_000, 333)]).evidence).toEqual({
      words: '33 % of 1,000 requests within 5m were answered with 5xx, at most 5 %',
      figures: { requests: 1_000, errors: 333, percent: 33.3, limitPercent: 5 },
    });
  });

  it('of latency are those that half of the requests had: one slow sample with few requests is none', () => {
    const when = { kind: 'latency', p99Ms: 500, minRequests: 50, windowSeconds: 300 } as const;
    expect(judgeLatency(when, [sample(90, 0, 20), sample(10, 0, 9_000)]).state).toBe('fine');
    expect(judgeLatency(when, [sample(40, 0, 20), sample(60, 0, 900)])).toMatchObject({
      state: 'breached',
      evidence: { figures: { p99Ms: 900 } },
    });
  });
});

describe('Restarts', () => {
  const when = { kind: 'crash-loop', restarts: 5, windowSeconds: 600 } as const;
  function watch(looks: readonly [second: number, restarts: number, deployment?: number][]) {
    let marks: RestartMarks | undefined;
    return looks.map(([second, restarts, deployment = 1]) => {
      marks = nextMarks(marks, { deployment, restarts }, NOW + second * 1000, 600_000);
      return judgeRestarts(when, marks, NOW + second * 1000).state;
    });
  }

  it('are counted within the window, from where they were first seen', () => {
    expect(
      watch([
        [0, 37],
        [10, 38],
        [20, 41],
        [30, 42],
      ]),
    ).toEqual(['fine', 'unknown', 'unknown', 'breached']);
  });

  it('that become rare do not end what fires, and none within the whole window does', () => {
    expect(
      watch([
        [0, 1],
        [1, 6],
        [300, 7],
        [605, 7],
        [700, 8],
        [1_299, 8],
        [1_300, 8],
      ]),
    ).toEqual(['fine', 'breached', 'breached', 'unknown', 'unknown', 'unknown', 'fine']);
  });

  it('of another deployment, or after the count began anew, are counted anew', () => {
    expect(
      watch([
        [0, 1],
        [10, 9, 2],
      ]),
    ).toEqual(['fine', 'fine']);
    expect(
      watch([
        [0, 20],
        [10, 3],
        [20, 8],
      ]),
    ).toEqual(['fine', 'fine', 'breached']);
  });

  it('that do not change are written nowhere', () => {
    const marks = nextMarks(undefined, { deployment: 1, restarts: 2 }, NOW, 600_000);
    expect(nextMarks(marks, { deployment: 1, restarts: 2 }, NOW + 5_000, 600_000)).toBe(marks);
    const none = nextMarks(undefined, { deployment: 1, restarts: 0 }, NOW, 600_000);
    expect(nextMarks(none, { deployment: 1, restarts: 0 }, NOW + 5_000, 600_000)).toBe(none);
  });

  it('count from the first look on, so that those between two looks are not lost', () => {
    const none = nextMarks(undefined, { deployment: 1, restarts: 0 }, NOW, 600_000);
    const marks = nextMarks(none, { deployment: 1, restarts: 5 }, NOW + 60_000, 600_000);
    const condition = { kind: 'crash-loop', restarts: 5, windowSeconds: 600 } as const;
    expect(judgeRestarts(condition, marks, NOW + 60_000).state).toBe('breached');
  });
});

describe('Records', () => {
  const job = { name: 'nightly', running: [], suspended: false, nextAt: at(NOW + HOUR) } as unknown as Job;
  const failed = { operation: 'o', status: 'failed', exitCode: 3, endedAt: at(NOW) } as const;

  it('of a job are a breach when its last run failed for good, or a run did not happen', () => {
    const stateOf = (change: Partial<Job>) => judgeJob({ ...job, ...change }, NOW, true).state;
    expect(stateOf({})).toBe('fine');
    expect(stateOf({ last: failed })).toBe('breached');
    expect(stateOf({ last: failed, retry: { at: at(NOW), attempt: 2, scheduledFor: at(NOW) } })).toBe(
      'unknown',
    );
    expect(stateOf({ last: failed, running: ['another'] })).toBe('unknown');
    expect(stateOf({ last: { ...failed, status: 'succeeded' } })).toBe('fine');
    expect(stateOf({ missed: { count: 1, since: at(NOW), reason: 'not_deployed' } })).toBe('breached');
    expect(stateOf({ missed: { count: 1, since: at(NOW), reason: 'overlap' } })).toBe('fine');
    expect(stateOf({ nextAt: at(NOW - 11 * 60_000) })).toBe('breached');
    expect(stateOf({ last: failed, suspended: true })).toBe('fine');
  });

  it('of a job are not known by its age while the clock can not tell, but by how its last run ended', () => {
    const stateOf = (change: Partial<Job>) => judgeJob({ ...job, ...change }, NOW, false).state;
    expect(stateOf({ last: failed })).toBe('breached');
    expect(stateOf({ last: { ...failed, status: 'succeeded' } })).toBe('fine');
    expect(stateOf({ nextAt: at(NOW - 11 * 60_000) })).toBe('unknown');
    expect(stateOf({ missed: { count: 1, since: at(NOW), reason: 'not_deployed' } })).toBe('unknown');
  });

  it('of backups are a breach once one is overdue, and fire at twice the interval', () => {
    const plan = { resource: 'db', schedule: '0 3 * * *', timeZone: 'UTC' } as BackupPlan;
    const judge = (age: number | undefined) =>
      judgeBackups(
        plan,
        age === undefined
          ? [{ state: 'failed', createdAt: at(NOW) }]
          : [{ state: 'checked', createdAt: at(NOW - age) }],
        2,
        NOW,
      );
    expect(judge(24 * HOUR).state).toBe('fine');
    expect(judge(25 * HOUR).state).toBe('fine');
    const late = judge(25 * HOUR + 1);
    expect(late.state).toBe('breached');
    expect(25 + late.forSeconds! / 3_600).toBe(48);
    expect(judge(undefined)).toMatchObject({ state: 'breached', forSeconds: 48 * 3_600 });
    expect(judgeBackups({ ...plan, schedule: '0 3 * * 1-5' }, [], 1, NOW).forSeconds).toBe(72 * 3_600);
  });

  it('of a budget are a breach above its part of it, in money', () => {
    const budget = { policy: 'cheap', budget: 20 };
    expect(judgeBudget(80, budget, 16).state).toBe('fine');
    expect(judgeBudget(80, budget, 18.204)).toEqual({
      state: 'breached',
      evidence: {
        words:
          'a month of the environment costs up to 18.20 USD, 91 % of the 20.00 USD that the policy "cheap" allows',
        figures: { usdPerMonth: 18.2, budgetUsdPerMonth: 20, percent: 91.02, limitPercent: 80 },
      },
    });
    expect(judgeBudget(100, budget, 20).state).toBe('fine');
    expect(judgeBudget(100, budget, 20.01).state).toBe('breached');
    // What the policy allows is no breach, whatever a quotient makes of it: 100 * 0.69 / 0.69 is more than 100.
    expect(judgeBudget(100, { policy: 'cheap', budget: 0.69 }, 0.69).state).toBe('fine');
  });

  it('of a certificate are a breach in its last days, or the last sixth of a short life', () => {
    const judge = (lifeDays: number, leftDays: number) =>
      judgeCertificate(
        {
          notBefore: at(NOW - (lifeDays - leftDays) * 24 * HOUR),
          notAfter: at(NOW + leftDays * 24 * HOUR),
        },
        14,
        NOW,
      ).state;
    expect([judge(90, 15), judge(90, 14), judge(6, 2), judge(6, 1), judge(90, -1)]).toEqual([
      'fine',
      'breached',
      'fine',
      'breached',
      'breached',
    ]);
  });
});
