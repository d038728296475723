/** Which deployment of a workload is where, as the cluster itself keeps it beside the fence. Pure. */
import type { Placed } from '../manifests/index.ts';
import { otherTrack } from '../manifests/labels.ts';

export type Beside = Placed & { number: number } & (
    | {
        role: 'candidate';
        /** Whether it waits for `promote`, once it is ready. */
        isTrial: boolean;
        /** So many of a hundred requests are given to it. */
        percent: number;
        warmSeconds: number;
        keepFailedSeconds: number;
      }
    /** It has no requests, and ends at this time; epoch milliseconds. */
    | { role: 'warm' | 'failed'; until: number }
  );

export interface TrackState {
  /** What serves, or will serve as soon as it is ready where nothing does. */
  serving: Placed;
  /** What is on the other track. */
  beside?: Beside;
}

export type Candidate = Extract<Beside, { role: 'candidate' }>;

/** Of a workload of which nothing is kept. */
const initial: TrackState = { serving: { track: 'a', since: 0 } };

/** Only Berth writes it: what can not be read counts as nothing. */
export function parseTracks(text: string | undefined): TrackState {
  try {
    return text === undefined ? initial : (JSON.parse(text) as TrackState);
  } catch {
    return initial;
  }
}

export const candidateOf = ({ beside }: TrackState): Candidate | undefined =>
  beside?.role === 'candidate' ? beside : undefined;

export const withoutCandidate = (state: TrackState): TrackState =>
  candidateOf(state) ? { serving: state.serving } : state;

/** Where the next deployment begins that is to run beside what serves. */
export const nextPlace = ({ serving }: TrackState, number: number): Placed => ({
  track: otherTrack(serving.track),
  since: number,
});

/**
 * The candidate takes over.
 * @param old the number of what served, where it is worth to be kept
 */
export function promoted(
  state: TrackState,
  candidate: Candidate,
  old: number | undefined,
  now: number,
): TrackState {
  const { track, since, warmSeconds } = candidate;
  return {
    serving: { track, since },
    ...(old !== undefined &&
      warmSeconds > 0 && {
        beside: { ...state.serving, number: old, role: 'warm', until: now + warmSeconds * 1000 },
      }),
  };
}

/** The candidate has failed. */
export function failed({ serving }: TrackState, candidate: Candidate, now: number): TrackState {
  const { track, since, number, keepFailedSeconds } = candidate;
  return {
    serving,
    ...(keepFailedSeconds > 0 && {
      beside: { track, since, number, role: 'failed', until: now + keepFailedSeconds * 1000 },
    }),
  };
}
