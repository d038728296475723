/** Secret variables of one deployment, and the identity that pods run as. */
import type { WorkloadSpec } from '../../../ports/workloads.ts';
import { serviceName } from '../object-names.ts';
import { variableKey } from './container-manifest.ts';
import type { ObjectMetadata, SecretObject, ServiceAccountObject } from './objects.ts';
import { secretName } from './pod-manifest.ts';

type Place = Pick<ObjectMetadata, 'namespace' | 'labels'>;

/** Named by the deployment's number and never changed, so that a rollback finds the values it was made with. */
export function renderSecret(spec: WorkloadSpec, metadata: Place): SecretObject[] {
  const variables = spec.containers.flatMap(({ name: container, variables }) =>
    variables
      .filter(({ sensitive }) => sensitive)
      .map(({ name, value }) => [variableKey(container, name), value] as const),
  );
  const known = new Set(variables.map(([, value]) => value));
  // No pod is given these: what hides secrets in its output finds them here. No container's name starts with a dot.
  const others = (spec.secrets ?? [])
    .filter((value) => !known.has(value))
    .map((value, index) => [`.${index}`, value] as const);
  const entries = [...variables, ...others].map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ]);
  if (entries.length === 0) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, name: secretName(spec) },
      type: 'Opaque',
      immutable: true,
      data: Object.fromEntries(entries),
    },
  ];
}

/** Without a token, and without rights: nobody binds a role to it. */
export const renderServiceAccount = (spec: WorkloadSpec, metadata: Place): ServiceAccountObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { ...metadata, name: serviceName(spec) },
  automountServiceAccountToken: false,
});
