/** Checks a chain of audit events against itself and against the heads that were kept outside of the store. */

import type { BerthEvent } from '../model/index.ts';
import { type ChainHead, genesis, hashOf } from './audit-chain.ts';

/** What is wrong with a chain, and where. */
export interface ChainFault {
  /**
   * `edited`: the event is not the one that was sealed. `missing`: events before it are not there. `moved`: it is
   * stored under another number than its own. `rewritten`: the chain is consistent, but does not match a head that
   * was kept of it. `truncated`: the chain ends before a head that was kept of it.
   */
  kind: 'edited' | 'missing' | 'moved' | 'rewritten' | 'truncated';
  /** Number of the event. */
  number: number;
  detail: string;
}

export interface ChainReport {
  /** Nothing is wrong. */
  intact: boolean;
  events: number;
  /** Absent when there is no event. */
  head?: ChainHead;
  /** The newest head that was kept outside of the store. */
  anchor?: ChainHead;
  /** How many events are newer than the newest anchor: only the chain itself vouches for these. */
  unanchored: number;
  /** The first hundred faults. */
  faults: ChainFault[];
}

const FAULTS_MAX = 100;

export interface ChainVerifier {
  /** Takes the next event in the order of the store. @param place its number by the key it is stored under */
  next(place: number, event: BerthEvent): void;
  end(): ChainReport;
}

/** @param anchors in any order */
export function createChainVerifier(project: string, anchors: readonly ChainHead[]): ChainVerifier {
  const expected = new Map(anchors.map((anchor) => [anchor.number, anchor]));
  const anchor = anchors.reduce<ChainHead | undefined>(
    (newest, one) => (newest && newest.number >= one.number ? newest : one),
    undefined,
  );
  const faults: ChainFault[] = [];
  const fault = (kind: ChainFault['kind'], number: number, detail: string): void => {
    if (faults.length < FAULTS_MAX) faults.push({ kind, number, detail });
  };
  let head = genesis(project);
  let events = 0;
  // Two anchors of the same number differ: only one of them can be right.
  for (const one of anchors) {
    if (expected.get(one.number)?.hash !== one.hash)
      fault('rewritten', one.number, 'Two heads were kept for this number, and they differ.');
  }

  function checkAnchor(number: number, hash: string): void {
    const kept = expected.get(number);
    if (kept && kept.hash !== hash)
      fault('rewritten', number, `The head that was kept of this event at ${kept.at} is another one.`);
  }

  return {
    next(place, event) {
      events += 1;
      if (place !== head.number + 1)
        fault('missing', place, `Events ${head.number + 1} to ${place - 1} are not there.`);
      if (event.id !== String(place)) fault('moved', place, `It says that it is event ${event.id}.`);
      if (event.project !== project)
        fault('moved', place, `It says that it is of project "${event.project}".`);
      // Behind a gap the hash of the event before is unknown. The gap itself is the fault, and is reported once.
      const fits = hashOf(head.hash, event) === event.hash;
      if (!fits && place === head.number + 1) fault('edited', place, 'Its hash does not fit its content.');
      checkAnchor(place, event.hash);
      head = { number: place, hash: event.hash, at: event.at };
    },
    end() {
      if (anchor && anchor.number > head.number) {
        const detail = `Events up to ${anchor.number} were there at ${anchor.at}.`;
        fault('truncated', head.number, detail);
      }
      return {
        intact: faults.length === 0,
        events,
        ...(events > 0 && { head }),
        ...(anchor && { anchor }),
        unanchored: Math.max(0, head.number - (anchor?.number ?? 0)),
        faults,
      };
    },
  };
}
