/** Versions: an image digest and the workload that came with it. */
import type { ScoreWorkload } from '../score/workload.ts';

/**
 * Where a version's source came from. `path` is the folder that was built, where that was not the whole; `image` is the one of
 * another registry that its Score file names, in full, where that was taken and nothing built.
 */
export type Source =
  | { kind: 'upload'; sha256: string; bytes: number; path?: string; image?: string }
  | {
      kind: 'git';
      url: string;
      ref: string;
      commit: string;
      /** When the commit was made, as its committer's clock had it; ISO 8601, UTC. Older versions lack it. */
      committedAt?: string;
      author?: string;
      message?: string;
      path?: string;
      image?: string;
    }
  | { kind: 'image'; reference: string };

/** An image digest plus the Score workload that came with it, which is kept beside its id. Immutable. */
export interface Version {
  project: string;
  service: string;
  /** Twelve hex digits of the hash of digest and workload: the same pair is the same version. */
  id: string;
  /** `sha256:` and 64 hex digits: the OCI image manifest. */
  digest: string;
  tags: string[];
  source: Source;
  /** The size of all layers, compressed, bytes. */
  size?: number;
  createdAt: string;
  createdBy: string;
  /**
   * When it was registered or deployed last; of deployments that came within a day the first counts. Versions that an
   * older Berth made lack it.
   */
  usedAt?: string;
  /** Deployments tell of it, also when it is gone. */
  deployed?: true;
  /** Who is deleting it: from then on no deployment begins that brings it. */
  deletingBy?: string;
}

/** Tells that an image is to be removed, or was: no version may come to be with it meanwhile. */
export interface ImageRemoval {
  digest: string;
  /** When the registry was asked last. */
  askedAt?: string;
  removedAt?: string;
}

/** A version with its workload. */
export interface VersionDetail extends Version {
  workload: ScoreWorkload;
}

/** What people know a version by. */
export interface Revision {
  tag?: string;
  /** The full commit id in hex. */
  commit?: string;
  author?: string;
  /** First line of the commit's message. */
  message?: string;
}
