/** Which deployments hold credentials that are no longer the current ones. */
import type { Deployment } from '../../core/model/index.ts';
import { references } from '../../core/score/references.ts';
import { findResourceType } from '../../resources/index.ts';

/** The versions that count, by the path of the secret. */
export type WantedVersions = ReadonlyMap<string, string>;

/** Whether what a deployment reads is pinned to another version than the one that counts. */
export function isOutdated(
  { workload, outputs = {} }: Pick<Deployment, 'workload' | 'outputs'>,
  wanted: WantedVersions,
): boolean {
  return references(workload).some(({ refersTo, output }) => {
    const pinned = refersTo !== undefined && Object.hasOwn(outputs, refersTo) ? outputs[refersTo] : undefined;
    if (!pinned || refersTo === undefined) return false;
    // The environment's secrets stand for themselves; what a resource of its own gives belongs together.
    const declared = workload.resources?.[refersTo];
    const standsAlone = declared && findResourceType(declared.type)?.environmentSecrets !== undefined;
    const one = output !== undefined && Object.hasOwn(pinned.secrets, output) ? [pinned.secrets[output]] : [];
    const read = standsAlone ? one : Object.values(pinned.secrets);
    return read.some((reference) => {
      const version = reference && wanted.get(reference.secret);
      return version !== undefined && version !== reference?.version;
    });
  });
}
