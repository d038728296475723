/** Finds deployments that hold credentials which are no longer the current ones. */
import type { DeploymentDetail } from '../../core/model/index.ts';
import { usedOutputs } from '../../core/score/references.ts';
import { findResourceType } from '../../resources/index.ts';

/** The versions that deployments have to hold, by the path of the secret. */
export type WantedVersions = ReadonlyMap<string, string>;

/** Tells whether a deployment reads a pinned version other than the wanted one. */
export function isOutdated(
  { workload, outputs = {} }: Pick<DeploymentDetail, 'workload' | 'outputs'>,
  wanted: WantedVersions,
): boolean {
  return [...usedOutputs(workload)].some(([resource, used]) => {
    const secrets = Object.entries(outputs[resource]?.secrets ?? {});
    // Secrets of the environment are compared one by one; the outputs of a resource belong together.
    const type = workload.resources?.[resource]?.type ?? '';
    const standAlone = findResourceType(type)?.environmentSecrets !== undefined;
    return secrets.some(([output, reference]) => {
      const version = wanted.get(reference.secret);
      return version !== undefined && version !== reference.version && (!standAlone || used.has(output));
    });
  });
}
