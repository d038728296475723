/** Makes a schedule that fails smaller: fewer actions, fewer faults, as long as it breaks the same promise. */
import type { Planned } from '../faults.ts';
import type { Outcome } from '../scene.ts';
import type { Script } from '../schedule.ts';

/** A part of a script that can be left out. */
type Part = { fault: Planned } | { client: number; action: number };

/** "I6" of "I6: prod/web #3 serves, ..."; the whole text where a violation has no number. */
const promiseOf = ({ violations: [first = ''] }: Outcome): string => /^(I\d+):/.exec(first)?.[1] ?? first;

const partsOf = (actions: number[][], faults: readonly Planned[]): Part[] => [
  ...actions.flatMap((taken, client) => taken.map((action) => ({ client, action }))),
  ...faults.map((fault) => ({ fault })),
];

function scriptOf(seed: number, clients: number, parts: readonly Part[]): Script {
  const actions: number[][] = Array.from({ length: clients }, () => []);
  const faults: Planned[] = [];
  for (const part of parts) {
    if ('fault' in part) faults.push(part.fault);
    else actions[part.client]?.push(part.action);
  }
  return { seed, actions, faults };
}

export interface Shrunk {
  script: Script;
  outcome: Outcome;
}

/**
 * Leaves out ever smaller runs of parts (delta debugging), until none can be left out or the tries are used up.
 * @param script which led to `failed`, with the actions that were begun
 */
export async function shrink(
  { seed, actions }: Script,
  failed: Outcome,
  run: (script: Script) => Promise<Outcome>,
  tries = 300,
): Promise<Shrunk> {
  const promise = promiseOf(failed);
  let parts = partsOf(actions, failed.faults);
  let best: Shrunk = { script: scriptOf(seed, actions.length, parts), outcome: failed };
  let left = tries;
  for (let size = Math.ceil(parts.length / 2); size >= 1 && left > 0; ) {
    let smaller = false;
    for (let at = 0; at < parts.length && left > 0; ) {
      const rest = parts.toSpliced(at, size);
      const script = scriptOf(seed, actions.length, rest);
      const outcome = await run(script);
      left--;
      if (outcome.violations.length > 0 && promiseOf(outcome) === promise) {
        parts = rest;
        best = { script, outcome };
        smaller = true;
      } else at += size;
    }
    if (size === 1 && !smaller) break;
    if (!smaller || size > 1) size = Math.max(1, Math.floor(size / 2));
  }
  return best;
}
