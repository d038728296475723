/** A command that runs once, as a Job: of the release phase, or because somebody asked for it. */
import { deriveName } from '../../../core/names.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import { LABEL_MAX, namespaceName, serviceName } from '../object-names.ts';
import { renderContainer } from './container-manifest.ts';
import { COMPONENT_LABEL, instanceLabels, numberLabels, OPERATION_ANNOTATION } from './labels.ts';
import type { KubernetesObject } from './objects.ts';
import type { RenderOptions } from './options.ts';
import { basePod, type RenderImages, secretName, volumeLabels } from './pod-manifest.ts';
import { renderSecret, renderServiceAccount } from './secret-manifests.ts';
import { renderFiles } from './volume-manifests.ts';

export interface CommandJob {
  name: string;
  /** Not `workload`: no request and no count of replicas is for it. */
  component: 'release' | 'run';
  command: readonly string[];
  /** However long it takes, this ends it, seconds. */
  longestSeconds: number;
  /** How long it is kept for a second run of the step, which then finds how it ended, seconds. */
  keptSeconds: number;
}

export const commandName = (ref: Parameters<typeof serviceName>[0], operation: string): string =>
  deriveName([serviceName(ref), 'run', operation.toLowerCase()], LABEL_MAX);

export const releaseJob = (spec: WorkloadSpec, command: readonly string[]): CommandJob => ({
  name: commandName(spec, spec.operation),
  component: 'release',
  command,
  // A day's work is no release command.
  longestSeconds: 3_600,
  keptSeconds: 3_600,
});

/** Past its time-out a command is ended by whoever waits for it; where nobody does, so much later, seconds. */
const SPARE_SECONDS = 120;

/** It is kept for longer than a step can come again: what is not there was never begun. */
const RUN_KEPT_SECONDS = 6 * 3_600;

export const runJob = (
  spec: WorkloadSpec,
  { command, timeoutSeconds }: { command: readonly string[]; timeoutSeconds: number },
): CommandJob => ({
  name: commandName(spec, spec.operation),
  component: 'run',
  command,
  longestSeconds: timeoutSeconds + SPARE_SECONDS,
  keptSeconds: RUN_KEPT_SECONDS,
});

/** How long a command that is told to end may take. */
const GRACE_SECONDS = 10;

/**
 * The Job that runs a command with the image, variables, files and volumes of the first container, and what it
 * needs. In the order in which they are to be made.
 */
export function renderCommand(
  spec: WorkloadSpec,
  { name, component, command, longestSeconds, keptSeconds }: CommandJob,
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
      metadata: { ...metadata, name, annotations: { [OPERATION_ANNOTATION]: spec.operation } },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: longestSeconds,
        ttlSecondsAfterFinished: keptSeconds,
        template: {
          metadata: {
            labels: { ...numberLabels(spec), [COMPONENT_LABEL]: component, ...volumeLabels([first]) },
          },
          spec: {
            ...basePod(spec, [first], images, options),
            serviceAccountName: serviceName(spec),
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: GRACE_SECONDS,
            containers: [rendered],
          },
        },
      },
    },
  ];
}
