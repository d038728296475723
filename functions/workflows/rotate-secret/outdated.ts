/** Which deployments hold credentials that are no longer the current ones. */
import type { DeploymentDetail } from '../../core/model/index.ts';
import { usedOutputs } from '../../core/score/references.ts';
import { findResourceType } from '../../resources/index.ts';

/** The versions that count, by the path of the secret. */
export type WantedVersions = ReadonlyMap<string, string>;

/** Whether what a deployment reads is pinned to another version than the one that counts. */
export function isOutdated(
  { workload, outputs = {} }: Pick<DeploymentDetail, 'workload' | 'outputs'>,
  wanted: WantedVersions,
): boolean {
  return [...usedOutputs(workload)].some(([resource, used]) => {
    const secrets = Object.entries(outputs[resource]?.secrets ?? {});
    // The environment's secrets stand for themselves; what a resource of its own gives belongs together.
    const type = workload.resources?.[resource]?.type ?? '';
    const standAlone = findResourceType(type)?.environmentSecrets !== undefined;
    return secrets.some(([output, reference]) => {
      const version = wanted.get(reference.secret);
      return version !== undefined && version !== reference.version && (!standAlone || used.has(output));
    });
  });
}
