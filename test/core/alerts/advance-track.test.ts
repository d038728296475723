/** What hysteresis promises, over histories of chance on a virtual clock. */
import { describe, expect, it } from 'vitest';
import { advanceTrack } from '../../../functions/core/alerts/advance-track.ts';
import type { AlertFinding, AlertTrack } from '../../../functions/core/model/index.ts';
import { createRandom } from '../../simulation/random.ts';

type State = AlertFinding['state'];
interface Step {
  now: number;
  state: State;
  turn?: 'fired' | 'resolved';
}

const START = Date.parse('2026-01-01T00:00:00Z');
const rule = { name: 'errors', kind: 'error-rate' as const, forSeconds: 60, clearSeconds: 120 };

function run(states: readonly { after: number; state: State }[], timing = rule, jumpedAt?: number): Step[] {
  let track: AlertTrack | undefined;
  let now = START;
  return states.map(({ after, state }) => {
    now += after * 1000;
    const clock = { now, ...(jumpedAt !== undefined && { jumpedAt }) };
    const advanced = advanceTrack(track, { state, subject: 'web' }, timing, clock);
    track = advanced.track;
    return { now, state, ...(advanced.turn && { turn: advanced.turn }) };
  });
}

function history(seed: number): { timing: typeof rule; steps: Step[] } {
  const random = createRandom(seed);
  const timing = { ...rule, forSeconds: random.below(120), clearSeconds: random.below(300) };
  const looks: { after: number; state: State }[] = [];
  // Long stretches and short ones, each of one state, or flickering.
  while (looks.length < 300) {
    const flickers = random.chance(0.3);
    let state = random.pick<State>(['breached', 'fine', 'unknown']);
    for (let left = random.below(40); left > 0; left--) {
      if (flickers) state = random.pick<State>(['breached', 'fine', 'unknown']);
      looks.push({ after: 1 + random.below(15), state });
    }
  }
  return { timing, steps: run(looks, timing) };
}

/** The looks up to one, back to where the other state was seen last. */
function stretch(steps: readonly Step[], at: number, other: State): Step[] {
  const last = steps.slice(0, at).findLastIndex(({ state }) => state === other);
  return steps.slice(last + 1, at + 1);
}

const seeds = Array.from({ length: 80 }, (_, seed) => seed);

describe('A rule and a subject, whatever is seen of it', () => {
  it('fires and resolves in turn: once for each episode', () => {
    for (const seed of seeds) {
      const turns = history(seed).steps.flatMap(({ turn }) => turn ?? []);
      turns.forEach((turn, at) => {
        expect(turn, `seed ${seed}`).toBe(at % 2 === 0 ? 'fired' : 'resolved');
      });
    }
  });

  it('fires only after it was breached for its time without a break, and resolves only after it was fine for its time', () => {
    let turns = 0;
    for (const seed of seeds) {
      const { timing, steps } = history(seed);
      steps.forEach(({ turn, now }, at) => {
        if (turn === undefined) return;
        turns++;
        const [wanted, other, seconds] =
          turn === 'fired'
            ? (['breached', 'fine', timing.forSeconds] as const)
            : (['fine', 'breached', timing.clearSeconds] as const);
        const first = stretch(steps, at, other).find(({ state }) => state === wanted);
        expect(now - first!.now, `seed ${seed}, look ${at}`).toBeGreaterThanOrEqual(seconds * 1000);
      });
    }
    expect(turns).toBeGreaterThan(150);
  });

  it('never turns at a look that sees nothing', () => {
    for (const seed of seeds)
      for (const { state, turn } of history(seed).steps)
        if (state === 'unknown') expect(turn, `seed ${seed}`).toBeUndefined();
  });

  it('fires at the first look after its time, and resolves so', () => {
    const breached = Array.from({ length: 10 }, () => ({ after: 10, state: 'breached' as const }));
    const fine = Array.from({ length: 20 }, () => ({ after: 10, state: 'fine' as const }));
    const turns = run([...breached, ...fine]).flatMap(({ turn, now }) =>
      turn ? [[turn, (now - START) / 1000]] : [],
    );
    expect(turns).toEqual([
      ['fired', 70],
      ['resolved', 230],
    ]);
  });
});

describe('A clock that has jumped', () => {
  it('makes nothing fire for a time that did not pass', () => {
    const jumpedAt = START + 3_610_000;
    const looks = [
      { after: 10, state: 'breached' as const },
      { after: 3_600, state: 'breached' as const },
      { after: 50, state: 'breached' as const },
      { after: 10, state: 'breached' as const },
    ];
    expect(run(looks, rule, jumpedAt).map(({ turn }) => turn)).toEqual([
      undefined,
      undefined,
      undefined,
      'fired',
    ]);
  });

  it('by a little back makes it wait no longer than its time from then on', () => {
    const looks = [10, -3, 50, 10].map((after) => ({ after, state: 'breached' as const }));
    expect(run(looks).map(({ turn }) => turn)).toEqual([undefined, undefined, undefined, 'fired']);
  });
});
