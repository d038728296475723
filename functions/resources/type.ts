/** What a Score resource type is: one file in this folder each, registered in index.ts. */
import type { z } from 'zod';
import type { EnvironmentRef, ResourceOutputs } from '../core/model/index.ts';
import type { ScoreWorkload } from '../core/score/workload.ts';
import type { Ports } from '../ports/index.ts';

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

/** It takes longer than one look: it is asked for again in a moment. */
export class ResourcePending extends Error {
  override name = 'ResourcePending';
}

export interface ResourceType {
  type: string;
  /** One sentence for docs and errors. */
  summary: string;
  /** Output names and whether each is secret; `dynamic` where they depend on the environment. */
  outputs: Record<string, { secret: boolean; summary: string }> | 'dynamic';
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
  /**
   * Makes credentials that are good beside those in use, and what `provision` gives from now on. Where it is run again
   * before anyone took them, others may come of it.
   * @param current what is in use
   */
  rotate?(
    ports: Ports,
    request: Omit<ResourceRequest, 'workload' | 'params'>,
    current: ResourceOutputs,
  ): Promise<ResourceOutputs>;
  /** Makes earlier credentials what `provision` gives again, idempotent. */
  restore?(
    ports: Ports,
    request: Omit<ResourceRequest, 'workload' | 'params'>,
    previous: ResourceOutputs,
  ): Promise<ResourceOutputs>;
  /** Makes earlier credentials worthless, idempotent. @param current what stays good */
  retire?(
    ports: Ports,
    request: Omit<ResourceRequest, 'workload' | 'params'>,
    previous: ResourceOutputs,
    current: ResourceOutputs,
  ): Promise<void>;
  /** Removes it, idempotent. Workload may be long gone: only names count. @throws ResourcePending */
  deprovision(ports: Ports, request: Omit<ResourceRequest, 'workload' | 'params'>): Promise<void>;
  /** Names of what is left of it; empty when all is gone. */
  inventory(ports: Ports, request: Omit<ResourceRequest, 'workload' | 'params'>): Promise<string[]>;
}
