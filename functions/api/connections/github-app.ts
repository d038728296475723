/** Routes of the GitHub App: whether there is one, and which projects may connect to which repositories by it. */
import * as z from 'zod';
import { putAppRules, readAppRules } from '../../commands/connections/app-rules.ts';
import { isAppRulePattern } from '../../core/git/github-app.ts';
import { limits } from '../../core/limits.ts';
import type { AppRules } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { route } from '../http/route-spec.ts';
import { compact, nameSchema } from '../http/schemas.ts';
import { APP_HOOK } from './app-hook.ts';

const PATH = '/v1/github-app';

const ruleSchema = z.strictObject({
  project: nameSchema.meta({ description: 'Name of a project.', example: 'shop' }),
  repository: z
    .string()
    .max(140)
    .refine(isAppRulePattern, {
      error: 'must be owner/repository, where * stands for any text of the repository alone',
    })
    .meta({
      description: 'Full name of a repository; behind its owner, `*` stands for any text.',
      example: 'octo/shop-*',
    }),
});

const appSchema = z
  .object({
    origin: z.string().optional().meta({
      description: 'The GitHub that the App is of; absent where none is registered.',
      example: 'https://github.com',
    }),
    hook: z.string().meta({ description: 'The path of the address of its webhook.', example: APP_HOOK }),
    items: z.array(ruleSchema),
  })
  .meta({
    id: 'GitHubApp',
    description: 'The GitHub App of this Berth, and which project may connect to which repositories by it.',
  });

const reply =
  ({ githubApp }: Ports) =>
  (item: Item<AppRules>): Reply => ({
    status: 200,
    body: compact({ origin: githubApp?.origin, hook: APP_HOOK, items: item.data.rules }),
    etag: etagOf(item),
  });

export const routes = [
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'github-app.read', scope: 'platform' },
    operationId: 'getGitHubApp',
    summary: 'Read which projects may connect to which repositories by the GitHub App',
    tag: 'Platform',
    answers: { 200: { summary: 'The App, with all rules', schema: appSchema, etag: true } },
    handle: async ({ ports }) => reply(ports)(await readAppRules(ports.store)),
  }),
  route({
    method: 'put',
    path: PATH,
    policy: { action: 'github-app.govern', scope: 'platform' },
    operationId: 'putGitHubAppRules',
    summary: 'Set which projects may connect to which repositories by the GitHub App',
    description:
      'All rules at once. Without a rule no project may, wherever the App is installed. What is connected and has no rule any more ' +
      'stops at its next use.',
    tag: 'Platform',
    body: z.strictObject({ items: z.array(ruleSchema).max(limits.appRules.value) }),
    bodyExamples: {
      'repositories of a team': { items: [{ project: 'shop', repository: 'octo/shop-*' }] },
    },
    conditional: true,
    answers: { 200: { summary: 'As they are now', schema: appSchema, etag: true } },
    handle: ({ ports, body, precondition, change }) =>
      change(reply(ports), (caller) => putAppRules(ports, caller, { rules: body.items, ...precondition })),
  }),
];
