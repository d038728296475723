import { describe, expect, it } from 'vitest';
import type { Operation } from '../../functions/core/model/index.ts';
import type { ProblemCode, ProblemDetail } from '../../functions/core/problem.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { CLOCK_KEY } from '../../functions/records/clock.ts';
import { endingOf, errorOf, untilOverdue } from '../../functions/workflows/end-operation.ts';

const detail = (code: ProblemCode) => ({ code, cause: 'Because.', hint: 'Do that.' });
const operation = {
  steps: [{ name: 'applyWorkload', startedAt: '2026-01-01T00:00:00.000Z', attempt: 1 }],
} as unknown as Operation;
const of = (name: string) => errorOf({ operation, error: { Error: name, Cause: 'with /internal/paths' } });

describe('An ending', () => {
  it('of being overtaken is no failure', () => {
    for (const code of ['superseded', 'fenced', 'environment_gone'] as const) {
      expect(endingOf(detail(code)).status).toBe('superseded');
    }
    expect(endingOf(detail('canceled')).status).toBe('canceled');
    for (const code of ['internal', 'workload_crashed', 'storage_full', 'conflict'] as const) {
      expect(endingOf(detail(code)).status).toBe('failed');
    }
  });

  it('of a record of an older version may have a code that is no longer known', () => {
    for (const code of ['no_longer_known', '__proto__']) {
      const kept = JSON.parse(JSON.stringify({ ...detail('internal'), code })) as ProblemDetail;
      expect(endingOf(errorOf({ operation: { ...operation, error: kept } }))).toEqual({
        status: 'failed',
        error: kept,
      });
    }
  });

  it('says what the step itself said, if it said something', () => {
    const kept = detail('release_failed');
    const error = { Error: 'States.Timeout', Cause: '' };
    expect(errorOf({ operation: { ...operation, error: kept }, error })).toEqual(kept);
  });

  it('names the step and the next thing to do, and never what an error said inside', () => {
    const codes = {
      'States.Timeout': 'deadline_exceeded',
      'Berth.StillProgressing': 'deadline_exceeded',
      'Berth.Transient': 'unavailable',
      'Berth.storage_full': 'storage_full',
      TypeError: 'internal',
    };
    for (const [name, code] of Object.entries(codes)) {
      const error = of(name);
      expect(error).toMatchObject({ code, hint: expect.stringMatching(/\S/) });
      expect(error.cause).toContain('"applyWorkload"');
      expect(error.cause).not.toContain('/internal/paths');
    }
    expect(errorOf({ operation: { ...operation, steps: [] } })).toMatchObject({ code: 'internal' });
  });
});

describe('A compensation whose place is away', () => {
  const MINUTE = 60_000;
  const away = async (): Promise<never> => {
    throw new Error('away');
  };
  /** Tries it after the operation's bound is over by this much; the sweep saw the clock this long before. */
  const tried = (late: number, seenBefore: number | undefined) => {
    const now = Date.parse('2026-01-01T12:00:00.000Z');
    const at = (ago: number) => new Date(now - ago).toISOString();
    const seen = seenBefore === undefined ? undefined : { data: { at: at(seenBefore) } };
    const get = async ({ pk }: { pk: string }) => (pk === CLOCK_KEY.pk ? seen : undefined);
    const ports = { store: { get }, effects: { now: () => now } } as unknown as Ports;
    return untilOverdue(ports, { ...operation, deadline: at(late) }, away);
  };

  it('is tried again until its bound is over, and then ends without it', async () => {
    await expect(tried(MINUTE, MINUTE)).rejects.toThrow('away');
    await expect(tried(3 * MINUTE, MINUTE)).resolves.toBeUndefined();
  });

  it('is not given up because a clock was set forth', async () => {
    await expect(tried(60 * MINUTE, 60 * MINUTE)).rejects.toThrow('away');
  });

  it('is not given up before a sweep has seen the clock: nobody knows whether it was set forth', async () => {
    await expect(tried(60 * MINUTE, undefined)).rejects.toThrow('away');
  });
});
