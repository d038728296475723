/** Source in, image out. */
import type { Source } from '../core/model/index.ts';
import type { RepositoryRef } from './registry.ts';

export type BuildSource =
  /** The id of a tar.gz that `saveSource` keeps. */
  { kind: 'upload'; id: string } | { kind: 'git'; url: string; ref: string };

/** A secret of the project that the build sees as a variable, and that is in no output, error or image of it. */
export interface BuildSecret {
  name: string;
  /** Where the Secrets port keeps it. */
  path: string;
  version: string;
  /** @throws Problem build_failed where it is gone */
  read(): Promise<string>;
}

export interface BuildRequest {
  repository: RepositoryRef;
  operation: string;
  source: BuildSource;
  /** The folder that is built, from the top of the source, as `checkFolder` gives it; absent for the whole. */
  path?: string;
  secrets?: readonly BuildSecret[];
}

export interface BuildResult {
  digest: string;
  /** Text of the Score file found in the folder that is built; undefined when there is none. */
  score?: string;
  /** Contents of the files that the Score file names by `source`, in base64, by that path. */
  files: Record<string, string>;
  source: Source;
  /** How the kind of source was recognised, in words. */
  detected: string;
}

export interface Builder {
  /**
   * Keeps an uploaded tar.gz until its build is over; resolves to its id, hash and size.
   * @throws Problem payload_too_large | invalid_archive (not gzip) | storage_full
   */
  saveSource(body: ReadableStream<Uint8Array>): Promise<{ id: string; sha256: string; bytes: number }>;
  removeSource(id: string): Promise<void>;
  /** Why a Dockerfile is not built here, as a clause; undefined where it is, in place of all else that a source has. */
  dockerfiles(): Promise<string | undefined>;
  /**
   * Builds and pushes; the same request twice gives an image again, never half of one. Output goes line by
   * line to `log`.
   * @throws Problem invalid_archive | source_unavailable | nothing_to_run | invalid_score | build_failed |
   * deadline_exceeded | canceled | storage_full
   */
  build(request: BuildRequest, log: (line: string) => void, signal: AbortSignal): Promise<BuildResult>;
}
