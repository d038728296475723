/** Routes of what environments cost: of one, and of all of a project with those that nobody uses. */
import * as z from 'zod';
import { type Costed, readEnvironmentCost, readProjectCost } from '../../commands/costs/read-cost.ts';
import { commonLines, perDay, sumOf, toCents } from '../../core/costs/environment-cost.ts';
import { limits } from '../../core/limits.ts';
import type { Environment } from '../../core/model/index.ts';
import { pricesOf } from '../../core/units.ts';
import { getEnvironment } from '../../records/read.ts';
import { environmentSchema } from '../environments/environment-view.ts';
import { route } from '../http/route-spec.ts';
import { compact, nameSchema, timeSchema } from '../http/schemas.ts';

const usd = (description: string, example: number) => z.number().meta({ description, example });

const lineSchema = z
  .object({
    kind: z.enum(['service', 'resource']),
    name: z.string().meta({ description: "Of the service, or the resource's uid.", example: 'guestbook' }),
    unit: z.string().meta({ description: 'As the price list names it.', example: 'eks.nodeHour' }),
    amount: z.number().meta({ description: 'Of the unit, in a month.', example: 260.7 }),
    usdPerMonth: usd('What that costs.', 19.87),
  })
  .meta({ id: 'CostLine' });

const sums = {
  basis: z.enum(['on_aws', 'as_if_on_aws']).meta({
    description:
      '`on_aws`: AWS is paid for it. `as_if_on_aws`: it runs elsewhere, and this is what AWS would be paid for it.',
  }),
  usdPerMonth: usd('What a month costs, if it goes on as it is now.', 24.53),
  usdPerDay: usd('What a day costs, likewise.', 0.81),
  usdUntilExpiry: usd('What it still costs until it expires; absent where it does not.', 1.7).optional(),
};

const pricesSchema = z
  .object({
    region: z.string().meta({ example: 'us-east-1' }),
    date: z.string().meta({ example: '2026-11-27' }),
  })
  .meta({ id: 'PriceList', description: 'Of which region of AWS the list prices are, and from when.' });

const commonSchema = z
  .object({
    usdPerMonth: usd('All of it together.', 238.33),
    lines: z.array(lineSchema.omit({ kind: true })),
  })
  .meta({
    id: 'CommonCost',
    description:
      'What an installation of its own has for all its environments, whether anything is deployed or not. It is in no other sum.',
  });

const environmentCostSchema = z
  .object({
    environment: nameSchema.meta({ example: 'dev' }),
    ...sums,
    lines: z.array(lineSchema).meta({ description: 'What costs most comes first.' }),
    unpriced: z.array(z.string()).meta({
      description: 'Resources of types whose cost is not known, by their uid: they count for nothing.',
    }),
    common: commonSchema,
    prices: pricesSchema,
  })
  .meta({ id: 'EnvironmentCost' });

const projectCostSchema = z
  .object({
    usdPerMonth: usd('What all its environments cost together in a month, as they are now.', 411.2),
    usdPerDay: usd('What a day costs, likewise.', 13.52),
    environments: z
      .array(
        z.object({
          environment: nameSchema.meta({ example: 'dev' }),
          kind: environmentSchema.shape.kind,
          state: environmentSchema.shape.state,
          ...sums,
          share: z.number().meta({
            description:
              'Its part of the processors and the memory that all of these environments ask for, 0 to 1: what is common can be divided by it.',
            example: 0.25,
          }),
          unpriced: environmentCostSchema.shape.unpriced,
          lastUsedAt: timeSchema
            .optional()
            .meta({ description: 'Of the last request or deployment; absent where requests are not seen.' }),
          idleDays: z.int().optional().meta({ description: 'Whole days since then.', example: 9 }),
        }),
      )
      .meta({ description: 'What costs most comes first.' }),
    idle: z
      .object({
        days: z.int().meta({ example: 7 }),
        environments: z.array(z.string()).meta({ example: ['demo-old', 'pr-17'] }),
        usdPerMonth: usd('What they cost together in a month.', 214.1),
      })
      .meta({ description: 'The environments without a request or a deployment for so many days.' }),
    common: commonSchema,
    prices: pricesSchema,
    truncated: z.boolean().meta({
      description: `There are more environments than the ${limits.overviewEnvironments.value} that it shows, or more services in one than the ${limits.overviewInstances.value} that it counts.`,
    }),
  })
  .meta({ id: 'ProjectCost' });

