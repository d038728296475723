/** How long something took, short. @example took(0.42) // '0.4 ms' @example took(2500) // '2.50 s' */
export function took(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms >= 10 ? Math.round(ms) : ms.toFixed(1)} ms`;
}
