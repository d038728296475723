/** Instances of Score resource types, and the outputs that they give to workloads. */
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
  services: string[];
  operation: string;
  createdAt: string;
}
