/** Hides the secrets of a workload in text that people see. */
import { createMask, type Mask } from '../../core/secrets/mask.ts';
import { sensitiveValues } from '../../ports/rules/sensitive-values.ts';
import type { WorkloadSpec } from '../../ports/workloads.ts';

export type { Mask } from '../../core/secrets/mask.ts';

export const maskOf = (spec: Pick<WorkloadSpec, 'containers' | 'secrets'>): Mask =>
  createMask(sensitiveValues(spec));
