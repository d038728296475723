/** A cluster beside the installation's own, as a place: the same adapters, by the place's own settings. */
import { createGatewayActivity } from '../adapters/kubernetes/activity/gateway-activity.ts';
import type { KubernetesClient } from '../adapters/kubernetes/api/client.ts';
import { createGuardedClient } from '../adapters/kubernetes/api/guarded-client.ts';
import { createKubernetesCaches } from '../adapters/kubernetes/caches/caches.ts';
import { createKubernetesLogs } from '../adapters/kubernetes/logs/logs.ts';
import { defaultRenderOptions, type RenderOptions } from '../adapters/kubernetes/manifests/index.ts';
import { gatewayMetrics } from '../adapters/kubernetes/object-names.ts';
import {
  createKubernetesWorkloads,
  type KubernetesWorkloadsOptions,
} from '../adapters/kubernetes/workloads.ts';
import type { InPlace } from '../adapters/placement/by-place.ts';
import type { Place } from '../core/model/index.ts';
import type { Effects } from '../ports/effects.ts';
import type { LogArchive } from '../ports/log-archive.ts';
import type { Logs } from '../ports/logs.ts';
import type { Registry, RepositoryRef } from '../ports/registry.ts';
import type { WorkloadSpec, Workloads } from '../ports/workloads.ts';
import { clusterOf } from './place-access.ts';

/** One call to a cluster that may be away takes no longer, milliseconds. */
export const PLACE_CALL_MS = 5_000;

export interface PlaceOptions {
  client: KubernetesClient;
  /** Knows the images as the cluster pulls them. */
  registry: Pick<Registry, 'resolve'>;
  imageReference(repository: RepositoryRef, digest: string): string;
  /** Where everything is that is no output of workloads. */
  logs: Logs;
  /** What the agents of places send to, and how what it needs to be read is kept; without it output goes with its pod. */
  output?: { archive: LogArchive; keep(spec: WorkloadSpec): Promise<void> };
  effects: Effects;
  /** Starts programs in pods, where the host holds connections. */
  exec?: NonNullable<KubernetesWorkloadsOptions['exec']>;
  /** Of Redis servers; there are none without it. */
  redisImage?: string | undefined;
  render: Partial<Omit<RenderOptions, 'domain' | 'scheme' | 'gateway' | 'network'>> & {
    network?: Partial<RenderOptions['network']>;
  };
}

export function openPlace(place: Place, options: PlaceOptions): InPlace {
  const { registry, imageReference, logs, effects, exec, redisImage: image } = options;
  const { gateway, domain, scheme, storageClass } = clusterOf(place);
  const client = createGuardedClient(options.client, { now: effects.now });
  const render = {
    ...defaultRenderOptions,
    ...options.render,
    gateway,
    ...(storageClass !== undefined && { storageClass }),
    network: {
      ...defaultRenderOptions.network,
      ...options.render.network,
      gatewayNamespaces: [gateway.namespace],
    },
  };
  const { archive, keep } = options.output ?? {};
  const workloads = createKubernetesWorkloads({
    client,
    registry,
    imageReference,
    domain,
    scheme,
    render,
    effects,
    ...(exec && { exec }),
  });
  return {
    workloads: keep ? keeping(workloads, keep) : workloads,
    caches: createKubernetesCaches({ client, render, ...(image !== undefined && { image }) }),
    activity: createGatewayActivity({ client, render, metrics: gatewayMetrics, now: effects.now }),
    logs: createKubernetesLogs({ client, rest: logs, render, ...(archive && { archive }) }),
  };
}

/** What hides the secrets of a deployment in its output is kept before that can print its first line. */
export const keeping = (workloads: Workloads, keep: (spec: WorkloadSpec) => Promise<void>): Workloads => ({
  ...workloads,
  async apply(spec) {
    await keep(spec);
    await workloads.apply(spec);
  },
});
