/** Volumes and files of a pod, and the objects behind them. */
import type { V1Volume } from '@kubernetes/client-node';
import type { EnvironmentRef } from '../../../core/model/index.ts';
import { deriveName, shortHash } from '../../../core/names.ts';
import type { ContainerSpec, WorkloadSpec } from '../../../ports/workloads.ts';
import { LABEL_MAX, namespaceName, numberedName, volumeName } from '../object-names.ts';
import { environmentLabels } from './labels.ts';
import type { SecretObject, VolumeClaimObject } from './objects.ts';
import type { RenderOptions } from './options.ts';

/** A file's key in the deployment's Secret of files. */
export const fileKey = (container: string, target: string): string =>
  `file-${shortHash(`${container}\u001f${target}`, 16)}`;

/** No key of a variable looks so: a container's name, and then a dot, comes first in those. */
export const isFileKey = (key: string): boolean => /^file-[0-9a-z]+$/.test(key);

export const filesName = (spec: WorkloadSpec): string => numberedName(spec, 'files-v', spec.number);

export const mountName = (source: string): string => deriveName(['volume', source], LABEL_MAX);

/** A pod with a volume runs where the other pods with it run: most volumes can be at one node only. */
export const volumeLabel = (source: string): string =>
  `volume.berth.dev/${source.length <= LABEL_MAX ? source : shortHash(source, 16)}`;

export const volumeSources = (containers: readonly ContainerSpec[]): string[] => [
  ...new Set(containers.flatMap(({ volumes }) => volumes.map(({ source }) => source))),
];

const hasFiles = (containers: readonly ContainerSpec[]): boolean =>
  containers.some(({ files }) => files.length > 0);

export function podVolumes(spec: WorkloadSpec, containers: readonly ContainerSpec[]): V1Volume[] {
  return [
    ...volumeSources(containers).map((source) => ({
      name: mountName(source),
      persistentVolumeClaim: { claimName: volumeName(source) },
    })),
    ...(hasFiles(containers)
      ? [
          {
            name: 'files',
            secret: {
              secretName: filesName(spec),
              items: containers.flatMap(({ name, files }) =>
                files.map(({ target, mode }) => {
                  const key = fileKey(name, target);
                  return { key, path: key, mode };
                }),
              ),
            },
          },
        ]
      : []),
  ];
}

/** Files may hold secret values that a placeholder brought in, so none is in a ConfigMap. */
export function renderFiles(
  spec: WorkloadSpec,
  metadata: Pick<SecretObject['metadata'], 'namespace' | 'labels'>,
): SecretObject[] {
  if (!hasFiles(spec.containers)) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, name: filesName(spec) },
      type: 'Opaque',
      immutable: true,
      data: Object.fromEntries(
        spec.containers.flatMap(({ name, files }) =>
          files.map(({ target, content }) => [
            fileKey(name, target),
            Buffer.from(content).toString('base64'),
          ]),
        ),
      ),
    },
  ];
}

export function renderVolumeClaim(
  environment: EnvironmentRef,
  name: string,
  sizeBytes: number,
  options: RenderOptions,
): VolumeClaimObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: volumeName(name),
      namespace: namespaceName(options.namespacePrefix, environment),
      labels: environmentLabels(environment),
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: String(Math.ceil(sizeBytes)) } },
      ...(options.storageClass && { storageClassName: options.storageClass }),
    },
  };
}
