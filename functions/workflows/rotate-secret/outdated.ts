/** Finds deployments by the credentials that they read. */
import type { DeploymentDetail, SecretReference } from '../../core/model/index.ts';
import { usedOutputs } from '../../core/score/references.ts';
import { findResourceType } from '../../resources/index.ts';
import type { Credentials } from './rotated.ts';

type Pins = Pick<DeploymentDetail, 'workload' | 'outputs'>;

/** Tells whether a deployment reads a pinned version other than the wanted one. */
export const isOutdated = (deployment: Pins, wanted: Credentials): boolean =>
  pinned(deployment).some(({ secret, version }) => (wanted.get(secret) ?? version) !== version);

/** Tells whether a deployment reads one of these versions. */
export const reads = (deployment: Pins, versions: Credentials): boolean =>
  pinned(deployment).some(({ secret, version }) => versions.get(secret) === version);

/** What a deployment has pinned of what its workload uses. */
function pinned({ workload, outputs = {} }: Pins): SecretReference[] {
  return [...usedOutputs(workload)].flatMap(([resource, used]) => {
    const secrets = Object.entries(outputs[resource]?.secrets ?? {});
    // Secrets of the environment are compared one by one; the outputs of a resource belong together.
    const type = workload.resources?.[resource]?.type ?? '';
    const standAlone = findResourceType(type)?.environmentSecrets !== undefined;
    return secrets.filter(([output]) => !standAlone || used.has(output)).map(([, reference]) => reference);
  });
}
