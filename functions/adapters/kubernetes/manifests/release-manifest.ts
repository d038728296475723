/** The release phase: a command that runs once, as a Job. */
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import { namespaceName, numberedName, serviceName } from '../object-names.ts';
import { renderContainer } from './container-manifest.ts';
import { instanceLabels, numberLabels, OPERATION_ANNOTATION } from './labels.ts';
import type { KubernetesObject } from './objects.ts';
import type { RenderOptions } from './options.ts';
import { basePod, type RenderImages, secretName, volumeLabels } from './pod-manifest.ts';
import { renderSecret, renderServiceAccount } from './secret-manifests.ts';
import { renderFiles } from './volume-manifests.ts';

/** However long it takes, this ends it: a day's work is no release command. */
const LONGEST_SECONDS = 3600;
/** Kept for a second run of the step, which then finds how it ended. */
const KEPT_SECONDS = 3600;

export const releaseName = (spec: WorkloadSpec): string => numberedName(spec, 'release-v', spec.number);

/**
 * The Job that runs `command` with the image, variables, files and volumes of the first container, and what it
 * needs. In the order in which they are to be made.
 */
export function renderRelease(
  spec: WorkloadSpec,
  command: readonly string[],
  images: RenderImages,
  options: RenderOptions,
): KubernetesObject[] {
  const namespace = namespaceName(options.namespacePrefix, spec);
  const [first] = spec.containers;
  const image = first && images[first.digest];
  if (!first || !image) return [];
  const metadata = { namespace, labels: numberLabels(spec) };
  const { readinessProbe: _, livenessProbe: __, ...container } = first;
  const rendered = renderContainer(
    { ...container, command: [...command], args: [] },
    { spec, image, secret: secretName(spec), serves: false },
  );
  return [
    renderServiceAccount(spec, { namespace, labels: instanceLabels(spec) }),
    ...renderSecret(spec, metadata),
    ...renderFiles(spec, metadata),
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        ...metadata,
        name: releaseName(spec),
        annotations: { [OPERATION_ANNOTATION]: spec.operation },
      },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: LONGEST_SECONDS,
        ttlSecondsAfterFinished: KEPT_SECONDS,
        template: {
          metadata: {
            labels: {
              ...numberLabels(spec),
              // Not `workload`: no request and no count of replicas is for it.
              'app.kubernetes.io/component': 'release',
              ...volumeLabels([first]),
            },
          },
          spec: {
            ...basePod(spec, [first], images, options),
            serviceAccountName: serviceName(spec),
            restartPolicy: 'Never',
            containers: [rendered],
          },
        },
      },
    },
  ];
}
