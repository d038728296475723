/** Parts of the console that are loaded when they are first shown, or before, once there is time. */
import { type ComponentType, createElement, type LazyExoticComponent, lazy } from 'react';

type Load<Props> = () => Promise<{ default: ComponentType<Props> }>;

const waiting = new Set<() => Promise<unknown>>();

/** A part did not come: Berth is away, or was updated. */
export class PartMissing extends Error {
  /** Tries once more; resolves when the part is there. */
  readonly again: () => Promise<void>;

  constructor(cause: unknown, again: () => Promise<void>) {
    super('A part of the console did not come', { cause });
    this.again = again;
  }
}

/** React keeps what a part came to: one that did not come is made anew, so that the next drawing asks again. */
function part<Props extends object>(load: Load<Props>, started?: ReturnType<Load<Props>>) {
  let current: LazyExoticComponent<ComponentType<Props>>;
  const use = (first?: ReturnType<Load<Props>>): void => {
    current = lazy(() =>
      (first ?? load()).catch((cause: unknown) => {
        throw new PartMissing(cause, async () => {
          const loaded = await load();
          use(Promise.resolve(loaded));
        });
      }),
    );
  };
  use(started);
  // The types of React ask for a component that is known; its props are the same.
  return (props: Props) => createElement(current as unknown as ComponentType<Props>, props);
}

/** @example const Overview = lazyPage(() => import('../pages/overview.tsx')); */
export function lazyPage<Props extends object>(load: Load<Props>) {
  waiting.add(load);
  return part(load);
}

/** The same for what most visits open first: it is on its way while it is asked who is there. */
export function firstPage<Props extends object>(load: Load<Props>) {
  const started = load();
  // Told by the page that needs it.
  started.catch(() => undefined);
  return part(load, started);
}

const QUIET_MS = 1_500;

/** Loads what was not shown yet, so that it is there when the connection is not. */
export function loadTheRest(): () => void {
  const timer = setTimeout(async () => {
    while (waiting.size > 0) {
      const loads = [...waiting];
      waiting.clear();
      // What does not come now comes when it is shown.
      await Promise.allSettled(loads.map((load) => load()));
    }
  }, QUIET_MS);
  return () => clearTimeout(timer);
}
