/** Source in, image out. */
import type { Readable } from 'node:stream';
import type { Source } from '../core/model/index.ts';
import type { ExternalImage } from '../core/source/external-image.ts';
import type { RegistryCredential, RepositoryRef } from './registry.ts';

export type BuildSource =
  /** The id of a tar.gz that `saveSource` keeps. */
  | { kind: 'upload'; id: string }
  /** With a commit, that one is fetched, and the ref says where it is from. */
  | { kind: 'git'; url: string; ref: string; commit?: string };

/** A secret of the project that the build sees as a variable, and that is in no output, error or image of it. */
export interface BuildSecret {
  name: string;
  /** Where the Secrets port keeps it. */
  path: string;
  version: string;
  /** @throws Problem build_failed where it is gone */
  read(): Promise<string>;
}

/** Where an upload goes: a PUT of exactly the bytes that were named, without other credentials. */
export interface UploadTarget {
  id: string;
  /** Absolute, or a path of the API itself. Whoever has it may send the upload. */
  url: string;
  /** ISO 8601. */
  expiresAt: string;
}

/** The media type of uploads. */
export const UPLOAD_TYPE = 'application/gzip';

/** What git signs in with, in no output, error or image of the build. Without a path it is kept nowhere, and only `read` gives it. */
export interface GitCredential
  extends Pick<BuildSecret, 'read'>,
    Partial<Pick<BuildSecret, 'path' | 'version'>> {
  user: string;
}

/** What a build signs in to another registry with. */
export interface BuildRegistry extends RegistryCredential, Pick<BuildSecret, 'path' | 'version'> {}

export interface BuildRequest {
  repository: RepositoryRef;
  operation: string;
  source: BuildSource;
  /** The folder that is built, from the top of the source, as `checkFolder` gives it; absent for the whole. */
  path?: string;
  secrets?: readonly BuildSecret[];
  /** For images that the Score file names, and that a Dockerfile stands on. */
  registries?: readonly BuildRegistry[];
  credential?: GitCredential;
}

export interface BuildResult {
  digest: string;
  /** Text of the Score file found in the folder that is built; undefined when there is none. */
  score?: string;
  /** Contents of the files that the Score file names by `source`, in base64, by that path. */
  files: Record<string, string>;
  /** The name of what runs, where no request is for it; of a source without a Score file. */
  worker?: string;
  /** Commands of the processes beside its web, as words, by name; of a source without a Score file. */
  processes?: Record<string, string[]>;
  source: Source;
  /** How the kind of source was recognised, in words. */
  detected: string;
}

/** No machine for builds is free, because others use them all. Nothing was begun: the build is to be asked for again. */
export class BuilderBusy extends Error {
  override name = 'Berth.BuilderBusy';
}

/** What a container engine builds an image of. */
export interface DockerfileBuild {
  /** A tar of the folder, with more files in it. */
  context(more: { from: string; to: string }[]): Readable;
  /** Its path in the folder. */
  dockerfile: string;
  /** The stage that is the image; the last one where absent. */
  target?: string;
  /** Values of its arguments. */
  args: Readonly<Record<string, string>>;
  /** Images that it stands on, which their registries have to give. */
  bases: readonly ExternalImage[];
  registries: readonly RegistryCredential[];
  /** Values by name, for steps that ask for them: `RUN --mount=type=secret,id=NPM_TOKEN`. */
  secrets: Readonly<Record<string, string>>;
  /** An empty directory of this build. */
  scratch: string;
  log(line: string): void;
  signal: AbortSignal;
}

export interface Builder {
  /** How many builds it takes at once, where that is fewer than Berth lets run. */
  atOnce?: number;
  /**
   * Keeps an uploaded tar.gz until its build is over; resolves to its id, hash and size.
   * @throws Problem payload_too_large | invalid_archive (not gzip) | storage_full
   */
  saveSource(body: ReadableStream<Uint8Array>): Promise<{ id: string; sha256: string; bytes: number }>;
  /**
   * Says where a tar.gz of so many bytes is to be sent, which is kept for a day, or until its build is over.
   * @param project whose uploads are counted together, where they take room on this machine
   * @throws Problem payload_too_large | too_many_requests | storage_full
   */
  openUpload(bytes: number, project: string): Promise<UploadTarget>;
  /** Whether an upload is there as a whole. */
  hasUpload(id: string): Promise<boolean>;
  /**
   * Takes an upload, where it is sent to the API itself.
   * @throws Problem not_found (no such upload is awaited) | payload_too_large | invalid_archive | storage_full
   */
  receiveUpload?(id: string, body: ReadableStream<Uint8Array>): Promise<void>;
  removeSource(id: string): Promise<void>;
  /** Why a Dockerfile is not built here, as a clause; undefined where it is, in place of all else that a source has. */
  dockerfiles(): Promise<string | undefined>;
  /**
   * Builds and pushes; a source whose Score file names an image of another registry alone is that image, and nothing of it is
   * built. The same request twice gives an image again, never half of one. Output goes line by
   * line to `log`.
   * @throws Problem invalid_archive | source_unavailable | nothing_to_run | invalid_score | image_unavailable | build_failed |
   * deadline_exceeded | canceled | storage_full; BuilderBusy
   */
  build(request: BuildRequest, log: (line: string) => void, signal: AbortSignal): Promise<BuildResult>;
  /** Stops the build of an operation, if it goes on; idempotent. Absent where a build ends with its call. */
  end?(operation: string): Promise<void>;
}
