/** How a rule and a subject go from pending to firing to resolved. Pure. */
import type { AlertFinding, AlertKind, AlertTrack } from './alert-types.ts';

export interface TrackTiming {
  forSeconds: number;
  clearSeconds: number;
}

export interface TrackClock {
  /** Epoch milliseconds. */
  now: number;
  /** When the clock was last seen to have jumped: times from before it are no measure. */
  jumpedAt?: number;
}

export interface Advanced {
  /** Absent where there is nothing to remember. */
  track?: AlertTrack;
  turn?: 'fired' | 'resolved';
}

/** How long ago that was, or 0 where the clock has jumped since: it is then counted from the jump on. */
function heldMs(since: string, { now, jumpedAt = 0 }: TrackClock): number {
  return Math.max(0, now - Math.max(Date.parse(since), jumpedAt));
}

/**
 * What becomes of a track by what was just found. It fires once it was breached for `forSeconds` without a break, and resolves
 * once it was fine for `clearSeconds` without a break; what is not known changes nothing.
 */
export function advanceTrack(
  before: AlertTrack | undefined,
  { state, subject }: Pick<AlertFinding, 'state' | 'subject'>,
  rule: TrackTiming & { name: string; kind: AlertKind },
  clock: TrackClock,
): Advanced {
  const now = new Date(clock.now).toISOString();
  if (state === 'unknown') return before ? { track: before } : {};
  if (state === 'breached') {
    if (before?.phase === 'firing') {
      const { clearSince: _ended, ...firing } = before;
      return { track: before.clearSince === undefined ? before : firing };
    }
    // A clock that was set back a little must not make it wait for longer.
    const isAhead = before !== undefined && Date.parse(before.since) > clock.now;
    const since = before && !isAhead ? before.since : now;
    const track: AlertTrack = { rule: rule.name, kind: rule.kind, subject, phase: 'pending', since };
    if (heldMs(since, clock) < rule.forSeconds * 1000)
      return { track: before?.since === since ? before : track };
    return { track: { ...track, phase: 'firing' }, turn: 'fired' };
  }
  if (before?.phase !== 'firing') return {};
  const isAhead = before.clearSince !== undefined && Date.parse(before.clearSince) > clock.now;
  const clearSince = isAhead ? now : (before.clearSince ?? now);
  if (heldMs(clearSince, clock) >= rule.clearSeconds * 1000) return { turn: 'resolved' };
  return { track: before.clearSince === clearSince ? before : { ...before, clearSince } };
}
