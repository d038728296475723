/** Hides the secrets of a workload in text that people see. */
import { createMask, type Mask } from '../../core/secrets/mask.ts';
import { sensitiveValues } from '../../ports/rules/sensitive-values.ts';
import type { WorkloadSpec } from '../../ports/workloads.ts';

export type { Mask } from '../../core/secrets/mask.ts';

/** @param given secrets that the place gave it beside */
export const maskOf = (
  spec: Pick<WorkloadSpec, 'containers' | 'secrets'>,
  given: readonly string[] = [],
): Mask => createMask([...sensitiveValues(spec), ...given]);
