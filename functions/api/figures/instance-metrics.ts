/** The route of the compute and request figures of an instance. */
import * as z from 'zod';
import { formatDuration } from '../../core/duration.ts';
import type { Instance } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { containersApart } from '../../core/score/processes.ts';
import { type ComputeQuantities, containerCompute } from '../../core/score/quantities.ts';
import type { Ports } from '../../ports/index.ts';
import { instanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { route } from '../http/route-spec.ts';
import { durationSchema, timeSchema } from '../http/schemas.ts';

const WINDOW_DEFAULT = 300;

const metricsSchema = z
  .object({
    window: z.string().meta({ example: '5m' }),
    compute: z
      .array(
        z.object({
          at: timeSchema,
          cpu: z.number().meta({ description: 'Cores in use, all replicas together.', example: 0.12 }),
          memoryBytes: z.number().meta({ example: 48_234_496 }),
        }),
      )
      .meta({ description: 'Oldest first.' }),
    requests: z
      .array(
        z.object({
          at: timeSchema,
          seconds: z.number().meta({ description: 'How long the sample is, from `at` on.', example: 10 }),
          requests: z.number(),
          errors: z.number().meta({ description: 'Answers with a status of 500 or more.' }),
          p50Ms: z.number(),
          p95Ms: z.number(),
          p99Ms: z.number(),
        }),
      )
      .meta({
        description:
          'Oldest first; only those with requests. Ten seconds each within an hour, five minutes within a day, and an ' +
          'hour within 30 days.',
      }),
    totals: z.object({ requests: z.number(), errors: z.number() }),
    limits: z.object({ cpu: z.number().optional(), memoryBytes: z.number().optional() }).meta({
      description:
        'What the deployment that serves may use, all of its replicas together; absent where one of its containers ' +
        'has no limit.',
      example: { cpu: 1, memoryBytes: 268_435_456 },
    }),
    missing: z
      .array(
        z.object({
          figures: z.enum(['compute', 'requests']),
          why: z.string().meta({ example: 'Requests are not counted.' }),
        }),
      )
      .optional()
      .meta({
        description: 'Figures that could not be read: that there are no samples of them says nothing.',
      }),
  })
  .meta({ id: 'Metrics' });

/** Of what serves: nothing where it was never deployed, or is gone. */
async function limitsOf(ports: Ports, instance: Instance): Promise<ComputeQuantities> {
  if (instance.current === undefined) return {};
  const [found, status] = await Promise.all([
    getDeploymentDetail(ports.store, instance, instance.current).catch(() => undefined),
    ports.workloads.status(instance).catch(() => undefined),
  ]);
  if (!found) return {};
  const each = containersApart(found.data.workload).flatMap(({ process, containers }) => {
    const { desiredReplicas } = (process === undefined ? status : status?.processes?.[process]) ?? {};
    const replicas = process === undefined ? desiredReplicas || 1 : (desiredReplicas ?? 0);
    return Object.values(containers).map((one) => ({ replicas, ...containerCompute(one).limits }));
  });
  const together = (of: (one: ComputeQuantities) => number | undefined): number | undefined =>
    each.reduce<number | undefined>((sum, one) => {
      const most = of(one);
      return sum === undefined || most === undefined ? undefined : sum + one.replicas * most;
    }, 0);
  const [cpu, memoryBytes] = [together((one) => one.cpu), together((one) => one.memoryBytes)];
  return { ...(cpu !== undefined && { cpu }), ...(memoryBytes !== undefined && { memoryBytes }) };
}

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/metrics',
    policy: { action: 'metric.read', scope: 'project' },
    operationId: 'getMetrics',
    summary: 'Read CPU, memory, requests and latency of a service in an environment',
    description:
      'On one machine samples are kept for 30 days, the older the longer; those of CPU and memory begin anew when ' +
      'Berth does. In a cluster samples are kept for an hour, and its metrics server keeps one alone: there CPU and ' +
      'memory are what was seen of it while somebody looked.',
    tag: 'Running services',
    query: z.strictObject({
      window: durationSchema(
        { min: 10, max: 30 * 86_400 },
        'How far back: 10s to 30d; 5m by default.',
      ).optional(),
    }),
    answers: { 200: { summary: 'Samples', schema: metricsSchema } },
    handle: async ({ ports, params, query }) => {
      const { data: environment } = await getEnvironment(ports.store, params);
      const instance = instanceOf(environment, params.service);
      const window = query.window ?? WINDOW_DEFAULT;
      const missing: { figures: 'compute' | 'requests'; why: string }[] = [];
      const orMissing = <T>(figures: 'compute' | 'requests', samples: Promise<T[]>): Promise<T[]> =>
        samples.catch((error: unknown) => {
          if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
          missing.push({ figures, why: error.message });
          return [];
        });
      const [limits, compute, requests] = await Promise.all([
        limitsOf(ports, instance),
        orMissing('compute', ports.workloads.metrics(instance, window)),
        orMissing('requests', ports.activity.requests(params, window)),
      ]);
      const totals = { requests: 0, errors: 0 };
      for (const sample of requests) {
        totals.requests += sample.requests;
        totals.errors += sample.errors;
      }
      return {
        status: 200,
        body: {
          window: formatDuration(window),
          compute,
          requests,
          totals,
          limits,
          ...(missing.length > 0 && { missing }),
        },
      };
    },
  }),
];
