/** The Workloads port on a Kubernetes cluster, whichever it is. */
import type { InstanceRef } from '../../core/model/index.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Effects } from '../../ports/effects.ts';
import type { Registry, RepositoryRef } from '../../ports/registry.ts';
import type { WorkloadSpec, Workloads } from '../../ports/workloads.ts';
import { type AddressOptions, createAddresses } from './addresses.ts';
import { apply, remove } from './api/apply.ts';
import type { KubernetesClient } from './api/client.ts';
import { objectPath } from './api/object-paths.ts';
import { deploy, explainRefusal, removeService, scaleService } from './declare.ts';
import { isHeaderName } from './manifests/container-manifest.ts';
import {
  defaultRenderOptions,
  type RenderImage,
  type RenderOptions,
  renderVolumeClaim,
} from './manifests/index.ts';
import type { RenderImages } from './manifests/pod-manifest.ts';
import { ensureEnvironment, inventory, removeEnvironment } from './namespace.ts';
import { serviceName, volumeName } from './object-names.ts';
import { runRelease } from './release-job.ts';
import { awaitRollout } from './rollout.ts';
import { createSamples } from './samples.ts';
import { type Cluster, namespaceOf } from './shared-reads.ts';
import { killPod, readMetrics, readStatus } from './status.ts';

export interface KubernetesWorkloadsOptions extends AddressOptions {
  client: KubernetesClient;
  /** Says whether an image is there, and how it starts. */
  registry: Pick<Registry, 'resolve'>;
  /** What the cluster pulls: repository and digest, such as `registry.example/berth/demo/web@sha256:...`. */
  imageReference: (repository: RepositoryRef, digest: string) => string;
  /** What the platform team decides; a part left out is as in `defaultRenderOptions`. */
  render?: Partial<Omit<RenderOptions, 'domain'>>;
  effects: Pick<Effects, 'now'>;
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
  const { client, registry, effects, domain } = options;
  const cluster: Cluster = {
    client,
    render: { ...defaultRenderOptions, ...options.render, domain },
  };

  const samples = createSamples(effects.now);
  const sampleKey = (ref: InstanceRef): string => `${namespaceOf(cluster, ref)}/${ref.service}`;

  /** @throws Problem image_unavailable */
  async function imagesOf(spec: WorkloadSpec): Promise<RenderImages> {
    const digests = [...new Set(spec.containers.map(({ digest }) => digest))];
    return Object.fromEntries(
      await Promise.all(
        digests.map(async (digest) => {
          const { config } = await registry.resolve(spec, digest);
          const reference = options.imageReference(spec, digest);
          const { entrypoint, cmd, user, architecture } = config;
          const image: RenderImage = {
            reference,
            entrypoint,
            cmd,
            ...(user !== undefined && { user }),
            ...(architecture !== undefined && { architecture }),
          };
          return [digest, image] as const;
        }),
      ),
    );
  }

  return {
    ensureEnvironment: (environment, { operation }) => ensureEnvironment(cluster, environment, operation),
    removeEnvironment: (environment) => removeEnvironment(cluster, environment),
    inventory: (environment) => inventory(cluster, environment),
    apply: async (spec) => deploy(cluster, spec, await imagesOf(spec)),
    awaitRollout: (instance, number, signal) => awaitRollout(cluster, instance, number, signal, effects.now),
    runRelease: async (spec, command, signal) =>
      runRelease(cluster, spec, command, await imagesOf(spec), signal),
    scale: (instance, replicas, fence) => scaleService(cluster, instance, replicas, fence),
    remove: (instance, fence) => removeService(cluster, instance, fence),
    status: (instance) => readStatus(cluster, instance),
    kill: (instance, pod) => killPod(cluster, instance, pod),
    async metrics(instance, windowSeconds) {
      const since = effects.now() - windowSeconds * 1000;
      return samples.add(sampleKey(instance), await readMetrics(cluster, instance, since), since);
    },
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
