import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBurst } from '../../web/src/burst.ts';

describe('A burst of calls', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is answered once, when it is over', () => {
    const answer = vi.fn();
    const burst = createBurst(answer, { quietMs: 150, mostMs: 1_000 });
    for (let calls = 0; calls < 3; calls++) {
      burst.call();
      vi.advanceTimersByTime(100);
    }
    expect(answer).not.toHaveBeenCalled();
    vi.advanceTimersByTime(50);
    expect(answer).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(10_000);
    expect(answer).toHaveBeenCalledOnce();
  });

  it('that never ends is answered again and again', () => {
    const answer = vi.fn();
    const burst = createBurst(answer, { quietMs: 150, mostMs: 1_000 });
    for (let calls = 0; calls < 100; calls++) {
      burst.call();
      vi.advanceTimersByTime(100);
    }
    expect(answer.mock.calls.length).toBeGreaterThanOrEqual(9);
    expect(answer.mock.calls.length).toBeLessThanOrEqual(11);
  });

  it('that is given up is not answered, and the next one is', () => {
    const answer = vi.fn();
    const burst = createBurst(answer, { quietMs: 150, mostMs: 1_000 });
    burst.call();
    burst.cancel();
    vi.advanceTimersByTime(2_000);
    expect(answer).not.toHaveBeenCalled();
    burst.call();
    vi.advanceTimersByTime(150);
    expect(answer).toHaveBeenCalledOnce();
  });
});
