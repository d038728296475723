/** Labels and annotations: the recommended ones, and Berth's own. */
import type { EnvironmentRef, InstanceRef } from '../../../core/model/index.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';

export const MANAGED_BY = 'app.kubernetes.io/managed-by';
export const SERVICE_LABEL = 'app.kubernetes.io/name';
export const COMPONENT_LABEL = 'app.kubernetes.io/component';
export const DEPLOYMENT_LABEL = 'berth.dev/deployment';
export const PROJECT_LABEL = 'berth.dev/project';
export const ENVIRONMENT_LABEL = 'berth.dev/environment';

export const NUMBER_ANNOTATION = 'berth.dev/number';
export const FENCE_ANNOTATION = 'berth.dev/fence';
export const OPERATION_ANNOTATION = 'berth.dev/operation';
/** Of a namespace: which environment of the name it is for. */
export const ENVIRONMENT_ID_ANNOTATION = 'berth.dev/environment-id';

export const environmentLabels = ({ project, environment }: EnvironmentRef): Record<string, string> => ({
  [MANAGED_BY]: 'berth',
  'app.kubernetes.io/part-of': project,
  [PROJECT_LABEL]: project,
  [ENVIRONMENT_LABEL]: environment,
});

export const instanceLabels = (ref: InstanceRef): Record<string, string> => ({
  ...environmentLabels(ref),
  [SERVICE_LABEL]: ref.service,
});

/** Finds a service's pods. Never changes: a Deployment's selector can not. */
export const selectorLabels = ({ service }: Pick<InstanceRef, 'service'>): Record<string, string> => ({
  [MANAGED_BY]: 'berth',
  [SERVICE_LABEL]: service,
  [COMPONENT_LABEL]: 'workload',
});

export const numberLabels = (spec: InstanceRef & { number: number }): Record<string, string> => ({
  ...instanceLabels(spec),
  [DEPLOYMENT_LABEL]: String(spec.number),
});

export const ownerAnnotations = (
  spec: Pick<WorkloadSpec, 'number' | 'fence' | 'operation'>,
): Record<string, string> => ({
  [NUMBER_ANNOTATION]: String(spec.number),
  [FENCE_ANNOTATION]: String(spec.fence),
  [OPERATION_ANNOTATION]: spec.operation,
});

/** `a=b,c=d` */
export const selector = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
