/** A cluster beside the installation's own, as a place: the same adapters, by the place's own settings. */
import { createGatewayActivity } from '../adapters/kubernetes/activity/gateway-activity.ts';
import type { KubernetesClient } from '../adapters/kubernetes/api/client.ts';
import { createGuardedClient } from '../adapters/kubernetes/api/guarded-client.ts';
import { createKubernetesLogs } from '../adapters/kubernetes/logs/logs.ts';
import { defaultRenderOptions, type RenderOptions } from '../adapters/kubernetes/manifests/index.ts';
import { gatewayMetrics } from '../adapters/kubernetes/object-names.ts';
import { createKubernetesWorkloads } from '../adapters/kubernetes/workloads.ts';
import type { InPlace } from '../adapters/placement/by-place.ts';
import type { Place } from '../core/model/index.ts';
import type { Effects } from '../ports/effects.ts';
import type { Logs } from '../ports/logs.ts';
import type { Registry, RepositoryRef } from '../ports/registry.ts';
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
  effects: Effects;
  render: Partial<Omit<RenderOptions, 'domain' | 'scheme' | 'gateway' | 'network'>> & {
    network?: Partial<RenderOptions['network']>;
  };
}

export function openPlace(place: Place, options: PlaceOptions): InPlace {
  const { registry, imageReference, logs, effects } = options;
  const { gateway, domain, scheme, storageClass } = clusterOf(place);
  const client = createGuardedClient(options.client, { now: effects.now });
  const render = {
    ...options.render,
    gateway,
    ...(storageClass !== undefined && { storageClass }),
    network: {
      ...defaultRenderOptions.network,
      ...options.render.network,
      gatewayNamespaces: [gateway.namespace],
    },
  };
  return {
    workloads: createKubernetesWorkloads({
      client,
      registry,
      imageReference,
      domain,
      scheme,
      render,
      effects,
    }),
    activity: createGatewayActivity({ client, render, metrics: gatewayMetrics, now: effects.now }),
    logs: createKubernetesLogs({ client, rest: logs, render }),
  };
}
