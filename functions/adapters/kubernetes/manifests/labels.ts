/** Labels and annotations: the recommended ones, and Berth's own. */
import type { EnvironmentRef, InstanceRef } from '../../../core/model/index.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';

export const MANAGED_BY = 'app.kubernetes.io/managed-by';
export const SERVICE_LABEL = 'app.kubernetes.io/name';
export const COMPONENT_LABEL = 'app.kubernetes.io/component';
export const DEPLOYMENT_LABEL = 'berth.dev/deployment';
export const PROJECT_LABEL = 'berth.dev/project';
export const ENVIRONMENT_LABEL = 'berth.dev/environment';

/** Of what is there for a domain of a customer: which one, and of which installation. */
export const DOMAIN_LABEL = 'berth.dev/domain';
export const DOMAINS_OF_LABEL = 'berth.dev/domains-of';

export const NUMBER_ANNOTATION = 'berth.dev/number';
export const FENCE_ANNOTATION = 'berth.dev/fence';
export const OPERATION_ANNOTATION = 'berth.dev/operation';
/** Of a Deployment: the service ports, routes and replicas that there are once it serves; JSON. */
export const SERVING_ANNOTATION = 'berth.dev/when-serving';
/** Of a Deployment: a hash of what its pods are, without their number. No value of a secret is in it. */
export const CONTENT_ANNOTATION = 'berth.dev/content';
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

/**
 * A workload has two Deployments at most, so that two versions of it can be served side by side. `a` is what there was
 * before there were two.
 */
export type Track = 'a' | 'b';

export const otherTrack = (track: Track): Track => (track === 'a' ? 'b' : 'a');

/** What runs commands has other ones. */
const components: Record<Track, string> = { a: 'workload', b: 'workload-b' };

/** What the pods of a service have alike, and nothing else has. */
export const podSelector = ({ service }: Pick<InstanceRef, 'service'>): string =>
  `${selector({ [MANAGED_BY]: 'berth', [SERVICE_LABEL]: service })},${COMPONENT_LABEL} in (${Object.values(components).join(',')})`;

/** Finds the pods of a track. Never changes: a Deployment's selector can not. */
export const selectorLabels = (
  { service }: Pick<InstanceRef, 'service'>,
  track: Track,
): Record<string, string> => ({
  [MANAGED_BY]: 'berth',
  [SERVICE_LABEL]: service,
  [COMPONENT_LABEL]: components[track],
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
