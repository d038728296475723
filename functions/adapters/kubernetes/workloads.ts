/** The Workloads port on a Kubernetes cluster, whichever it is. */
import type { InstanceRef } from '../../core/model/index.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Effects } from '../../ports/effects.ts';
import type { Registry } from '../../ports/registry.ts';
import type { ExecRequest, ExecSession, WorkloadSpec, Workloads } from '../../ports/workloads.ts';
import type { MetricsOptions } from './activity/gateway-metrics.ts';
import { type AddressOptions, createAddresses } from './addresses.ts';
import { apply, remove } from './api/apply.ts';
import type { KubernetesClient } from './api/client.ts';
import { objectPath } from './api/object-paths.ts';
import { runRelease } from './commands/release-job.ts';
import { endCommand, runCommand } from './commands/run-job.ts';
import { deploy, explainRefusal } from './declare.ts';
import { isHeaderName } from './manifests/container-manifest.ts';
import {
  defaultRenderOptions,
  type RenderImages,
  type RenderOptions,
  renderVolumeClaim,
} from './manifests/index.ts';
import { ensureEnvironment, inventory, removeEnvironment } from './namespace.ts';
import { serviceName, volumeName } from './object-names.ts';
import { type ImageReference, imagesOf } from './resolved-images.ts';
import { awaitRollout } from './rollout.ts';
import { createSamples } from './samples.ts';
import { removeService, scaleService } from './scale-or-remove.ts';
import { type Cluster, namespaceOf } from './shared-reads.ts';
import { killPod, readMetrics, readStatus } from './status.ts';
import { createTracks } from './tracks/two-tracks.ts';

export interface KubernetesWorkloadsOptions extends AddressOptions {
  client: KubernetesClient;
  /** Says whether an image is there, and how it starts. */
  registry: Pick<Registry, 'resolve'>;
  imageReference: ImageReference;
  /** What the platform team decides; a part left out is as in `defaultRenderOptions`. */
  render?: Partial<Omit<RenderOptions, 'domain' | 'scheme'>>;
  effects: Pick<Effects, 'now'>;
  /** Where the gateway counts requests; without it no two deployments of a workload are served side by side. */
  metrics?: MetricsOptions | undefined;
  /** Starts programs in pods; only a host that holds connections has it. */
  exec?: (cluster: Cluster, instance: InstanceRef, request: ExecRequest) => Promise<ExecSession>;
}

/** How long a cluster may take to show that it is there, and how long that counts, milliseconds. */
const CHECK_MS = 2_000;
const CHECK_KEPT_MS = 5_000;

/** Asks at most once in that time, however often it is called; an error counts as long as an answer does. */
function lately<T>(keptMs: number, now: () => number, ask: () => Promise<T>): () => Promise<T> {
  let kept: { until: number; answer: Promise<T> } | undefined;
  return () => {
    if (!kept || kept.until <= now()) kept = { until: now() + keptMs, answer: ask() };
    return kept.answer;
  };
}

/** Probes whose headers the API refuses, a sentence each. */
const untakenHeaders = ({ containers }: ScoreWorkload): string[] =>
  Object.entries(containers).flatMap(([name, { livenessProbe, readinessProbe }]) =>
    [livenessProbe, readinessProbe]
      .flatMap((probe) => probe?.httpGet?.httpHeaders ?? [])
      .filter((header) => !isHeaderName(header.name))
      .map(
        (header) =>
          `A probe of containers.${name} sends the header ${header.name}, which no cluster takes: name it with letters, digits and hyphens.`,
      ),
  );

export function createKubernetesWorkloads(options: KubernetesWorkloadsOptions): Workloads {
  const { client, registry, effects, domain, scheme = 'https', metrics, exec } = options;
  const cluster: Cluster = {
    client,
    render: { ...defaultRenderOptions, ...options.render, domain, scheme },
    hasTracks: metrics !== undefined,
  };

  const samples = createSamples(effects.now);
  const sampleKey = (ref: InstanceRef): string => `${namespaceOf(cluster, ref)}/${ref.service}`;

  const imagesFor = async (spec: WorkloadSpec): Promise<RenderImages> =>
    (await imagesOf(registry, options.imageReference, spec)).images;

  return {
    ensureEnvironment: (environment, { operation }) => ensureEnvironment(cluster, environment, operation),
    removeEnvironment: (environment) => removeEnvironment(cluster, environment),
    inventory: (environment) => inventory(cluster, environment),
    apply: async (spec) => deploy(cluster, spec, await imagesFor(spec), effects.now),
    awaitRollout: (instance, number, signal) => awaitRollout(cluster, instance, number, signal, effects.now),
    runRelease: async (spec, command, signal) =>
      runRelease(cluster, spec, command, await imagesFor(spec), signal),
    runCommand: async (spec, run, signal) => runCommand(cluster, spec, run, await imagesFor(spec), signal),
    endCommand: (instance, operation) => endCommand(cluster, instance, operation),
    ...(exec && { exec: (instance: InstanceRef, request: ExecRequest) => exec(cluster, instance, request) }),
    scale: (instance, replicas, fence) => scaleService(cluster, instance, replicas, fence),
    remove: (instance, fence) => removeService(cluster, instance, fence),
    status: (instance) => readStatus(cluster, instance),
    kill: (instance, pod) => killPod(cluster, instance, pod),
    async metrics(instance, windowSeconds) {
      const since = effects.now() - windowSeconds * 1000;
      return samples.add(sampleKey(instance), await readMetrics(cluster, instance, since), since);
    },
    ...(metrics && { tracks: createTracks(cluster, metrics, effects.now) }),
    ...createAddresses(options),
    async endpoint(instance, port) {
      return { hostname: `${serviceName(instance)}.${namespaceOf(cluster, instance)}.svc`, port: port.port };
    },
    async ensureVolume(environment, name, sizeBytes) {
      const claim = renderVolumeClaim(environment, name, sizeBytes, cluster.render);
      try {
        await apply(client, claim);
      } catch (error) {
        explainRefusal(error, { ...environment, service: name }, `The volume ${name}`);
      }
      return name;
    },
    removeVolume: (environment, name) =>
      remove(
        client,
        objectPath('PersistentVolumeClaim', volumeName(name), namespaceOf(cluster, environment)),
      ),
    warnings: untakenHeaders,
    check: lately(CHECK_KEPT_MS, effects.now, async () => {
      await client.get('/api/v1/namespaces/default', { signal: AbortSignal.timeout(CHECK_MS) });
      return 'complete' as const;
    }),
    async close() {
      client.close();
    },
  };
}
