/** Which deployments hold credentials that are no longer the current ones. */
import type { DeploymentDetail } from '../model/index.ts';
import { references } from '../score/references.ts';

/** The versions that count, by the path of the secret. */
export type WantedVersions = ReadonlyMap<string, string>;

/** Whether what a deployment reads is pinned to another version than the one that counts. */
export function isOutdated(
  { workload, outputs = {} }: Pick<DeploymentDetail, 'workload' | 'outputs'>,
  wanted: WantedVersions,
): boolean {
  return references(workload).some(({ refersTo, output }) => {
    const pinned = refersTo !== undefined && Object.hasOwn(outputs, refersTo) ? outputs[refersTo] : undefined;
    if (!pinned || refersTo === undefined) return false;
    // Names of an environment's secrets stand for themselves; what a resource gives belongs together.
    const isEnvironment = workload.resources?.[refersTo]?.type === 'environment';
    const one = output !== undefined && Object.hasOwn(pinned.secrets, output) ? [pinned.secrets[output]] : [];
    const read = isEnvironment ? one : Object.values(pinned.secrets);
    return read.some((reference) => {
      const version = reference && wanted.get(reference.secret);
      return version !== undefined && version !== reference?.version;
    });
  });
}
