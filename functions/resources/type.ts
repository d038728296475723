/**
 * The declaration of a Score resource type. Each type has one file (or folder) here with everything about it, which
 * index.ts lists.
 */
import type { z } from 'zod';
import type { MonthlyUse } from '../core/costs/monthly-use.ts';
import type { EnvironmentRef, ResourceOutputs, SecretReference } from '../core/model/index.ts';
import type { ScoreWorkload } from '../core/score/workload.ts';
import type { CopySummary } from '../ports/databases.ts';
import type { Ports } from '../ports/index.ts';
import type { Route } from '../ports/workloads.ts';

export interface ResourceRequest extends EnvironmentRef {
  /** The id differs between two environments that had the same name one after the other. */
  environmentId: string;
  /** The service whose workload asks for the resource. */
  service: string;
  workload: ScoreWorkload;
  /** Score's identity, `type.class#id`. */
  uid: string;
  class: string;
  id: string;
  /** Checked by the type's `params`, with placeholders expanded. */
  params: Record<string, unknown>;
  /** Written on what is made, so that it is told apart from what is not ours. */
  operation: string;
}

/** What the owner record tells of a resource: enough to go on with it or to remove it without a workload. */
export type ResourceIdentity = Omit<ResourceRequest, 'workload' | 'params'>;

/** The work takes longer than one call: the caller asks again in a moment. */
export class ResourcePending extends Error {
  override name = 'ResourcePending';
}

/** References by the name of the output. */
export type SecretReferences = Record<string, SecretReference>;

/** Rotates credentials while they are in use. */
export interface Rotation {
  /**
   * Makes new credentials beside those in use, which `provision` gives from now on. When it is run again before
   * anyone took them, it may make others.
   * @param current what is in use
   * @param stillOwned as of `provision`
   */
  rotate(
    ports: Ports,
    request: ResourceIdentity,
    current: ResourceOutputs,
    stillOwned?: () => Promise<void>,
  ): Promise<ResourceOutputs>;
  /** Makes `provision` give earlier credentials again; idempotent. */
  restore(ports: Ports, request: ResourceIdentity, previous: ResourceOutputs): Promise<ResourceOutputs>;
  /** Makes earlier credentials worthless; idempotent. @param current what stays good */
  retire(
    ports: Ports,
    request: ResourceIdentity,
    previous: ResourceOutputs,
    current: ResourceOutputs,
  ): Promise<void>;
}

/** Outputs that are the environment's own secrets, put by people: each has its name and its versions. */
export interface EnvironmentSecrets {
  /** All variables that the environment has now, by their names. */
  variables(ports: Ports, ref: EnvironmentRef): Promise<Record<string, string>>;
  /** All secrets that the environment has now. Nobody is asked for the versions of those that are kept elsewhere. */
  current(ports: Ports, ref: EnvironmentRef): Promise<SecretReferences>;
  /**
   * Those with what a deployment pins: the versions that are the newest where they are kept.
   * @param used names of those that are asked for; the others stay as they are
   * @throws Problem secret_unavailable | secret_source_forbidden | TransientError
   */
  pin(
    ports: Ports,
    ref: EnvironmentRef,
    current: SecretReferences,
    used: ReadonlySet<string>,
  ): Promise<SecretReferences>;
  /**
   * The versions that a rollback takes of those that the earlier deployment pinned.
   * @param used names of those that its workload refers to
   */
  repin(
    ports: Ports,
    ref: EnvironmentRef,
    pinned: SecretReferences,
    used: ReadonlySet<string>,
  ): Promise<SecretReferences>;
}

/** Makes a resource fail on purpose, for game days. Nothing of it outlives the call. */
export interface ResourceDisturbance {
  /** Why it can not be done here, as a clause; undefined where it can. */
  refusal(ports: Ports, request: ResourceIdentity): string | undefined;
  /** Ends all connections to it once. */
  cut(ports: Ports, request: ResourceIdentity): Promise<void>;
  /** Makes those who use it wait, each for at most so long, until the signal aborts. */
  slow(ports: Ports, request: ResourceIdentity, delayMs: number, signal: AbortSignal): Promise<void>;
}

