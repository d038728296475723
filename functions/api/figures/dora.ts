/** The route of how deliveries of a project do, and of how it is used. */
import * as z from 'zod';
import { readDora } from '../../commands/dora/read-dora.ts';
import { LEAST } from '../../core/dora/dora-figures.ts';
import { limits } from '../../core/limits.ts';
import { getProject } from '../../records/read.ts';
import { route } from '../http/route-spec.ts';
import { nameSchema, timeSchema } from '../http/schemas.ts';

const count = (description: string) => z.int().meta({ description, example: 12 });
const seconds = (description: string) =>
  z
    .number()
    .nullable()
    .meta({ description: `${description} Null with fewer than ${LEAST}.`, example: 3_600 });

const figures = {
  deployments: z.object({
    n: count('Deployments that brought a version which serves, or did.'),
    perDay: z.number().meta({ example: 1.2 }),
  }),
  leadTime: z
    .object({
      n: count('Versions whose commit time is known, each once in an environment.'),
      medianSeconds: seconds('Half of them took no longer.'),
      p90Seconds: seconds('Nine of ten took no longer.'),
    })
    .meta({ description: 'From the commit to where it serves.' }),
  changeFailures: z
    .object({
      n: count('Deployments that brought a version, or failed to.'),
      failed: count('Those of them that failed, or were taken back.'),
      checked: count('Those of the failed that a check of the new version ended.'),
      takenBack: count('Those that served, and were rolled back within a day.'),
      rate: z
        .number()
        .nullable()
        .meta({ description: `0 to 1; null with fewer than ${LEAST}.`, example: 0.08 }),
    })
    .meta({ description: 'Changes that failed, of all that ended.' }),
  timeToRestore: z
    .object({
      n: count('Failures behind which a deployment or a rollback served.'),
      open: count('Failures behind which nothing has served yet.'),
      medianSeconds: seconds('Half of them took no longer.'),
    })
    .meta({ description: 'From a failure to the next deployment, or rollback, that served.' }),
};

const doraSchema = z
  .object({
    from: timeSchema.meta({
      description: `The period begins here: later than was asked for where it has more than ${limits.figuresEvents.value} events.`,
    }),
    to: timeSchema,
    all: z.object(figures),
    services: z.array(z.object({ service: nameSchema, ...figures })),
    classes: z
      .array(
        z.object({
          class: z
            .enum(['protected', 'persistent', 'ephemeral', 'gone'])
            .meta({ description: '`gone`: of environments that are not there any more.' }),
          ...figures,
        }),
      )
      .meta({ description: 'By the kind of environment.' }),
    use: z
      .array(
        z.object({
          noun: z.string().meta({ description: 'Of the events.', example: 'deployment' }),
          counts: z.record(z.string(), z.int()).meta({
            description: 'How often each of its types came.',
            example: { created: 12, succeeded: 10, failed: 2 },
          }),
          actors: count('Different people and programs.'),
          failures: z
            .array(z.object({ code: z.string().meta({ example: 'build_failed' }), n: z.int() }))
            .meta({
              description: 'Codes of problems; of refused attempts the permission that was missing.',
            }),
        }),
      )
      .meta({ description: 'What is used and where it fails, the most used first.' }),
  })
  .meta({ id: 'DoraFigures' });

const daysQuery = z.strictObject({
  days: z
    .string()
    .regex(/^(?:30|90)$/, 'must be 30 or 90')
    .transform(Number)
    .optional()
    .meta({ type: 'string', description: 'How many days back; 30 by default.', example: '90' }),
});

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/figures',
    policy: { action: 'event.read', scope: 'project' },
    operationId: 'getFigures',
    summary: 'Read how deliveries of a project do, and how it is used',
    description:
      'The four figures of DORA by service and by kind of environment, from what is recorded: deployment frequency, lead time ' +
      'for changes, change failure rate, time to restore. Deployments that began before the period, were canceled, or waited in vain count for nothing.',
    tag: 'Projects',
    query: daysQuery,
    answers: { 200: { summary: 'The figures', schema: doraSchema } },
    handle: async ({ ports, params, query }) => {
      await getProject(ports.store, params.project);
      return { status: 200, body: await readDora(ports, params.project, query.days ?? 30) };
    },
  }),
];
