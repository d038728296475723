/** What hosts ask of a place before they open it. */
import type { Place, PlaceCluster } from '../core/model/index.ts';
import { Problem } from '../core/problem.ts';

/** @throws Error for the installation's own place, which is not opened */
export function clusterOf({ name, cluster }: Place): PlaceCluster {
  if (cluster) return cluster;
  throw new Error(`The place ${name} has no cluster of its own`);
}

/** A place whose kind the host does not know. */
export const wrongKind = (kind: string, takes: string): Problem =>
  new Problem('invalid_request', `This Berth reaches no places of the kind "${kind}".`, {
    hint: `Use ${takes}.`,
  });
