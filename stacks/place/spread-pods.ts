/** What the pods of Berth's own programs in the cluster have in common: no right on the node, and apart from each other. */
import type { V1PodSpec } from '@kubernetes/client-node';

/** The account that images without an operating system call "nonroot". */
const NONROOT = 65_532;

/** @param labels of the pods, by which they are told to be apart */
export const spreadPods = (labels: Record<string, string>) =>
  ({
    securityContext: {
      runAsNonRoot: true,
      runAsUser: NONROOT,
      runAsGroup: NONROOT,
      fsGroup: NONROOT,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labels },
      }),
    ),
  }) satisfies Partial<V1PodSpec>;
