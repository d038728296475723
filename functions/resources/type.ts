/** What a Score resource type is: all that is known of it is in one file of this folder, which index.ts lists. */
import type { z } from 'zod';
import type { EnvironmentRef, ResourceOutputs, SecretReference } from '../core/model/index.ts';
import type { ScoreWorkload } from '../core/score/workload.ts';
import type { Ports } from '../ports/index.ts';
import type { Route } from '../ports/workloads.ts';

export interface ResourceRequest extends EnvironmentRef {
  /** Differs between two environments that had the same name one after the other. */
  environmentId: string;
  /** The service whose workload asks. */
  service: string;
  workload: ScoreWorkload;
  /** Score's identity, `type.class#id`. */
  uid: string;
  class: string;
  id: string;
  /** Checked by `params`, placeholders expanded. */
  params: Record<string, unknown>;
  /** Written on what is made, so that it is told apart from what is not ours. */
  operation: string;
}

/** What the owner record tells of a resource: enough to go on with it, or to remove it, without a workload. */
export type ResourceIdentity = Omit<ResourceRequest, 'workload' | 'params'>;

/** It takes longer than one look: it is asked for again in a moment. */
export class ResourcePending extends Error {
  override name = 'ResourcePending';
}

/** References by the name of the output. */
export type SecretReferences = Record<string, SecretReference>;

/** Credentials that can be replaced while what serves uses them. */
export interface Rotation {
  /**
   * Makes credentials that are good beside those in use, and what `provision` gives from now on. Where it is run again
   * before anyone took them, others may come of it.
   * @param current what is in use
   */
  rotate(ports: Ports, request: ResourceIdentity, current: ResourceOutputs): Promise<ResourceOutputs>;
  /** Makes earlier credentials what `provision` gives again, idempotent. */
  restore(ports: Ports, request: ResourceIdentity, previous: ResourceOutputs): Promise<ResourceOutputs>;
  /** Makes earlier credentials worthless, idempotent. @param current what stays good */
  retire(
    ports: Ports,
    request: ResourceIdentity,
    previous: ResourceOutputs,
    current: ResourceOutputs,
  ): Promise<void>;
}

/** Outputs that are secrets of the environment, which people put: each by its name, with versions of its own. */
export interface EnvironmentSecrets {
  /** All that there are now. */
  current(ports: Ports, ref: EnvironmentRef): Promise<SecretReferences>;
  /**
   * What a rollback takes of those that the earlier deployment pinned.
   * @param used names of those that its workload refers to
   */
  repin(
    ports: Ports,
    ref: EnvironmentRef,
    pinned: SecretReferences,
    used: ReadonlySet<string>,
  ): Promise<SecretReferences>;
}

export interface ResourceType {
  /** As Score files name it. */
  type: string;
  /** One sentence for docs and errors. */
  summary: string;
  /** Output names and whether each is secret; a sentence for docs where the names depend on the environment. */
  outputs: Record<string, { secret: boolean; summary: string }> | string;
  /** Each with a description for docs. */
  params: z.ZodType<Record<string, unknown>>;
  /** Whether an owner record is kept and removed with the environment; false where nothing is made. */
  owned: boolean;
  /**
   * Refuses what can never be provided here, before an owner record is kept that would have to be removed again.
   * @throws Problem invalid_resource | unavailable
   */
  check?(ports: Ports, request: ResourceRequest): Promise<void>;
  /**
   * Makes it or finds it, idempotent: a second run with the same request gives the same outputs.
   * @throws Problem invalid_resource | unavailable
   * @throws ResourcePending
   */
  provision(ports: Ports, request: ResourceRequest): Promise<ResourceOutputs>;
  /** Removes it, idempotent. @throws ResourcePending */
  deprovision(ports: Ports, request: ResourceIdentity): Promise<void>;
  /** Names of what is left of it; empty when all is gone. */
  inventory(ports: Ports, request: ResourceIdentity): Promise<string[]>;
  /** Where its credentials can be rotated. */
  rotation?: Rotation;
  /** Where its outputs are not its own. */
  environmentSecrets?: EnvironmentSecrets;
  /** Where requests are sent to the service because of it. */
  route?(values: ResourceOutputs['values']): Route;
  /** How much it was asked to hold, as the Score file says it, for people; of params as they are stored. */
  size?(params: Record<string, unknown>): string | undefined;
}

/** Of a type that makes nothing and only computes its outputs. */
export const computed = {
  owned: false,
  deprovision: async () => undefined,
  inventory: async () => [],
} satisfies Partial<ResourceType>;
