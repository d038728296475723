/**
 * The decisions of a rollout, over many behaviours of what is tried and what serves. Named ones replay what went wrong
 * elsewhere.
 */
import { describe, expect, it } from 'vitest';
import { decide } from '../../../functions/core/rollout/decide-rollout.ts';
import { rolloutPlan } from '../../../functions/core/rollout/rollout-plan.ts';
import { verdictOf } from '../../../functions/core/rollout/verdict.ts';
import { createRandom } from '../../simulation/random.ts';
import { type Behaviour, countsOf, play } from './virtual-rollout.ts';

const seconds = (value: number, percent: number) => ({ percent, seconds: value });
const canary = rolloutPlan('canary', {
  steps: [seconds(30, 10), seconds(30, 50)],
  bakeSeconds: 30,
  checks: {},
})!;
const long = { ...canary, stages: [seconds(1_800, 10), seconds(30, 100)] };
const blueGreen = rolloutPlan('blue-green', { bakeSeconds: 30, checks: {} })!;
const held = rolloutPlan('canary', { steps: [{ percent: 25 }], bakeSeconds: 30, checks: {} })!;

/** Anything that what serves may do. */
const stables: [string, Behaviour][] = [
  ['is well', {}],
  ['answers with errors alone', { errors: () => 100 }],
  ['has no replica that is ready', { ready: () => 0 }],
  ['crashes all the time', { ready: (at) => at % 2, restarts: (at) => at }],
];

describe('A rollout', () => {
  it.each([
    ['canary', canary, 90],
    ['blue-green', blueGreen, 30],
  ])('of a good %s takes its steps in their time and no other', (_, plan, takes) => {
    const { end, seconds: took, percents } = play({ plan });
    expect([end, took]).toEqual(['promote', takes]);
    expect([...new Set(percents)]).toEqual(plan.stages.map(({ percent }) => percent));
  });

  it('of a bad version ends by itself within 2 s of the moment that its figures tell, in any stage, with numbers', () => {
    for (const turns of [0, 7, 28, 31, 45, 61, 88, 1_500]) {
      const {
        end,
        seconds: took,
        last,
      } = play({
        plan: turns > 100 ? long : canary,
        requestsPerSecond: 1_000,
        candidate: { errors: (at) => (at >= turns ? 60 : 0) },
        stable: { errors: () => 0.2 },
      });
      expect(end, `bad from ${turns} s on`).toBe('abort');
      expect(took - turns, `bad from ${turns} s on`).toBeLessThanOrEqual(2);
      expect(last).toMatchObject({ error: { code: 'check_failed' } });
      expect(last.verdict.words).toMatch(/^5xx \d+(\.\d)? % against 0\.2 %, n = [\d,]+, at most 5 %$/);
    }
  });

  it('never ends by chance: whatever happens it goes on, waits, or stops with a reason, and shares never shrink', () => {
    const random = createRandom(7);
    for (let run = 0; run < 300; run++) {
      const from = random.below(120);
      const errors = random.below(4) * 30;
      const down = random.below(3);
      const { end, percents, last } = play({
        plan: [canary, blueGreen, held][run % 3]!,
        requestsPerSecond: random.below(3) * 40,
        candidate: {
          errors: (at) => (at >= from ? errors : 0),
          ready: (at) => (down === 2 && at >= from ? random.below(3) : 2),
        },
        stable: { errors: () => random.below(100) },
        asked: (at) => (at === from ? { asked: 'promote' } : {}),
        untilSeconds: 400,
      });
      expect(percents.every((percent, at) => percent >= (percents[at - 1] ?? 0))).toBe(true);
      if (end === 'abort') expect(last).toMatchObject({ error: { cause: expect.stringMatching(/\w/) } });
      else expect(['promote', 'open']).toContain(end);
    }
  });

  it('says when requests are too few, and takes that for neither good nor bad before the end', () => {
    const few = countsOf(3, 1);
    const counts = { candidate: few, stable: countsOf(1_000, 2) };
    const before = verdictOf(canary.checks, counts, [], false);
    expect(before).toMatchObject({
      state: 'undecided',
      words: '5xx 33 % against 0.2 %, n = 3: too few to tell, 50 are needed',
    });
    expect(verdictOf(canary.checks, counts, [], true)).toMatchObject({ state: 'failing' });
    expect(verdictOf(canary.checks, { ...counts, candidate: countsOf(0, 0) }, [], true).state).toBe(
      'passing',
    );
    expect(play({ plan: canary, requestsPerSecond: 0 })).toMatchObject({ end: 'promote', seconds: 90 });
  });

  it('tells figures as people read them', () => {
    const counts = { candidate: countsOf(1_830, 75), stable: countsOf(16_470, 33) };
    expect(verdictOf({ maxErrorRate: 2, minRequests: 50 }, counts, [], false).words).toBe(
      '5xx 4.1 % against 0.2 %, n = 1,830, at most 2 %',
    );
  });

  it('waits while a person has paused it, and is taken back all the same when it goes bad', () => {
    const paused = { plan: canary, asked: () => ({ isPaused: true }), untilSeconds: 300 };
    expect(play(paused)).toMatchObject({ end: 'open', last: { do: 'wait', why: 'paused' } });
    expect(play({ ...paused, candidate: { errors: (at) => (at > 100 ? 100 : 0) } }).end).toBe('abort');
  });

  it('holds until a person goes on, and not one step further', () => {
    const go = (at: number) => (at === 200 ? { asked: 'continue' as const } : {});
    expect(play({ plan: held, untilSeconds: 199 })).toMatchObject({ end: 'open', last: { why: 'person' } });
    expect(play({ plan: held, asked: go })).toMatchObject({ end: 'promote', seconds: 230 });
  });

  it('goes on only when its own checks have ended, and is taken back when one failed', () => {
    const look = {
      now: 100_000,
      plan: canary,
      stage: 0,
      since: 0,
      isPaused: false,
      candidate: { ready: 1, desired: 1, restarts: 0, unreadyMs: 0, deadlineMs: 30_000 },
      counts: { candidate: countsOf(100, 0), stable: countsOf(100, 0) },
    };
    const probe = (state: 'pending' | 'failed' | 'passed') => [
      { name: 'url' as const, state, words: '/healthz answered 503' },
    ];
    expect(decide({ ...look, probes: probe('pending') })).toMatchObject({ do: 'wait', why: 'checks' });
    expect(decide({ ...look, probes: probe('passed') })).toMatchObject({ do: 'next' });
    expect(decide({ ...look, probes: probe('failed') })).toMatchObject({
      do: 'abort',
      error: { cause: 'It was taken back at 10 % of the requests: /healthz answered 503.' },
    });
  });
});

