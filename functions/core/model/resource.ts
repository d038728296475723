/** Instances of Score resource types, and the outputs that they give to workloads. */
import type { ProblemDetail } from '../problem.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { RotationDecision } from './secret.ts';

/** Outputs of a provisioned resource; secret ones by reference. */
export interface ResourceOutputs {
  values: Record<string, string>;
  secrets: Record<string, SecretReference>;
}

/** Names one version of one secret; never its value. */
export interface SecretReference {
  secret: string;
  version: string;
  /** Where its value is read, if it is kept elsewhere; with its version there, once a deployment has pinned it. */
  source?: SecretSource;
}

/** An instance of a Score resource type in an environment. */
export interface Resource {
  project: string;
  environment: string;
  /** Score's identity: `type.class#id`. */
  uid: string;
  type: string;
  class: string;
  id: string;
  params: Record<string, unknown>;
  /** `provisioning` is written before anything is made (I4). */
  state: 'provisioning' | 'ready' | 'removing';
  outputs: ResourceOutputs;
  /** The operation that is rotating the credentials, with those that it replaces and those that it brings in. */
  rotation?: {
    operation: string;
    next?: ResourceOutputs;
    previous?: ResourceOutputs;
    decision?: RotationDecision;
  };
  /** The restore whose forerunner's data are still there, closed; it can be undone. */
  replaced?: { operation: string; at: string };
  services: string[];
  operation: string;
  createdAt: string;
}

/** What was written down of the data of a resource. */
export interface Backup {
  project: string;
  environment: string;
  environmentId: string;
  /** The resource's uid. */
  resource: string;
  /** A ULID: later ones sort behind earlier ones. */
  id: string;
  /** `checked`: it was restored beside the database, and what came of it was equal. Only then it can be restored. `deleting`: what is kept of it goes. */
  state: 'making' | 'checked' | 'failed' | 'deleting';
  /** Why it failed; what is kept of it then is removed. */
  error?: ProblemDetail;
  /** Compressed. */
  bytes?: number;
  tables?: number;
  rows?: number;
  /** Asked for by its plan. */
  scheduled?: true;
  operation: string;
  createdAt: string;
  createdBy: string;
}

/** When the backups of a resource are made by themselves, and how many are kept. */
export interface BackupPlan {
  project: string;
  environment: string;
  environmentId: string;
  resource: string;
  /** Five cron fields; absent where nothing is made by itself. */
  schedule?: string;
  /** Of the IANA database. */
  timeZone: string;
  /** How many that were checked stay; older ones are removed once a newer one was checked. */
  keep: number;
  /** Absent where none comes. */
  nextAt?: string;
}
