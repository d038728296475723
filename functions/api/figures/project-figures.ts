/** The figures of all services of a project: what Prometheus reads at once. */
import type { RequestCounts } from '../../core/rollout/request-counts.ts';
import { shownState } from '../../core/schedule/expiry-steps.ts';
import type { Ports } from '../../ports/index.ts';
import type { MetricSample } from '../../ports/workloads.ts';
import type { InstanceFacts } from '../environments/instance-view.ts';
import type { OverviewFacts } from '../projects/overview-read.ts';
import type { Family, Labels } from './exposition.ts';

/** Figures of so many services are asked for at the same time. */
const AT_ONCE = 10;
/** A sample of CPU and memory that is older says nothing of now, seconds. */
const NOW_SECONDS = 60;

interface Read {
  labels: Labels;
  facts: InstanceFacts;
  counts: ReadonlyMap<number, RequestCounts> | undefined;
  compute: MetricSample | undefined;
  /** Whether the place answered to all that it was asked. */
  isComplete: boolean;
}

async function readOne(ports: Ports, facts: InstanceFacts): Promise<Read> {
  const { instance, status } = facts;
  const [counts, samples] = await Promise.all([
    ports.activity.counts(instance).catch(() => undefined),
    // What sleeps uses nothing.
    status === undefined ? [] : ports.workloads.metrics(instance, NOW_SECONDS).catch(() => undefined),
  ]);
  return {
    labels: { environment: instance.environment, service: instance.service },
    facts,
    counts,
    compute: samples?.at(-1),
    isComplete: counts !== undefined && samples !== undefined && status !== 'unreadable',
  };
}

async function readAll(ports: Ports, instances: readonly InstanceFacts[]): Promise<Read[]> {
  const found: Read[] = [];
  for (let from = 0; from < instances.length; from += AT_ONCE)
    found.push(
      ...(await Promise.all(instances.slice(from, from + AT_ONCE).map((facts) => readOne(ports, facts)))),
    );
  return found;
}

const boundOf = (bound: number): string => (Number.isFinite(bound) ? String(bound) : '+Inf');

export async function projectFigures(
  ports: Ports,
  { environments, instances }: OverviewFacts,
): Promise<Family[]> {
  const read = await readAll(ports, instances);
  const gauge = (name: string, help: string, of: (one: Read) => number | undefined): Family => ({
    name,
    type: 'gauge',
    help,
    samples: read.flatMap((one) => {
      const value = of(one);
      return value === undefined ? [] : [[one.labels, value] as const];
    }),
  });
  const replicas =
    (which: 'desiredReplicas' | 'readyReplicas') =>
    ({ facts: { status } }: Read): number | undefined =>
      status === 'unreadable' ? undefined : (status?.[which] ?? 0);
  const counted = read.flatMap(({ labels, counts }) =>
    [...(counts ?? [])].map(([deployment, found]) => ({ labels: { ...labels, deployment }, found })),
  );
  return [
    {
      name: 'berth_environment_state',
      type: 'gauge',
      help: 'One for the state that the environment is in.',
      samples: environments.map((one) => [{ environment: one.name, state: shownState(one) }, 1]),
    },
    gauge('berth_service_replicas_desired', 'Replicas that should run.', replicas('desiredReplicas')),
    gauge('berth_service_replicas_ready', 'Replicas that take requests.', replicas('readyReplicas')),
    gauge(
      'berth_service_deployment',
      'The number of the deployment that serves.',
      ({ facts: { instance } }) => instance.current,
    ),
    gauge(
      'berth_service_deployed_timestamp_seconds',
      'When the deployment that serves was asked for.',
      ({ facts: { current } }) => current && Date.parse(current.createdAt) / 1000,
    ),
    gauge('berth_service_cpu_cores', 'Cores in use, all replicas together.', ({ compute }) => compute?.cpu),
    gauge(
      'berth_service_memory_bytes',
      'Memory in use, all replicas together.',
      ({ compute }) => compute?.memoryBytes,
    ),
    gauge(
      'berth_service_figures_complete',
      'Whether all figures of the service could be read.',
      ({ isComplete }) => Number(isComplete),
    ),
    {
      name: 'berth_service_requests_total',
      type: 'counter',
      help: 'Requests that were answered.',
      samples: counted.map(({ labels, found }) => [labels, found.requests]),
    },
    {
      name: 'berth_service_request_errors_total',
      type: 'counter',
      help: 'Answers with a status of 500 or more.',
      samples: counted.map(({ labels, found }) => [labels, found.errors]),
    },
    {
      name: 'berth_service_request_duration_seconds',
      type: 'histogram',
      help: 'How long requests took.',
      samples: counted.flatMap(({ labels, found }) => [
        ...[...found.within]
          .sort(([left], [right]) => left - right)
          .map(([bound, count]) => [{ ...labels, le: boundOf(bound) }, count, '_bucket'] as const),
        [labels, found.requests, '_count'] as const,
      ]),
    },
  ];
}