/** Copies of all the data of a resource. An operation has one copy beside the data at most. */
export interface ResourceCopies {
  /** The data as they are at one moment. @throws Problem backup_failed in what is read */
  read(ports: Ports, request: ResourceIdentity, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Makes a copy beside the data from what `read` gave, and compares it with what that was made of; again from the
   * beginning where there is one of this operation.
   * @param statements change the copy, which keeps nothing of what they replaced; undefined where it stays as it is
   * @throws Problem backup_failed where they are not equal | Problem masking_failed
   * @throws ResourcePending where another call of the operation has begun anew
   */
  load(
    ports: Ports,
    request: ResourceIdentity,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
    stillOwned?: () => Promise<void>,
    statements?: readonly string[],
  ): Promise<CopySummary>;
  /**
   * Makes a masked copy of other data beside these in place of `read` and `load`, where both are in one place: of data that may be as
   * old as a limit says. Absent where there is no quicker way.
   * @param ownsSource rejects once the source is not what it was
   * @returns false where it can not be done so
   * @throws Problem backup_failed | masking_failed
   * @throws ResourcePending while another call masks the data
   */
  loadMasked?(
    ports: Ports,
    from: ResourceIdentity,
    to: ResourceIdentity,
    how: {
      statements: readonly string[];
      signal: AbortSignal;
      ownsSource: () => Promise<void>;
      stillOwned?: () => Promise<void>;
    },
  ): Promise<boolean>;
  /** Removes what `loadMasked` has left half made of this source, unless another call is at it. Idempotent. */
  discardMasked?(ports: Ports, from: ResourceIdentity): Promise<void>;
  /**
   * Puts the copy of this operation, or what the last swap replaced, in the place of the data, at once and whole. What
   * they were stays beside it, closed to all; what an earlier swap left goes. Idempotent.
   * @throws ResourcePending while the copy is not whole
   */
  swap(
    ports: Ports,
    request: ResourceIdentity,
    from: 'copy' | 'replaced',
    stillOwned?: () => Promise<void>,
  ): Promise<void>;
  /** Whether the swap of this operation was made. */
  isSwapped(ports: Ports, request: ResourceIdentity): Promise<boolean>;
  /** Removes the copy of this operation, and opens the data where a swap was begun and not made. Idempotent. */
  discard(ports: Ports, request: ResourceIdentity, stillOwned?: () => Promise<void>): Promise<void>;
}

export interface ResourceType {
  /** The name of the type in Score files. */
  type: string;
  /** One sentence for docs and errors. */
  summary: string;
  /**
   * The names of outputs, and whether each is secret; a sentence for docs where the names depend on the environment.
   */
  outputs: Record<string, { secret: boolean; summary: string }> | string;
  /** Each param has a description for docs. */
  params: z.ZodType<Record<string, unknown>>;
  /**
   * Tells whether an owner record is kept, and the resource removed with the environment; false where nothing is
   * made.
   */
  owned: boolean;
  /** The classes that it has; `default` alone where absent. */
  classes?: readonly string[];
  /**
   * Refuses what the workload itself shows to be wrong, before there is an environment. Params may hold placeholders.
   * @throws Problem invalid_resource
   */
  checkWorkload?(request: Pick<ResourceRequest, 'uid' | 'workload' | 'params'>): void;
  /**
   * Why the type can not be had, as a clause after "it can not be provided", and what helps; undefined where it can.
   * Absent where it can everywhere.
   * @param environment whose place is meant; any place of the installation, where absent
   */
  refusal?(ports: Ports, environment?: EnvironmentRef): Promise<{ why: string; hint: string } | undefined>;
  /**
   * Refuses a request that can never be met here, and makes nothing.
   * @throws Problem invalid_resource
   */
  check?(ports: Ports, request: ResourceRequest): Promise<void>;
  /**
   * Asks what the resource is made on, before an owner record is kept that would have to be removed again.
   * @throws Problem unavailable
   */
  reach?(ports: Ports, request: ResourceRequest): Promise<void>;
  /**
   * Makes the resource or finds it; idempotent: a second run with the same request gives the same outputs.
   * @param stillOwned rejects once the owner record is no longer good. It is asked where whoever removes the resource
   * has to wait for us, so that nothing is made after the removal.
   * @throws Problem invalid_resource | unavailable
   * @throws ResourcePending
   */
  provision(
    ports: Ports,
    request: ResourceRequest,
    stillOwned?: () => Promise<void>,
  ): Promise<ResourceOutputs>;
  /** Removes the resource; idempotent. @throws ResourcePending */
  deprovision(ports: Ports, request: ResourceIdentity): Promise<void>;
  /** Names of what is left of the resource; empty when all is gone. */
  inventory(ports: Ports, request: ResourceIdentity): Promise<string[]>;
  /** Names of what stays on purpose once the resource was removed, for people. */
  kept?(ports: Ports, request: ResourceIdentity): Promise<string[]>;
  /** Stops what costs while its environment sleeps, and keeps its data; idempotent. */
  sleep?(ports: Ports, request: ResourceIdentity): Promise<void>;
  /** Ends the sleep; idempotent. */
  wake?(ports: Ports, request: ResourceIdentity): Promise<void>;
  /** Present where the type's credentials can be rotated. */
  rotation?: Rotation;
  /** Present where it can be made to fail on purpose. */
  disturbance?: ResourceDisturbance;
  /** Present where its data can be copied. */
  copies?: ResourceCopies;
  /** Present where the outputs are secrets of the environment. */
  environmentSecrets?: EnvironmentSecrets;
  /**
   * What becomes of it where a service leaves for a cluster without Berth. `anew`: its outputs are addresses within the
   * environment, and `provision`, which makes nothing then, gives those of the new place. `written`: what is pinned stands
   * in the manifests. Otherwise what people have to do, in a sentence.
   */
  leaving?: 'anew' | 'written' | { todo: string };
  /** The route to the service that the resource asks for. */
  route?(values: ResourceOutputs['values']): Route;
  /**
   * What it uses of AWS in a month; absent where that is not known. What it always uses is, or holds, its data.
   * @param params as they are stored, or as the Score file has them, with placeholders
   */
  monthlyUse?(of: { class: string; params: Record<string, unknown> }): MonthlyUse;
  /** The size that was asked for, as the Score file says it, for people; computed from params as they are stored. */
  size?(params: Record<string, unknown>): string | undefined;
}

/** The members of a type that makes nothing and only computes its outputs. */
export const computed = {
  owned: false,
  deprovision: async () => undefined,
  inventory: async () => [],
} satisfies Partial<ResourceType>;
