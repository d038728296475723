/** How figures are kept on one machine: the older they are, the longer is what one sample stands for. */
export interface Resolution {
  /** The length of a sample, milliseconds. */
  slotMs: number;
  /** How many samples are kept, beside the one that is being made. */
  slots: number;
}

/** An hour, a day, and 30 days; the finest first. */
export const resolutions = [
  { slotMs: 10_000, slots: 360 },
  { slotMs: 300_000, slots: 288 },
  { slotMs: 3_600_000, slots: 720 },
] as const satisfies readonly Resolution[];

/** How far back samples of a resolution go, milliseconds. */
export const reachMs = ({ slotMs, slots }: Resolution): number => slotMs * slots;
