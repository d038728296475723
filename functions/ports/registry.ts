/** Images by digest, a repository per service. */
import type { Findings } from '../core/guardrails/evaluate.ts';
import type { ImageSignature } from '../core/guardrails/signatures.ts';

export interface ImageConfig {
  entrypoint: string[];
  cmd: string[];
  env: Record<string, string>;
  workingDir: string;
  labels: Record<string, string>;
  /** User that it runs as: `uid`, `uid:gid`, or names; the place’s choice where absent. */
  user?: string;
  /** Processor that it is for, as Go names it; absent where the image does not say. */
  architecture?: string;
}

export interface Image {
  /** Digest of the manifest, `sha256:` and 64 hex digits. */
  digest: string;
  config: ImageConfig;
  /** Bytes of all layers, compressed. */
  size: number;
  /** In full, where it was taken from another registry by this call: `docker.io/library/nginx:1.27`. */
  takenFrom?: string;
}

/** What another registry is signed in to with; its password is in no output, error or image. */
export interface RegistryCredential {
  /** Host of the registry, with its port if it has one, as `registryHost` gives it. */
  registry: string;
  username: string;
  /** The password. @throws Problem image_unavailable where it is gone */
  read(): Promise<string>;
}

/** Those of a project, asked for where another registry is. */
export type RegistryCredentials = () => Promise<readonly RegistryCredential[]>;

export interface RepositoryRef {
  project: string;
  service: string;
}

/** The label under which an image carries its Score file (YAML text). */
export const SCORE_LABEL = 'dev.berth.score';

/** The label with the command line that a Procfile runs before each deployment. */
export const RELEASE_LABEL = 'dev.berth.release';

/** The label that says what an image stands on, where Berth built it. */
export const BASE_LABEL = 'dev.berth.base';

/** The value of that label for an image without an operating system: it runs on one machine, on no cluster. */
export const NO_BASE = 'none';

/** The value of that label for an image that a container engine of this machine built: it has an operating system. */
export const OWN_BASE = 'own';

export interface Registry {
  /** Makes the repository; idempotent. */
  ensureRepository(repository: RepositoryRef): Promise<void>;
  /** Removes the repository with its images; idempotent. */
  removeRepository(repository: RepositoryRef): Promise<void>;
  /**
   * Removes one image with its tags and signatures; idempotent. Layers that other images have stay, and what is part of
   * another image stays with that one. Where a registry deletes nothing, all is kept.
   */
  removeImage(repository: RepositoryRef, digest: string): Promise<void>;
  /**
   * Resolves a digest or a tag, or a full reference, to an image in this repository. One of another registry is taken
   * into the repository, where that is possible here, and is from then on what its name meant at that moment.
   * @param credentials for other registries
   * @throws Problem image_unavailable, also where images of others are not taken, with what helps
   */
  resolve(repository: RepositoryRef, reference: string, credentials?: RegistryCredentials): Promise<Image>;
  /**
   * Keeps an image that somebody else pushed from rules that remove what nothing names, as long as its repository is
   * there; idempotent. Absent where there are no such rules.
   * @throws Problem image_unavailable
   */
  keep?(repository: RepositoryRef, digest: string): Promise<void>;
  /** What the newest scan of an image found; undefined when there is none, or it is not complete. */
  findings(repository: RepositoryRef, digest: string): Promise<Findings | undefined>;
  /** Signatures that were pushed beside an image as cosign does, under the tag `sha256-<hex>.sig`. */
  signatures(repository: RepositoryRef, digest: string): Promise<ImageSignature[]>;
  /** All images of a repository, in no order. */
  list(repository: RepositoryRef): Promise<string[]>;
}
