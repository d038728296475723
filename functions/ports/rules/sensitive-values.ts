/** What of a workload is hidden wherever its output is shown: adapters share it. */
import type { WorkloadSpec } from '../workloads.ts';

export const sensitiveValues = ({
  containers,
  secrets = [],
}: Pick<WorkloadSpec, 'containers' | 'secrets'>): string[] => [
  ...new Set([
    ...containers.flatMap(({ variables }) =>
      variables.filter(({ sensitive }) => sensitive).map(({ value }) => value),
    ),
    ...secrets,
  ]),
];
