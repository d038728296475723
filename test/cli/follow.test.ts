/** What somebody reads who follows a deployment that waits: for a person, or at a step of its own. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { shareInWords } from '../../cli/src/beside.ts';
import { createProgress } from '../../cli/src/follow.ts';
import type { Operation, Rollout } from '../../client/types.generated.ts';

afterEach(() => vi.restoreAllMocks());

describe('Who follows a deployment', () => {
  it('reads once that it waits for somebody else, until when, and how that person approves it', () => {
    const lines: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
    const approval = { state: 'pending', requestedBy: 'user:ada', expiresAt: '2026-01-02T00:00:00.000Z' };
    const operation = { steps: [], number: 3, environment: 'live', service: 'web', approval };
    const progress = createProgress();
    progress(operation as unknown as Operation);
    progress(operation as unknown as Operation);
    expect(lines).toEqual([
      "  It waits, until 2026-01-02T00:00:00.000Z at the latest, for somebody else's: berth approve 3 --env live --service web\n",
    ]);
  });

  it('reads at a step that holds how it goes on, and at others how long it takes', () => {
    const at = (more: object): string =>
      shareInWords({
        percent: 20,
        stage: 0,
        stages: [{ percent: 20 }, { percent: 50, seconds: 60 }],
        ...more,
      } as Rollout);
    expect(at({})).toBe(
      '20 % of the requests, step 1 of 2; it waits until you go on: berth rollout continue, or berth rollout abort',
    );
    expect(at({ stage: 1, percent: 50 })).toBe('50 % of the requests, step 2 of 2, for 60 s');
    expect(at({ stage: 1, pausedAt: '2026-01-01T00:00:00.000Z' })).toContain(
      'it stands still: berth rollout resume',
    );
  });
});
