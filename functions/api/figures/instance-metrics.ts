/** The route of the compute and request figures of an instance. */
import * as z from 'zod';
import { formatDuration } from '../../core/duration.ts';
import { Problem } from '../../core/problem.ts';
import { instanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
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
          requests: z.number(),
          errors: z.number().meta({ description: 'Answers with a status of 500 or more.' }),
          p50Ms: z.number(),
          p99Ms: z.number(),
        }),
      )
      .meta({ description: 'Ten seconds each, oldest first; only those with requests.' }),
    totals: z.object({ requests: z.number(), errors: z.number() }),
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

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/metrics',
    policy: { action: 'metric.read', scope: 'project' },
    operationId: 'getMetrics',
    summary: 'Read CPU, memory, requests and latency of a service in an environment',
    description:
      'Samples are kept for an hour. In a cluster its metrics server keeps one sample alone: there CPU and memory ' +
      'are what was seen of it while somebody looked.',
    tag: 'Running services',
    query: z.strictObject({
      window: durationSchema({ min: 10, max: 86_400 }, 'How far back: 10s to 1d; 5m by default.').optional(),
    }),
    answers: { 200: { summary: 'Samples', schema: metricsSchema } },
    handle: async ({ ports, params, query }) => {
      const { data: environment } = await getEnvironment(ports.store, params);
      instanceOf(environment, params.service);
      const window = query.window ?? WINDOW_DEFAULT;
      const missing: { figures: 'compute' | 'requests'; why: string }[] = [];
      const orMissing = <T>(figures: 'compute' | 'requests', samples: Promise<T[]>): Promise<T[]> =>
        samples.catch((error: unknown) => {
          if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
          missing.push({ figures, why: error.message });
          return [];
        });
      const [compute, requests] = await Promise.all([
        orMissing('compute', ports.workloads.metrics(params, window)),
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
          ...(missing.length > 0 && { missing }),
        },
      };
    },
  }),
];
