/** What all parts of this adapter share. */
import { instanceName } from '../../core/keys.ts';
import type { InstanceRef } from '../../core/model/index.ts';
import type { Effects } from '../../ports/effects.ts';
import type { LogLine, Logs } from '../../ports/logs.ts';
import type { ImageConfig, RepositoryRef } from '../../ports/registry.ts';
import type { WorkloadTelemetry } from '../../ports/traces.ts';
import type { WorkloadCrash } from '../../ports/workloads.ts';
import type { Containers } from '../containers/containers.ts';
import type { Layout } from './layout.ts';
import type { PortPool } from './network/port-pool.ts';
import type { RunRecords } from './programs/runs.ts';

/** Periods in milliseconds; the defaults are for people, shorter ones for tests. */
export interface Timing {
  /** Between SIGTERM and SIGKILL. */
  graceMs: number;
  /** How long a container without any port or probe has to live to count as ready. */
  settleMs: number;
  livenessMs: number;
  readinessMs: number;
  backoffMs: number;
  backoffMaxMs: number;
  /** A container that ran this long starts again without delay. */
  healthyMs: number;
  sampleMs: number;
}

export const defaultTiming: Timing = {
  graceMs: 10_000,
  settleMs: 1000,
  livenessMs: 10_000,
  readinessMs: 5000,
  backoffMs: 100,
  backoffMaxMs: 30_000,
  healthyMs: 60_000,
  sampleMs: 5000,
};

/**
 * Lays out an image's files in a directory that exists and is empty.
 * @throws Problem image_unavailable
 */
export type UnpackImage = (
  repository: RepositoryRef,
  digest: string,
  directory: string,
) => Promise<ImageConfig>;

export interface Context {
  layout: Layout;
  instanceId: string;
  timing: Timing;
  ports: PortPool;
  runs: RunRecords;
  unpackImage: UnpackImage;
  /** Runs images that have an operating system; absent where nothing but processes is wanted. */
  containers?: Containers;
  /** Where workloads send spans; absent where nowhere. */
  telemetry?: WorkloadTelemetry;
  effects: Effects;
  /** Appends a line to the instance's stream. */
  log(ref: InstanceRef, line: Omit<LogLine, 'at'>): void;
  /** Is told of each container that ended and is started again. */
  crashed?(crash: WorkloadCrash): void;
}

export const markerOf = (context: Context, ref: InstanceRef, number: number): string =>
  `${context.instanceId}/${instanceName(ref)}/${number}`;

export function createLog(logs: Logs, effects: Effects): Context['log'] {
  return (ref, line) =>
    logs.append(instanceName(ref), { at: new Date(effects.now()).toISOString(), ...line });
}
