/** How long steps took, of several operations of a kind. Pure. */
import type { Operation } from '../../../../client/types.generated.ts';

/** Milliseconds by the name of the step; a step that ran more than once counts as a whole. */
function stepTimes({ steps }: Pick<Operation, 'steps'>): Map<string, number> {
  const times = new Map<string, number>();
  for (const { name, durationMs = 0 } of steps) times.set(name, (times.get(name) ?? 0) + durationMs);
  return times;
}

/** The median of each step. */
export function usualTimes(operations: readonly Pick<Operation, 'steps'>[]): Map<string, number> {
  const all = operations.map(stepTimes);
  const names = new Set(all.flatMap((times) => [...times.keys()]));
  return new Map(
    [...names].map((name) => {
      const found = all.flatMap((times) => times.get(name) ?? []).sort((one, other) => one - other);
      return [name, found[Math.floor((found.length - 1) / 2)]!];
    }),
  );
}
