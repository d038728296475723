/** What the router is told of a workload. */
import type { Condition, Upstream } from '../../ports/traffic.ts';
import type { Route, ServicePort, WorkloadSpec } from '../../ports/workloads.ts';
import type { Instance } from './instance.ts';

const NO_ROUTES: readonly Route[] = [];

/** The service port that a request for `port` goes to; the first one where undefined. */
const portOf = (spec: WorkloadSpec, port?: number): ServicePort | undefined =>
  port === undefined ? spec.ports[0] : spec.ports.find((candidate) => candidate.port === port);

export const upstreamOf = (instance: Instance): Upstream => ({
  instance: instance.ref,
  routes: instance.spec()?.routes ?? NO_ROUTES,
  condition: () => conditionOf(instance),
  backends(port) {
    const { serving } = instance;
    const target = serving && portOf(serving.spec, port);
    if (!target) return [];
    return serving.replicas.flatMap((replica) => {
      const address = replica.ready && replica.address(target.targetPort);
      return address ? { ...address, closed: replica.closed, acquire: () => replica.acquire() } : [];
    });
  },
});

function conditionOf({ ref, serving, candidate, failure }: Instance): Condition | undefined {
  const shown = serving ?? candidate;
  if (!shown) return failure && { state: 'failing', error: failure };
  if (serving?.replicas.some((replica) => replica.ready)) return { state: 'ready' };
  if (shown.desired === 0) return { state: 'stopped' };
  if (shown.phase === 'rolling') return { state: 'starting' };
  const reason = shown.replicas[0]?.reason;
  const error = shown.failure ?? {
    code: 'workload_not_ready',
    cause: `${ref.service} does not run: ${reason ?? 'its replica has stopped'}.`,
    hint: 'It starts again by itself; if it does not, look at its log.',
  };
  return { state: 'failing', error };
}
