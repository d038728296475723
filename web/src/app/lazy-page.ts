/** Parts of the console that are loaded when they are first shown, or before, once there is time. */
import { type ComponentType, lazy } from 'react';

type Load<Props> = () => Promise<{ default: ComponentType<Props> }>;

const waiting = new Set<() => Promise<unknown>>();

/** @example const Overview = lazyPage(() => import('../pages/overview.tsx')); */
export function lazyPage<Props extends object>(load: Load<Props>) {
  waiting.add(load);
  return lazy(load);
}

/** The same for what most visits open first: it is on its way while it is asked who is there. */
export function firstPage<Props extends object>(load: Load<Props>) {
  const started = load();
  // Told by the page that needs it.
  started.catch(() => undefined);
  return lazy(() => started);
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
