/** Secrets of an environment: names and versions, never values. */
import type { SecretSource, SecretSourceRule } from '../secrets/secret-source.ts';

/**
 * `current` is what new deployments take, `previous` what they took before, `pending` what a rotation tries out.
 * `retired` ones are older; what pinned them still reads them. A `revoked` one can not be read any more.
 */
export type SecretStage = 'pending' | 'current' | 'previous' | 'retired' | 'revoked';

/** How a rotation ends, decided once: the old credentials become worthless, or are taken again. */
export type RotationDecision = 'retire' | 'restore';

export interface SecretVersion {
  version: string;
  stage: SecretStage;
  createdAt: string;
  createdBy: string;
  /** Where its value is kept, if elsewhere; what a deployment pins is the version there. */
  source?: SecretSource;
}

/** Which projects may refer to which secrets that are kept elsewhere. */
export interface SecretSources {
  rules: SecretSourceRule[];
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
}

/** Of what builds are given, without the value. */
export interface KeptForBuilds {
  version: string;
  updatedAt: string;
  updatedBy: string;
}

/**
 * What the builds of a project are given: secrets by name, and what registries are signed in to with, by their hosts. The values are
 * kept behind the Secrets port alone.
 */
export interface BuildSecrets {
  secrets: Record<string, KeptForBuilds>;
  /** Absent where there never were any. */
  registries?: Record<string, KeptForBuilds & { username: string }>;
}

/** A secret's name and versions; the values are kept behind the Secrets port alone. */
export interface SecretRecord {
  project: string;
  environment: string;
  name: string;
  /** The current version. */
  version: string;
  /** The newest twenty versions, the newest first. */
  versions: SecretVersion[];
  /** The operation that is rotating the secret. */
  rotation?: string;
  rotationDecision?: RotationDecision;
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
}
