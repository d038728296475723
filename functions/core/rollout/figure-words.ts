/** Figures of requests as people read them. */
import { formatDuration } from '../duration.ts';

const count = (value: number): string => value.toLocaleString('en-US');

export const figureWords = {
  /** Rounded: `0.2 %`, `4.1 %`, `33 %`. */
  percent: (rate: number): string => `${rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10} %`,
  /** `1,830`. */
  count,
  /** `340 ms`, and `20s` from there on where it is whole. */
  ms: (value: number): string =>
    value >= 10_000 && value % 1000 === 0 ? formatDuration(value / 1000) : `${count(Math.round(value))} ms`,
};
