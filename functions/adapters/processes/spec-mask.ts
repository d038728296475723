/** Hides the secrets of a workload in text that people see. */
import { createMask, type Mask } from '../../core/secrets/mask.ts';
import type { WorkloadSpec } from '../../ports/workloads.ts';

export type { Mask } from '../../core/secrets/mask.ts';

export const maskOf = ({ containers, secrets = [] }: Pick<WorkloadSpec, 'containers' | 'secrets'>): Mask =>
  createMask([
    ...containers.flatMap(({ variables }) =>
      variables.filter(({ sensitive }) => sensitive).map(({ value }) => value),
    ),
    ...secrets,
  ]);
