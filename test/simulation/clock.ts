/**
 * Virtual time for everything in this process: timers fire in the order of their times, one after another, and the
 * clock jumps from one to the next. Code that runs for a simulated process (`runAs`) loses its timers when that process
 * dies, as a real one does.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';

/** A process that can die: nothing that it began goes on afterwards. */
export interface Mortal {
  dead: boolean;
}

interface Timer {
  at: number;
  order: number;
  owner: Mortal | undefined;
  run(): void;
  /** Of an interval, milliseconds. */
  every?: number;
}

/** What `setTimeout` gives in Node, as far as it is used. */
class Handle {
  readonly timer: Timer;
  constructor(timer: Timer) {
    this.timer = timer;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  [Symbol.dispose](): void {
    timers.delete(this.timer);
  }
}

const owners = new AsyncLocalStorage<Mortal | undefined>();
const timers = new Set<Timer>();
let now = 0;
let order = 0;
/** How far the clock that people read is from the time by which timers fire, milliseconds. */
let wrong = 0;

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  random: Math.random,
  dateNow: Date.now,
  performanceNow: performance.now,
  abortAfter: AbortSignal.timeout,
  pbkdf2: crypto.pbkdf2,
  pbkdf2Sync: crypto.pbkdf2Sync,
  promises: { setTimeout: timersPromises.setTimeout, setImmediate: timersPromises.setImmediate },
};

/** Runs code as a part of a process; `undefined` stands for the world around it, which never dies. */
export const runAs = <T>(owner: Mortal | undefined, work: () => T): T => owners.run(owner, work);
export const currentOwner = (): Mortal | undefined => owners.getStore();
/** What the clock shows. */
export const virtualNow = (): number => now + wrong;
/** Time that has passed, whatever the clock shows, milliseconds. */
export const monotonicNow = (): number => now;
export const setClockWrong = (by: number): void => {
  wrong = by;
};

function schedule(run: () => void, delay: number, every?: number): Handle {
  const owner = currentOwner();
  const timer: Timer = {
    at: now + Math.max(0, Math.ceil(delay || 0)),
    order: order++,
    owner,
    run: () => owners.run(owner, run),
    ...(every !== undefined && { every }),
  };
  timers.add(timer);
  return new Handle(timer);
}

function clear(handle: unknown): void {
  if (handle instanceof Handle) timers.delete(handle.timer);
}

const later = (delay = 1, value?: unknown, options?: { signal?: AbortSignal }): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const { signal } = options ?? {};
    const abort = (): void => reject(new DOMException('The operation was aborted', 'AbortError'));
    if (signal?.aborted) return abort();
    const handle = schedule(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    }, delay);
    const onAbort = (): void => {
      clear(handle);
      abort();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });

const derived = new Map<string, ReturnType<typeof crypto.pbkdf2Sync>>();

/** A password is hashed by who sets it and by who checks it: the second one takes what the first has found. */
const derive: typeof crypto.pbkdf2Sync = (password, salt, rounds, length, digest) => {
  const asked = JSON.stringify([password, salt, rounds, length, digest]);
  const key = derived.get(asked) ?? real.pbkdf2Sync(password, salt, rounds, length, digest);
  derived.set(asked, key);
  return key;
};

/** Takes over time and chance of the whole process. @returns gives them back */
export function installClock(start: number, random: () => number): () => void {
  now = start;
  order = 0;
  wrong = 0;
  timers.clear();
  const began = start;
  Object.assign(globalThis, {
    setTimeout: (run: (...args: unknown[]) => void, delay = 1, ...args: unknown[]) =>
      schedule(() => run(...args), delay),
    setInterval: (run: (...args: unknown[]) => void, every = 1, ...args: unknown[]) =>
      schedule(() => run(...args), every, Math.max(1, every)),
    setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) => schedule(() => run(...args), 0),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  });
  Math.random = random;
  Date.now = virtualNow;
  performance.now = () => now - began;
  AbortSignal.timeout = (delay) => {
    const controller = new AbortController();
    schedule(() => controller.abort(new DOMException('The operation timed out', 'TimeoutError')), delay);
    return controller.signal;
  };
  Object.assign(timersPromises, {
    setTimeout: later,
    setImmediate: (value?: unknown) => later(0, value),
  });
  // Work of the thread pool would end at some real time, and no schedule would be the same twice.
  Object.assign(crypto, {
    pbkdf2Sync: derive,
    pbkdf2: (...[password, salt, rounds, length, digest, done]: Parameters<typeof crypto.pbkdf2>): void =>
      process.nextTick(done, null, derive(password, salt, rounds, length, digest)),
  });
  syncBuiltinESMExports();
  return () => {
    timers.clear();
    const {
      random: chance,
      dateNow,
      performanceNow,
      abortAfter,
      pbkdf2,
      pbkdf2Sync,
      promises,
      ...globals
    } = real;
    Object.assign(globalThis, globals);
    Math.random = chance;
    Date.now = dateNow;
    performance.now = performanceNow;
    AbortSignal.timeout = abortAfter;
    Object.assign(timersPromises, promises);
    Object.assign(crypto, { pbkdf2, pbkdf2Sync });
    derived.clear();
    syncBuiltinESMExports();
  };
}

/** Lets all that needs no time go on until it waits for a timer. */
const settle = (): Promise<void> => new Promise((resolve) => void real.setImmediate(resolve));

function nextTimer(): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers) {
    if (timer.owner?.dead) timers.delete(timer);
    else if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
      first = timer;
  }
  return first;
}

/** More timers than any schedule of some hours needs. */
const EVENTS_MAX = 200_000;

/**
 * Fires timers in their order for a time, or until `done` says so. `after` is called behind each of them, when all
 * that it set off waits again.
 */
export async function runFor(duration: number, done: () => boolean, after: () => void): Promise<void> {
  const time = now + duration;
  await settle();
  for (let left = EVENTS_MAX; !done(); left--) {
    if (left === 0)
      throw new Error(`Something turns in circles: ${EVENTS_MAX} timers, and no end; ${timers.size} wait`);
    const timer = nextTimer();
    if (!timer || timer.at > time) {
      now = Math.max(now, time);
      return;
    }
    now = Math.max(now, timer.at);
    if (timer.every === undefined) timers.delete(timer);
    else Object.assign(timer, { at: now + timer.every, order: order++ });
    timer.run();
    await settle();
    after();
  }
}
