/** The audit trail for those who check it: verified, and whole. */

import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { PLATFORM } from '../../core/model/index.ts';
import type { Store } from '../../ports/store.ts';
import { readChain, verifyChain } from '../../records/audit-trail.ts';
import { getProject } from '../../records/read.ts';
import { fileResponse } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { timeSchema } from '../http/schemas.ts';

const headSchema = z.object({
  number: z.number().int().meta({ description: 'Of the event.', example: 42 }),
  hash: z.string().meta({ example: 'Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8' }),
  at: timeSchema,
});

const reportSchema = z
  .object({
    intact: z.boolean().meta({ description: 'Nothing was edited, taken out, moved or cut off.' }),
    events: z.number().int(),
    head: headSchema.optional().meta({ description: 'The newest event; absent when there is none.' }),
    anchor: headSchema.optional().meta({ description: 'The newest head that is kept outside of the store.' }),
    unanchored: z.number().int().meta({
      description: 'Events behind the anchor, for which only the chain itself speaks.',
      example: 0,
    }),
    faults: z
      .array(
        z.object({
          kind: z.enum(['edited', 'missing', 'moved', 'rewritten', 'truncated']),
          number: z.number().int(),
          detail: z.string(),
        }),
      )
      .meta({ description: 'What is wrong; a hundred at most.' }),
  })
  .meta({ id: 'AuditReport' });

const NDJSON = 'application/x-ndjson';

/** The most events of one export; the next export starts behind the last of them. */
const EXPORT_MAX = limits.auditExport.value;

const exportQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,12}$/, 'must be the id of an event')
    .optional()
    .meta({ description: 'The id of the last event that you have.', example: '5000' }),
});

function exportChain(store: Store, chain: string, name: string, after = '0'): Response {
  const events = readChain(store, chain, Number(after), EXPORT_MAX);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await events.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(value.data)}\n`));
    },
  });
  return fileResponse(body, NDJSON, `${name}-audit.ndjson`);
}

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/audit/verification',
    policy: { action: 'audit.read', scope: 'project' },
    operationId: 'verifyAudit',
    summary: 'Check that the audit trail is whole',
    description:
      'Computes the hash of each event anew, and compares the chain with the heads that were kept outside of the store.',
    tag: 'Audit',
    answers: { 200: { summary: 'What was found', schema: reportSchema } },
    handle: async ({ ports, params }) => {
      await getProject(ports.store, params.project);
      return { status: 200, body: await verifyChain(ports, params.project) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/audit/export',
    policy: { action: 'audit.read', scope: 'project' },
    operationId: 'exportAudit',
    summary: 'Export the audit trail',
    description:
      `NDJSON, oldest event first, ${EXPORT_MAX} at most. Go on with \`after\`, the id of the last event, until ` +
      'nothing comes. `npm run verify-audit` checks an export without Berth.',
    tag: 'Audit',
    query: exportQuery,
    answers: { 200: { summary: 'An event a line, as in the list of events', mediaType: NDJSON } },
    handle: async ({ ports, params, query }) => {
      await getProject(ports.store, params.project);
      return exportChain(ports.store, params.project, params.project, query.after);
    },
  }),
  route({
    method: 'get',
    path: '/v1/audit/verification',
    policy: { action: 'audit.govern', scope: 'platform' },
    operationId: 'verifyPlatformAudit',
    summary: 'Check that the audit trail of the platform is whole',
    description: 'Of what belongs to no project: personal tokens, and policies of the platform.',
    tag: 'Audit',
    answers: { 200: { summary: 'What was found', schema: reportSchema } },
    handle: async ({ ports }) => ({ status: 200, body: await verifyChain(ports, PLATFORM) }),
  }),
  route({
    method: 'get',
    path: '/v1/audit/export',
    policy: { action: 'audit.govern', scope: 'platform' },
    operationId: 'exportPlatformAudit',
    summary: 'Export the audit trail of the platform',
    description: `NDJSON, oldest event first, ${EXPORT_MAX} at most; go on with \`after\`.`,
    tag: 'Audit',
    query: exportQuery,
    answers: { 200: { summary: 'An event a line', mediaType: NDJSON } },
    handle: async ({ ports, query }) => exportChain(ports.store, PLATFORM, 'platform', query.after),
  }),
];
