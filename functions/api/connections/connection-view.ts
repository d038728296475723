/** How connections, deliveries and previews look in the API. */
import * as z from 'zod';
import { formatDuration } from '../../core/duration.ts';
import { tellingToken } from '../../core/git/github-app.ts';
import { limits } from '../../core/limits.ts';
import {
  type Connection,
  type Delivery,
  type DeploymentsRefused,
  gitProviders,
  type Preview,
  type WebhookFailure,
} from '../../core/model/index.ts';
import type { Item } from '../../ports/store.ts';
import { compact, durationSchema, errorSchema, membersOf, nameSchema, timeSchema } from '../http/schemas.ts';

const DAY = 86_400;

const pattern = (what: string, example: string) =>
  z
    .string()
    .min(1)
    .max(200)
    .regex(
      /^[!-[\]-~\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u2060-\u2fff\u3001-\ud7ff]+$/,
      'must have no blanks',
    )
    .meta({ description: `${what}; \`*\` stands for text without "/", \`**\` for any text.`, example });

export const fields = {
  provider: z.enum(gitProviders).meta({ example: 'github' }),
  repository: z.string().max(2048).meta({
    description: 'What git clones.',
    example: 'https://github.com/octo/guestbook.git',
  }),
  path: z
    .string()
    .min(1)
    .max(1024)
    .meta({ description: 'The folder that is built; the whole source by default.', example: 'packages/api' }),
  watch: z
    .array(pattern('Paths', 'packages/api/**'))
    .min(1)
    .max(limits.branchRules.value)
    .meta({ description: 'A push that changes none of these is not built; each is built by default.' }),
  rules: z
    .array(
      z.strictObject({
        branch: pattern('The name of a branch', 'main'),
        environment: nameSchema.meta({ example: 'dev' }),
      }),
    )
    .max(limits.branchRules.value)
    .meta({ description: 'Which branches are deployed where; the first that fits counts.' }),
};

const duration = (what: string, example: string) => z.string().meta({ description: what, example });

export const connectionSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    project: nameSchema.meta({ example: 'demo' }),
    service: nameSchema,
    ...fields,
    api: z.string().meta({ description: "Where the provider's API is.", example: 'https://api.github.com' }),
    path: fields.path.optional(),
    watch: fields.watch.optional(),
    previews: z
      .object({
        base: nameSchema,
        ttl: duration('Expires this long after its newest commit.', '3d'),
        idleAfter: duration('Hibernates after this long without a request.', '30m'),
        withData: z.boolean().meta({
          description: 'Whether its databases begin with what those of the base have, masked.',
        }),
      })
      .optional(),
    hook: z.string().meta({
      description: 'The path of the address that the provider delivers to.',
      example: '/v1/hooks/git/01KAV6M2J8Y0T5W3Q9R7C4X1ZB',
    }),
    app: z.boolean().meta({
      description: 'GitHub is asked as the App of this Berth; a token, if there is one, serves builds alone.',
    }),
    appTrouble: z.string().optional().meta({
      description: 'Why the connection can not use the GitHub App now. In answers to reads alone.',
      example: 'the installation of the GitHub App is suspended at GitHub',
    }),
    hasToken: z
      .boolean()
      .meta({ description: 'There is a token for private source, statuses and comments.' }),
    previousSecretUntil: timeSchema
      .optional()
      .meta({ description: 'Until then the secret before is good too.' }),
    failure: z
      .object({ since: timeSchema, attempts: z.number().int(), reason: z.string(), nextAt: timeSchema })
      .optional()
      .meta({
        description: 'The provider does not take a status; it is sent again. In answers to reads alone.',
      }),
    deploymentsRefused: z.string().optional().meta({
      description:
        'Why GitHub is not told of deployments beside the statuses of commits; it is tried again once a day. In answers to reads alone.',
      example: 'the token has no right to write deployments (status 403)',
    }),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({ id: 'Connection' });

export const connectedSchema = connectionSchema
  .and(
    z.object({
      secret: z.string().optional().meta({
        description: 'What the provider signs with. It is in this answer alone, and in no repetition of it.',
      }),
    }),
  )
  .meta({ id: 'ConnectionWithSecret' });

