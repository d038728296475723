/** Points in time and how long something took. */
import { useSyncExternalStore } from 'react';

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** @param at ISO 8601 @returns such as "5 minutes ago", "in 40 minutes" */
export function relativeTime(at: string, now: number): string {
  const seconds = (Date.parse(at) - now) / 1000;
  if (Number.isNaN(seconds)) return at;
  if (Math.abs(seconds) < 5) return 'just now';
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return relative.format(Math.round(seconds / size), unit);
}

const TICK_MS = 5_000;

/** One clock for all times on show. */
let tick = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  if (document.hidden) return;
  tick = Date.now();
  for (const listener of [...listeners]) listener();
}, TICK_MS);

/** The same for all renderings: subscribing moves the clock, and would otherwise lead to the next one. */
function subscribe(listener: () => void): () => void {
  tick = Date.now();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Epoch milliseconds, a few seconds old at most. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => tick);

/** How long ago, or how far away; the exact time is its title. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {relativeTime(at, Math.max(now, Date.now() - TICK_MS))}
    </time>
  );
}

/** A number stays on one line with its unit. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}\u00a0ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)}\u00a0s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}\u00a0min ${seconds % 60}\u00a0s`;
  return `${Math.floor(seconds / 3600)}\u00a0h ${Math.floor((seconds % 3600) / 60)}\u00a0min`;
}
