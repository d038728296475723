/** What the router is told of a workload. */
import type { Backend, Condition, Upstream } from '../../ports/traffic.ts';
import type { Route, ServicePort, WorkloadSpec } from '../../ports/workloads.ts';
import type { Instance } from './instance.ts';
import type { Deployment } from './running-deployment.ts';

const NO_ROUTES: readonly Route[] = [];

/** The service port that a request for `port` goes to; the first one where undefined. */
const portOf = (spec: WorkloadSpec, port?: number): ServicePort | undefined =>
  port === undefined ? spec.ports[0] : spec.ports.find((candidate) => candidate.port === port);

export const upstreamOf = (instance: Instance): Upstream => ({
  instance: instance.ref,
  routes: instance.spec()?.routes ?? NO_ROUTES,
  condition: () => conditionOf(instance),
  affinity: () => (instance.serving ?? instance.candidate)?.spec.affinity === 'cookie',
  tracks(port) {
    const { serving, candidate, percent } = instance;
    const tried = candidate && percent > 0 ? backendsOf(candidate, port) : [];
    return [
      // It takes back what the candidate has, as long as that can not answer.
      { weight: tried.length > 0 ? 100 - percent : 100, backends: serving ? backendsOf(serving, port) : [] },
      { weight: percent, backends: tried },
    ];
  },
});

function backendsOf({ spec, number: deployment, replicas }: Deployment, port: number | undefined): Backend[] {
  const target = portOf(spec, port);
  if (!target) return [];
  return replicas.flatMap((replica) => {
    const address = replica.ready && replica.address(target.targetPort);
    if (!address) return [];
    return { ...address, deployment, closed: replica.closed, acquire: () => replica.acquire() };
  });
}

const isReady = ({ replicas }: Deployment): boolean => replicas.some((replica) => replica.ready);

function conditionOf({ ref, serving, candidate, percent, failure }: Instance): Condition | undefined {
  const shown = serving ?? candidate;
  if (!shown) return failure && { state: 'failing', error: failure };
  if (serving && isReady(serving)) return { state: 'ready' };
  // Where what serves does not, the candidate has all requests as soon as it has any.
  if (candidate && percent > 0 && isReady(candidate)) return { state: 'ready' };
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
