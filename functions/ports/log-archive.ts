/** What an agent of the cluster has kept of the output of pods, which outlives them. */
import type { Mask } from '../core/secrets/mask.ts';
import type { LogStream } from './logs.ts';

/** A line as a program printed it, secrets and all. */
export interface PrintedLine {
  /** Nanoseconds since the epoch, 19 digits. */
  time: string;
  /** The pod's name. */
  pod: string;
  container: string;
  deployment: number;
  message: string;
}

export interface ArchiveRange {
  direction: 'forward' | 'backward';
  /** Printed at or after this time, epoch milliseconds. */
  since?: number;
  /** Printed at or before this time. */
  until?: number;
}

export interface LogArchive {
  /**
   * Pages of what a service of an environment's name has printed: page by page in the direction, to the millisecond. A
   * line may be there twice; the newest ones come some seconds after they were printed.
   */
  pages(stream: LogStream, range: ArchiveRange): AsyncIterable<PrintedLine[]>;
  /** Hides the secrets of all deployments whose lines are there. */
  mask(stream: LogStream): Promise<Mask>;
}
