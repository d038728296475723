/** A candidate takes over, or is set aside. */
import type { InstanceRef } from '../../../core/model/index.ts';
import { changeTracks } from '../fence-object.ts';
import { type Cluster, namespaceOf, numberOf, readDeclared } from '../shared-reads.ts';
import { isRolledOut } from '../trouble.ts';
import { settle } from './settle.ts';
import { candidateOf, failed, promoted } from './track-state.ts';

/** @param absent of no candidate of that number: throws, or tells that there is nothing to do */
export async function takeOver(
  cluster: Cluster,
  ref: InstanceRef,
  number: number,
  now: number,
  fence?: number,
  absent: () => void = () => undefined,
): Promise<void> {
  const { serving } = await readDeclared(cluster, ref);
  // What does not run well is no good to go back to.
  const isGood = serving && isRolledOut(serving) && serving.spec?.replicas !== 0;
  await changeTracks(
    cluster.client,
    ref,
    namespaceOf(cluster, ref),
    (state) => {
      const candidate = candidateOf(state);
      if (candidate?.number === number)
        return promoted(state, candidate, isGood ? numberOf(serving) : undefined, now);
      absent();
      return state;
    },
    fence,
  );
  await settle(cluster, ref);
}

export async function setAside(
  cluster: Cluster,
  ref: InstanceRef,
  number: number,
  now: number,
  fence?: number,
): Promise<void> {
  await changeTracks(
    cluster.client,
    ref,
    namespaceOf(cluster, ref),
    (state) => {
      const candidate = candidateOf(state);
      return candidate?.number === number ? failed(state, candidate, now) : state;
    },
    fence,
  );
  await settle(cluster, ref);
}
