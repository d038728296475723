/** What the router asks of the workloads. */
import type { Backend, Target } from '../../../ports/traffic.ts';
import type { ServicePort, WorkloadSpec } from '../../../ports/workloads.ts';
import type { Instance } from '../instance.ts';

/** The service port that a request for `port` goes to; the first for none. */
const portOf = (spec: WorkloadSpec, port?: number): ServicePort | undefined =>
  port === undefined ? spec.ports[0] : spec.ports.find((candidate) => candidate.port === port);

/** The next ready replica at a service port. */
export function backendOf(instance: Instance, port?: number): Backend | undefined {
  const spec = instance.serving?.spec;
  const target = spec && portOf(spec, port);
  const replica = target && instance.pick();
  const address = replica?.address(target?.targetPort ?? 0);
  return replica && address && { ...address, closed: replica.closed, acquire: () => replica.acquire() };
}

export function targetOf(instance: Instance, port: number | undefined): Target | undefined {
  const { ref, serving, failure } = instance;
  const shown = serving ?? instance.candidate;
  const next = (): Backend | undefined => backendOf(instance, port);
  if (!shown) return failure && { instance: ref, state: 'failing', error: failure, next };
  if (serving?.replicas.some((replica) => replica.ready)) return { instance: ref, state: 'ready', next };
  if (shown.desired === 0) return { instance: ref, state: 'stopped', next };
  if (shown.phase === 'rolling') return { instance: ref, state: 'starting', next };
  const reason = shown.replicas[0]?.reason;
  const error = shown.failure ?? {
    code: 'workload_not_ready',
    cause: `${ref.service} does not run: ${reason ?? 'its replica has stopped'}.`,
    hint: 'It starts again by itself; if it does not, look at its log.',
  };
  return { instance: ref, state: 'failing', error, next };
}
