/** Routes of the list of what projects may refer to of secrets that are kept elsewhere. */
import * as z from 'zod';
import { putSecretSources, readSecretSources } from '../../commands/secrets/secret-sources.ts';
import { limits } from '../../core/limits.ts';
import type { SecretSources } from '../../core/model/index.ts';
import { prefixFault, secretKeepers } from '../../core/secrets/secret-source.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { route } from '../http/route-spec.ts';
import { nameSchema } from '../http/schemas.ts';

const PATH = '/v1/secret-sources';

const ruleSchema = z.strictObject({
  project: z.union([nameSchema, z.literal('*')]).meta({
    description: 'Name of a project; `*` stands for all of them.',
    example: 'shop',
  }),
  from: z.enum(secretKeepers),
  prefix: z.string().max(800).meta({
    description: 'One entry; or what the names of entries begin with, if it ends with a slash.',
    example: 'secret/shop/',
  }),
});

const listSchema = z.object({ items: z.array(ruleSchema) }).meta({
  id: 'SecretSources',
  description: 'Which project may refer to which secrets that are kept elsewhere.',
});

const reply = (item: Item<SecretSources>): Reply => ({
  status: 200,
  body: { items: item.data.rules },
  etag: etagOf(item),
});

export const routes = [
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'secret-source.read', scope: 'platform' },
    operationId: 'listSecretSources',
    summary: 'Read which projects may refer to secrets that are kept elsewhere',
    tag: 'Platform',
    answers: { 200: { summary: 'All rules', schema: listSchema, etag: true } },
    handle: async ({ ports }) => reply(await readSecretSources(ports.store)),
  }),
  route({
    method: 'put',
    path: PATH,
    policy: { action: 'secret-source.write', scope: 'platform' },
    operationId: 'putSecretSources',
    summary: 'Set which projects may refer to secrets that are kept elsewhere',
    description:
      'All rules at once. Without a rule, nobody may: Berth reads these secrets with rights of its own. What runs keeps what it ' +
      'has pinned; deployments and rollbacks need a rule.',
    tag: 'Platform',
    body: z.strictObject({
      items: z
        .array(
          ruleSchema.superRefine((rule, context) => {
            const fault = prefixFault(rule);
            if (fault !== undefined) context.addIssue({ code: 'custom', path: ['prefix'], message: fault });
          }),
        )
        .max(limits.secretSources.value),
    }),
    bodyExamples: {
      'a team of its own': {
        items: [{ project: 'shop', from: 'vault' as const, prefix: 'secret/shop/' }],
      },
    },
    conditional: true,
    answers: { 200: { summary: 'As they are now', schema: listSchema, etag: true } },
    handle: ({ ports, body, precondition, change }) =>
      change(reply, (caller) => putSecretSources(ports, caller, { rules: body.items, ...precondition })),
  }),
];
