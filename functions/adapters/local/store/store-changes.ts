/** Who waits for a change of which partition. */
export interface Changes {
  /** As `Store.changed`. A wait does not keep the process alive. */
  wait(pk: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>;
  notify(pk: string): void;
  /** Ends all waits; later ones end at once. */
  close(): void;
  /** Waits that go on now. */
  readonly size: number;
}

/** The longest delay that setTimeout takes. */
const TIMEOUT_MAX = 2 ** 31 - 1;

export function createChanges(): Changes {
  const waiting = new Map<string, Set<() => void>>();
  let closed = false;

  const end = (set: Set<() => void> | undefined): void => {
    for (const done of [...(set ?? [])]) done();
  };

  return {
    wait(pk, { timeoutMs, signal }) {
      if (closed || signal?.aborted || !(timeoutMs > 0)) return Promise.resolve();
      return new Promise((resolve) => {
        const set = waiting.get(pk) ?? new Set();
        waiting.set(pk, set);
        const done = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          set.delete(done);
          if (set.size === 0 && waiting.get(pk) === set) waiting.delete(pk);
          resolve();
        };
        const timer = setTimeout(done, Math.min(timeoutMs, TIMEOUT_MAX));
        timer.unref();
        signal?.addEventListener('abort', done, { once: true });
        set.add(done);
      });
    },
    notify: (pk) => end(waiting.get(pk)),
    close() {
      closed = true;
      for (const set of [...waiting.values()]) end(set);
    },
    get size() {
      let size = 0;
      for (const set of waiting.values()) size += set.size;
      return size;
    },
  };
}