const DAYS = /^(?:[1-9]|[1-9][0-9]|[12][0-9][0-9]|3[0-5][0-9]|36[0-5])$/;
const projectQuery = z.strictObject({
  idleDays: z.string().regex(DAYS, 'must be a whole number from 1 to 365').transform(Number).optional().meta({
    type: 'string',
    description: 'From how many days without a request on an environment is idle; 7 by default.',
    example: '7',
  }),
});

const rounded = <Line extends { amount: number; usdPerMonth: number }>(lines: readonly Line[]): Line[] =>
  lines.map((line) => ({
    ...line,
    amount: Math.round(line.amount * 1000) / 1000,
    usdPerMonth: toCents(line.usdPerMonth),
  }));

const common = () => ({ usdPerMonth: toCents(sumOf(commonLines)), lines: rounded(commonLines) });

const sumsOf = ({ basis, usdPerMonth, usdPerDay, usdUntilExpiry }: Costed) =>
  compact({
    basis,
    usdPerMonth: toCents(usdPerMonth),
    usdPerDay: toCents(usdPerDay),
    usdUntilExpiry: usdUntilExpiry === undefined ? undefined : toCents(usdUntilExpiry),
  });

const named = ({ name: environment, kind, state }: Environment) => ({ environment, kind, state });

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/cost',
    policy: { action: 'environment.read', scope: 'project' },
    operationId: 'getEnvironmentCost',
    summary: 'Read what an environment costs',
    description:
      'At the list prices of AWS, by what its services ask for and by its resources, if a month goes on as it is now.',
    tag: 'Environments',
    answers: { 200: { summary: 'A line for each thing that is paid for', schema: environmentCostSchema } },
    handle: async ({ ports, params }) => {
      const { data } = await getEnvironment(ports.store, params);
      const cost = await readEnvironmentCost(ports, data);
      return {
        status: 200,
        body: {
          environment: data.name,
          ...sumsOf(cost),
          lines: rounded(cost.lines),
          unpriced: cost.unpriced,
          common: common(),
          prices: pricesOf,
        },
      };
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/cost',
    policy: { action: 'environment.read', scope: 'project' },
    operationId: 'getProjectCost',
    summary: 'Read what the environments of a project cost, and which of them nobody uses',
    tag: 'Environments',
    query: projectQuery,
    answers: { 200: { summary: 'Its environments, and those that are idle', schema: projectCostSchema } },
    handle: async ({ ports, params, query }) => {
      const found = await readProjectCost(ports, params.project, query.idleDays ?? 7);
      const environments = found.environments.map((cost) => ({
        ...named(cost.environment),
        ...sumsOf(cost),
        share: Math.round(cost.share * 1000) / 1000,
        unpriced: cost.unpriced,
        ...compact({
          lastUsedAt: cost.lastUsedAt === undefined ? undefined : new Date(cost.lastUsedAt).toISOString(),
          idleDays: cost.idleDays,
        }),
      }));
      return {
        status: 200,
        body: {
          usdPerMonth: toCents(found.usdPerMonth),
          usdPerDay: toCents(perDay(found.usdPerMonth)),
          environments,
          idle: { ...found.idle, usdPerMonth: toCents(found.idle.usdPerMonth) },
          common: common(),
          prices: pricesOf,
          truncated: found.truncated,
        },
      };
    },
  }),
];
