/** Secrets of an environment: names and versions, never values. */
/**
 * `current` is what new deployments take, `previous` what they took before, `pending` what a rotation tries out.
 * `retired` ones are older; what pinned them still reads them. A `revoked` one can not be read any more.
 */
export type SecretStage = 'pending' | 'current' | 'previous' | 'retired' | 'revoked';

export interface SecretVersion {
  version: string;
  stage: SecretStage;
  createdAt: string;
  createdBy: string;
}

/** A secret's name and versions; the values live behind the Secrets port alone. */
export interface SecretRecord {
  project: string;
  environment: string;
  name: string;
  /** The current one. */
  version: string;
  /** The newest twenty, the newest first. */
  versions: SecretVersion[];
  /** The operation that rotates it now. */
  rotation?: string;
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
}
