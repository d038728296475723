/** Durations as people write them: a whole number and a unit, as in "90s", "30m", "8h" and "7d". */

const seconds = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;

export const DURATION_PATTERN = /^[1-9][0-9]{0,7}[smhd]$/;

/** Seconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined;
  return Number(text.slice(0, -1)) * seconds[text.slice(-1) as keyof typeof seconds];
}

/**
 * Formats a duration in the largest unit that divides it.
 * @param value whole seconds, at least 1
 * @example formatDuration(5400) // "90m"
 */
export function formatDuration(value: number): string {
  for (const [unit, size] of Object.entries(seconds)) {
    if (value % size === 0) return `${value / size}${unit}`;
  }
  return `${value}s`;
}
