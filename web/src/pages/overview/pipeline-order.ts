import type { Environment } from '../../../../client/types.generated.ts';

/** The way of a version: lasting environments in the order they were made, then those that come and go. */
export function pipelineOrder(environments: readonly Environment[]): Environment[] {
  return [...environments].sort(
    (one, other) =>
      Number(one.kind === 'ephemeral') - Number(other.kind === 'ephemeral') ||
      one.createdAt.localeCompare(other.createdAt),
  );
}
