/** Two deployments of a workload side by side, in a cluster: `Tracks` of the Workloads port. */
import type { InstanceRef } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import type { Tracks } from '../../../ports/workloads.ts';
import type { MetricsOptions } from '../activity/gateway-metrics.ts';
import { changeTracks } from '../fence-object.ts';
import { type Cluster, namespaceOf, numberOf, readDeclared } from '../shared-reads.ts';
import { askBehind } from './ask.ts';
import { settle } from './settle.ts';
import { setAside, takeOver } from './take-over.ts';
import { candidateOf } from './track-state.ts';

const notTried = ({ service }: InstanceRef, number: number): Problem =>
  new Problem('conflict', `Deployment ${number} of ${service} is not what is tried here.`, {
    hint: 'Look at the newest deployment of the service.',
  });

/** @param gateway the pods through which a deployment is asked that has no requests */
export function createTracks(cluster: Cluster, gateway: MetricsOptions, now: () => number): Tracks {
  return {
    async share(ref, percent) {
      await changeTracks(
        cluster.client,
        ref,
        namespaceOf(cluster, ref),
        (state) => {
          const candidate = candidateOf(state);
          if (candidate?.number !== ref.number) throw notTried(ref, ref.number);
          return { ...state, beside: { ...candidate, percent } };
        },
        ref.fence,
      );
      await settle(cluster, ref);
    },
    async promote(ref) {
      const { serving } = await readDeclared(cluster, ref);
      const isServing = serving && numberOf(serving) === ref.number;
      await takeOver(cluster, ref, ref.number, now(), ref.fence, () => {
        if (!isServing) throw notTried(ref, ref.number);
      });
    },
    setAside: (ref) => setAside(cluster, ref, ref.number, now(), ref.fence),
    async endStandby(ref, dueBy = Number.POSITIVE_INFINITY) {
      let isOver = false;
      await changeTracks(cluster.client, ref, namespaceOf(cluster, ref), (state) => {
        const { beside } = state;
        isOver = beside !== undefined && beside.role !== 'candidate' && beside.until <= dueBy;
        return isOver ? { serving: state.serving } : state;
      });
      if (isOver) await settle(cluster, ref);
    },
    ask: (ref, number, path, signal) => askBehind(cluster, gateway, ref, number, path, signal),
  };
}
