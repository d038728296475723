/** Where the heads of audit chains are kept outside of the store, so that rewriting the store does not go unnoticed. */
import type { ChainHead } from '../core/events/audit-chain.ts';

export interface Anchors {
  /**
   * Keeps a head without waiting; of several heads of one chain in a short time, the newest is enough. A head that
   * could not be kept is told to the log of Berth, and the next one of its chain stands for it as well.
   */
  note(project: string, head: ChainHead): void;
  /** Resolves when all that was noted is kept, or could not be. */
  flush(): Promise<void>;
  /** All heads that were kept of a chain, oldest first. What was kept is never changed or removed by Berth. */
  heads(project: string): Promise<ChainHead[]>;
}
