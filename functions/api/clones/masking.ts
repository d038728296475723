/** Routes of how data are masked that are copied to other environments. */
import * as z from 'zod';
import { putMasking, readMasking } from '../../commands/clones/masking.ts';
import { limits } from '../../core/limits.ts';
import type { Masking, MaskingRule } from '../../core/model/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { route } from '../http/route-spec.ts';

const PATH = '/v1/projects/{project}/masking';

const rule = z.strictObject({
  resource: z.string().min(1).max(200).meta({
    description: 'The uid of the database, in whatever environment.',
    example: 'postgres.default#web.db',
  }),
  sql: z.string().max(limits.maskingSql.value).meta({
    description: 'Statements that end in semicolons; empty where there is nothing to mask.',
    example: "UPDATE users SET email = 'user' || id || '@example.com';",
  }),
});

const maskingSchema = z.object({ rules: z.array(z.object(rule.shape)) }).meta({ id: 'Masking' });

const reply = (rules: MaskingRule[], item?: Item<Masking>): Reply => ({
  status: 200,
  body: { rules },
  ...(item && { etag: etagOf(item) }),
});

export const routes = [
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'masking.read', scope: 'project' },
    operationId: 'getMasking',
    summary: 'Read how data are masked that are copied to other environments',
    tag: 'Environments',
    answers: { 200: { summary: 'The rules', schema: maskingSchema, etag: true } },
    handle: async ({ ports, params }) => {
      const { rules, item } = await readMasking(ports.store, params.project);
      return reply(rules, item);
    },
  }),
  route({
    method: 'put',
    path: PATH,
    policy: { action: 'masking.write', scope: 'project' },
    operationId: 'putMasking',
    summary: 'Set how data are masked that are copied to other environments',
    description:
      'The statements of a rule run in the copy, as its owner and in one transaction, before anything can reach it. With any rule at ' +
      'all, databases that have none are not copied.',
    tag: 'Environments',
    body: z.strictObject({ rules: z.array(rule).max(limits.maskingRules.value) }),
    bodyExamples: {
      'one database': {
        rules: [
          {
            resource: 'postgres.default#web.db',
            sql: "UPDATE users SET email = 'user' || id || '@example.com';",
          },
        ],
      },
    },
    conditional: true,
    answers: { 200: { summary: 'As it is now', schema: maskingSchema, etag: true } },
    problems: ['conflict'],
    handle: ({ ports, params, body, precondition, change }) =>
      change(
        (item: Awaited<ReturnType<typeof putMasking>>) => reply(item.data.rules, item),
        (caller) => putMasking(ports, caller, params.project, body.rules, precondition),
      ),
  }),
];
