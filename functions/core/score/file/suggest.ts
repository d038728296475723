/** "Did you mean": finds the key that someone probably wanted. */

const LENGTH_MAX = 40;

const bare = (key: string): string => key.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The number of letters that differ: insertions, deletions, substitutions (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The nearest of the known keys: it differs only in case and separators, or in at most a third of its letters. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  if (key.length > LENGTH_MAX) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const steps = distance(bare(key), bare(candidate));
    if (steps < bestDistance && steps <= Math.floor(candidate.length / 3)) {
      best = candidate;
      bestDistance = steps;
    }
  }
  return best;
}
