/** The pod of a workload: which containers, in which order, under which constraints. */
import type { V1Container, V1PodSpec } from '@kubernetes/client-node';
import { Problem } from '../../../core/problem.ts';
import type { ContainerSpec, WorkloadSpec } from '../../../ports/workloads.ts';
import { numberedName, serviceName } from '../object-names.ts';
import { renderContainer } from './container-manifest.ts';
import { selectorLabels, type Track } from './labels.ts';
import type { RenderImage, RenderOptions } from './options.ts';
import { podVolumes, volumeLabel, volumeSources } from './volume-manifests.ts';

/** Between a container's SIGTERM, which comes when it has drained, and its end. */
const GRACE_SECONDS = 10;

/** Images by digest. */
export type RenderImages = Readonly<Record<string, RenderImage>>;

export const secretName = (spec: WorkloadSpec): string => numberedName(spec, 'v', spec.number);

function imageOf(images: RenderImages, digest: string): RenderImage {
  const image = Object.hasOwn(images, digest) ? images[digest] : undefined;
  if (image) return image;
  throw new Problem('image_unavailable', `The image ${digest} can not be had: it was not resolved.`, {
    hint: 'Deploy the version again.',
  });
}

/** Containers that come before others, each after those that it waits for. */
function ordered(containers: readonly ContainerSpec[]): ContainerSpec[] {
  const result: ContainerSpec[] = [];
  const open = new Set<string>();
  const visit = (container: ContainerSpec): void => {
    if (result.includes(container) || open.has(container.name)) return;
    open.add(container.name);
    for (const other of containers) if (Object.hasOwn(other.before, container.name)) visit(other);
    result.push(container);
  };
  containers.forEach(visit);
  return result;
}

/**
 * A container that has to be complete is an init container; one that has to be started or healthy is a sidecar,
 * an init container that goes on running.
 */
function startsFirst(container: ContainerSpec, rendered: V1Container): V1Container {
  const conditions = Object.values(container.before);
  if (conditions.includes('complete')) {
    const { readinessProbe: _, livenessProbe: __, startupProbe: ___, lifecycle: ____, ...init } = rendered;
    return init;
  }
  const probe = rendered.startupProbe ?? rendered.readinessProbe;
  return {
    ...rendered,
    restartPolicy: 'Always',
    ...(conditions.includes('healthy') && probe && { startupProbe: { ...probe, failureThreshold: 60 } }),
  };
}

/** The largest number that the API takes for a user. */
const UID_MAX = 2 ** 31 - 1;

/** A user that is a number other than root's. The kubelet can not look a name up, and would refuse the pod. */
function ownUser(user: string | undefined): { uid: number; gid: number } | undefined {
  const [, uid, gid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(user ?? '') ?? [];
  const [own, group] = [Number(uid ?? 0), Number(gid ?? uid ?? 0)];
  return own > 0 && own <= UID_MAX && group <= UID_MAX ? { uid: own, gid: group } : undefined;
}

function restrictedPod(
  image: RenderImage | undefined,
  { user }: Pick<RenderOptions, 'user'>,
): NonNullable<V1PodSpec['securityContext']> {
  const { uid, gid } = ownUser(image?.user) ?? { uid: user, gid: user };
  return {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: gid,
    fsGroup: gid,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** On nodes of several kinds, those that the image is for. */
const whereItRuns = (image: RenderImage | undefined, { mixedNodes }: RenderOptions): Partial<V1PodSpec> =>
  mixedNodes && image?.architecture !== undefined
    ? { nodeSelector: { 'kubernetes.io/arch': image.architecture } }
    : {};

/** Pods with the same volume share a node, since most volumes can be attached to one only. */
const together = (sources: readonly string[]): Pick<V1PodSpec, 'affinity'> =>
  sources.length === 0
    ? {}
    : {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: sources.map((source) => ({
              labelSelector: { matchLabels: { [volumeLabel(source)]: 'mounted' } },
              topologyKey: 'kubernetes.io/hostname',
            })),
          },
        },
      };

/** Labels that the pod carries for its volumes. */
export const volumeLabels = (containers: readonly ContainerSpec[]): Record<string, string> =>
  Object.fromEntries(volumeSources(containers).map((source) => [volumeLabel(source), 'mounted']));

/** What every pod of Berth has, whether it serves or runs a release command. */
export function basePod(
  spec: WorkloadSpec,
  containers: readonly ContainerSpec[],
  images: RenderImages,
  options: RenderOptions,
): Omit<V1PodSpec, 'containers'> {
  const volumes = podVolumes(spec, containers);
  // All containers of a service are of one image.
  const image = images[containers[0]?.digest ?? ''];
  return {
    serviceAccountName: serviceName(spec),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: restrictedPod(image, options),
    ...whereItRuns(image, options),
    ...(volumes.length > 0 && { volumes }),
    ...together(volumeSources(containers)),
  };
}

export function renderPod(
  spec: WorkloadSpec,
  images: RenderImages,
  options: RenderOptions,
  track: Track,
): V1PodSpec {
  const sorted = ordered(spec.containers);
  const first = spec.containers.find(({ before }) => Object.keys(before).length === 0);
  if (!first) {
    throw new Problem('invalid_score', 'Nothing would run: every container has to come before another one.', {
      hint: 'Take `before` from the container that serves.',
    });
  }
  const render = (container: ContainerSpec): V1Container =>
    renderContainer(container, {
      spec,
      image: imageOf(images, container.digest),
      secret: secretName(spec),
      serves: container === first,
    });
  const early = sorted.filter(({ before }) => Object.keys(before).length > 0);
  const late = spec.containers.filter(({ before }) => Object.keys(before).length === 0);
  return {
    ...basePod(spec, spec.containers, images, options),
    ...(early.length > 0 && {
      initContainers: early.map((container) => startsFirst(container, render(container))),
    }),
    containers: late.map(render),
    terminationGracePeriodSeconds: spec.drainSeconds + GRACE_SECONDS,
    topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selectorLabels(spec, track) },
      }),
    ),
  };
}