export const previewRulesSchema = z.strictObject({
  base: nameSchema.meta({ description: 'The environment that previews begin as.', example: 'dev' }),
  ttl: durationSchema(
    { min: 60, max: 365 * DAY },
    'A preview expires this long after its newest commit: 1m to 365d, 3d by default.',
  ).optional(),
  idleAfter: durationSchema(
    { min: 5, max: 30 * DAY },
    'A preview hibernates after this long without a request: 5s to 30d, 30m by default.',
  ).optional(),
  withData: z
    .boolean()
    .optional()
    .meta({
      description:
        'Whether its databases begin with what those of the base have, masked by the rules of the project; false by default. ' +
        'Each database of the base has to have a rule. What comes from a fork has empty databases.',
    }),
});

interface Telling {
  failure?: WebhookFailure | undefined;
  refused?: DeploymentsRefused | undefined;
  appTrouble?: string | undefined;
}

const whyRefused = ({ status }: DeploymentsRefused): string =>
  status === 401
    ? 'the token is not good (status 401)'
    : `the token has no right to write deployments (status ${status})`;

/** @param telling how the provider takes what it is told */
export function connectionView({ data }: Item<Connection>, { failure, refused, appTrouble }: Telling = {}) {
  const { secret, token, previews, ...rest } = data;
  return compact({
    ...rest,
    previews: previews && {
      base: previews.base,
      ttl: formatDuration(previews.ttlSeconds),
      idleAfter: formatDuration(previews.idleAfterSeconds),
      withData: previews.withData === true,
    },
    hook: `/v1/hooks/git/${data.id}`,
    app: data.app === true,
    appTrouble,
    hasToken: token !== undefined,
    previousSecretUntil: secret.previous?.until,
    failure,
    deploymentsRefused: refused && refused.token === tellingToken(data) ? whyRefused(refused) : undefined,
  });
}

export const deliverySchema = z
  .object({
    number: z.number().int().meta({ example: 12 }),
    delivery: z.string().meta({ description: "The provider's name for the message." }),
    event: z.string().meta({ example: 'push' }),
    at: timeSchema,
    state: z
      .enum([
        'waiting',
        'building',
        'deploying',
        'destroying',
        'succeeded',
        'failed',
        'skipped',
        'held',
        'superseded',
      ])
      .meta({ description: '`held`: a maintainer has not approved the commit of a fork.' }),
    reason: z.string().optional().meta({ description: 'Why nothing is to be done.' }),
    ref: z.string().optional().meta({ example: 'refs/heads/main' }),
    commit: z
      .string()
      .optional()
      .meta({ example: 'a'.repeat(40) }),
    message: z.string().optional().meta({ description: 'First line of the commit’s message.' }),
    author: z.string().optional(),
    environment: nameSchema.optional().meta({ example: 'dev' }),
    pullRequest: z.number().int().optional().meta({ example: 123 }),
    redelivers: z.number().int().optional().meta({ description: 'The delivery that is done once more.' }),
    build: z.string().optional().meta({ description: 'The operation that builds.' }),
    version: z.string().optional(),
    deployment: z.number().int().optional().meta({ description: 'Number of the deployment.' }),
    operation: z.string().optional().meta({ description: 'The operation that deploys.' }),
    error: errorSchema.optional(),
    endedAt: timeSchema.optional(),
  })
  .meta({ id: 'Delivery' });

export const deliveryView = (delivery: Delivery) => membersOf(deliverySchema, delivery);

export const previewSchema = z
  .object({
    service: nameSchema,
    number: z.number().int().meta({ description: 'Of the pull request.', example: 123 }),
    title: z.string(),
    url: z.string().optional().meta({ description: 'Of the pull request.' }),
    branch: z.string(),
    commit: z.string().meta({ description: 'The newest.', example: 'a'.repeat(40) }),
    isFork: z.boolean().meta({ description: 'The commit is of another repository.' }),
    approved: z
      .object({ commit: z.string(), by: z.string(), at: timeSchema })
      .optional()
      .meta({ description: 'The commit of a fork that a maintainer has let in.' }),
    environment: nameSchema.meta({ example: 'guestbook-pr123' }),
    delivery: z.number().int().meta({ description: 'Number of the newest delivery.' }),
    state: z.enum(['held', 'opening', 'ready', 'failed', 'closing', 'closed']),
    error: errorSchema.optional(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Preview' });

export const previewView = (preview: Preview) => membersOf(previewSchema, preview);