describe('What went wrong elsewhere', () => {
  it('argo-rollouts#841: an aborted blue-green rollout can be tried again, and runs all of its checks anew', () => {
    expect(play({ plan: blueGreen, candidate: { errors: () => 100 } }).end).toBe('abort');
    // Nothing of the try before is in a look: the next one begins with the first stage.
    expect(play({ plan: blueGreen })).toMatchObject({ end: 'promote', seconds: 30, percents: { 0: 0 } });
  });

  it('argo-rollouts#3120: an aborted canary that is tried again gets its share of the requests again', () => {
    const bad = play({ plan: canary, candidate: { errors: (at) => (at < 40 ? 0 : 100) } });
    expect([bad.end, bad.percents.at(-1)]).toEqual(['abort', 50]);
    expect(new Set(play({ plan: canary }).percents)).toEqual(new Set([10, 50, 100]));
  });

  it.each(stables)(
    'argo-rollouts#1774: a stable version that %s does not keep a good canary back',
    (_, stable) => {
      expect(play({ plan: canary, stable })).toMatchObject({ end: 'promote', seconds: 90 });
      // No worse than what serves is good enough, even past the limit.
      if (stable.errors?.(0) === 100)
        expect(
          play({
            plan: { ...canary, stages: canary.stages.slice(0, 2) },
            stable,
            candidate: { errors: () => 10 },
          }).end,
        ).toBe('promote');
    },
  );

  it('argo-rollouts#3110: where the stable version has no replica at all, a healthy canary goes on by itself', () => {
    for (const plan of [canary, blueGreen])
      expect(play({ plan, stable: { ready: () => 0 } }).end).toBe('promote');
  });

  it('argo-rollouts#1593: a canary whose replicas never get well is ended, and not left degraded', () => {
    for (const ready of [0, 1])
      expect(play({ plan: canary, candidate: { ready: () => ready } })).toMatchObject({
        end: 'abort',
        last: { error: { code: 'workload_not_ready' } },
      });
    expect(play({ plan: canary, candidate: { restarts: (at) => at } })).toMatchObject({
      end: 'abort',
      seconds: 3,
      last: { error: { code: 'workload_crashed' } },
    });
  });

  it('argo-rollouts#4461: "promote now" gives no request to a version of which replicas are missing', () => {
    const { end, seconds: took } = play({
      plan: canary,
      candidate: { ready: (at) => (at < 20 ? 1 : 2) },
      asked: (at) => (at > 2 ? { asked: 'promote' } : {}),
    });
    expect([end, took]).toEqual(['promote', 20]);
  });

  it('copilot-cli#4838: what is decided against a candidate says nothing of what serves: there is no decision that ends it', () => {
    const random = createRandom(11);
    const decisions = new Set<string>();
    for (let run = 0; run < 200; run++) {
      const { last } = play({
        plan: canary,
        candidate: { errors: () => random.below(100), ready: () => random.below(3) },
        stable: { errors: () => random.below(100), ready: () => random.below(3) },
      });
      decisions.add(last.do);
    }
    // To abort is to take the candidate back; a promotion is the only thing that ends what serves.
    expect([...decisions].every((each) => each === 'abort' || each === 'promote')).toBe(true);
  });
});
