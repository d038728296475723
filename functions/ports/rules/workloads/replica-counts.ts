/** How many replicas a service has, those of its web and of its processes together. */
import type { WorkloadStatus } from '../../workloads.ts';

export function replicaCounts({
  desiredReplicas,
  readyReplicas,
  processes = {},
}: Pick<WorkloadStatus, 'desiredReplicas' | 'readyReplicas' | 'processes'>): {
  desired: number;
  ready: number;
} {
  const all = [{ desiredReplicas, readyReplicas }, ...Object.values(processes)];
  return {
    desired: all.reduce((sum, one) => sum + one.desiredReplicas, 0),
    ready: all.reduce((sum, one) => sum + Math.min(one.readyReplicas, one.desiredReplicas), 0),
  };
}

/** Whether there is something declared, and all of it is ready. */
export function isAllReady(status: Parameters<typeof replicaCounts>[0] | undefined): boolean {
  if (!status) return false;
  const { desired, ready } = replicaCounts(status);
  return ready >= desired;
}
