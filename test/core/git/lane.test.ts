/** Which push is the newest, whatever order they are told in, and with some of them lost. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emptyLane, isNewer, type LaneStep, withStep } from '../../../functions/core/git/lane.ts';
import type { Lane } from '../../../functions/core/model/index.ts';

const sha = (number: number): string => createHash('sha1').update(String(number)).digest('hex');

/** A generator with a seed: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

type Numbered = LaneStep & { number: number };

/** Pushes one upon the other. @param told what else the provider says of each */
const pushes = (count: number, told: (number: number) => Partial<LaneStep>): Numbered[] =>
  Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    ...(index > 0 && { before: sha(index) }),
    after: sha(index + 1),
    ...told(index + 1),
  }));

/** Takes steps in turn; the newest that was accepted never goes back where that can be known. */
function run(steps: readonly Numbered[], onHead: (lane: Lane) => void = () => undefined): Lane {
  let lane = emptyLane;
  for (const [index, step] of steps.entries()) {
    lane = withStep(lane, step, index + 1, isNewer(lane, step));
    onHead(lane);
  }
  return lane;
}

const timed: [string, (number: number) => Partial<LaneStep>][] = [
  ['says when it took them', (number) => ({ at: 1_000 * number })],
  ['tells the times of commits alone', (number) => ({ committedAt: 1_000 * number })],
];

describe('1,000 pushes, each twice and in any order', () => {
  it.each(timed)('lead to the newest, and never back, where the provider %s', (_, told) => {
    for (const seed of [1]) {
      const random = seeded(seed);
      const all = pushes(1_000, told);
      const some = all.filter(({ number }) => number === 1_000 || random() > 0.1);
      let highest = 0;
      const lane = run(shuffled([...some, ...some], random), ({ head }) => {
        const number = all.find(({ after }) => after === head?.commit)?.number ?? 0;
        expect(number).toBeGreaterThanOrEqual(highest);
        highest = number;
      });
      expect(lane.head?.commit, `seed ${seed}`).toBe(sha(1_000));
    }
  });

  it('lead to the newest by what each was pushed upon alone, where they come a few places out of turn', () => {
    const random = seeded(4);
    const late = pushes(300, () => ({})).map((step) => ({ step, at: step.number + 4 * random() }));
    const lane = run(late.sort((a, b) => a.at - b.at).map(({ step }) => step));
    expect(lane.head?.commit).toBe(sha(300));
  });
});

describe('A branch', () => {
  const newer = (lane: Lane, step: LaneStep): boolean => isNewer(lane, step);
  const laneOf = (...steps: LaneStep[]): Lane =>
    run(steps.map((step, index) => ({ ...step, number: index + 1 })));

  it('that is set back is where it was set to, and a late message takes it no further', () => {
    const set = laneOf(
      { after: sha(1) },
      { before: sha(1), after: sha(2) },
      { before: sha(2), after: sha(1) },
    );
    expect(set.head?.commit).toBe(sha(1));
    expect(newer(set, { before: sha(3), after: sha(2), at: 1 })).toBe(false);
  });

  it('that is deleted and made again is where it was made', () => {
    const gone = laneOf({ after: sha(1) }, { before: sha(1) });
    expect(gone.head).toBeUndefined();
    expect(newer(gone, { after: sha(1) })).toBe(true);
    expect(newer(gone, { before: sha(0), after: sha(1) })).toBe(false);
  });

  it('that is pushed to from a clock that is wrong goes by what was pushed upon what', () => {
    const early = laneOf({ after: sha(1), committedAt: 9_000 });
    expect(newer(early, { before: sha(1), after: sha(2), committedAt: 1 })).toBe(true);
  });
});
