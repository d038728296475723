/** Evidence for auditors: signed packs of a period, and the key that they are signed with. */
import * as z from 'zod';
import { findSigningKey, makeEvidence } from '../../commands/evidence/evidence-packs.ts';
import { limits } from '../../core/limits.ts';
import { PLATFORM, type Principal } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { getProject } from '../../records/read.ts';
import { timeQuery } from '../http/filters.ts';
import { fileResponse } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';

const HTML = 'text/html; charset=utf-8';
/** The header that leads to the next pack of a period, and the one with the end of the period. */
const NEXT = 'berth-evidence-next';
const END = 'berth-evidence-to';

const evidenceQuery = z.strictObject({
  from: timeQuery('The period begins here.'),
  to: timeQuery('The period ends before this time; now where it is absent or later.').optional(),
  after: z
    .string()
    .regex(/^\d{1,12}$/, 'must be the id of an event')
    .transform(Number)
    .optional()
    .meta({
      type: 'string',
      description: `The id of the last event of the pack before, as \`${NEXT}\` of its answer says it.`,
      example: '3000',
    }),
});

async function answer(
  ports: Ports,
  principal: Principal,
  chain: string,
  query: z.output<typeof evidenceQuery>,
): Promise<Response> {
  const now = new Date(ports.effects.now()).toISOString();
  const to = query.to === undefined || query.to > now ? now : query.to;
  const { from, after } = query;
  if (from >= to)
    throw new Problem('invalid_request', `The period ends at ${to}, before it has begun.`, {
      hint: 'Give a `from` that is before `to`, and before now.',
    });
  const pack = await makeEvidence(ports, { chain, from, to, after, by: principal.id });
  const of = chain === PLATFORM ? 'platform' : chain;
  const part = after === undefined ? '' : `-after-${after}`;
  const name = `${of}-evidence-${from.slice(0, 10)}-${to.slice(0, 10)}${part}.html`;
  const response = fileResponse(new Blob([pack.text]).stream(), HTML, name);
  response.headers.set(END, to);
  if (pack.next !== undefined) response.headers.set(NEXT, String(pack.next));
  return response;
}

const description =
  'A page for people, with the same as JSON in it, a line a fact: who had access, and each event with the criteria of SOC 2 ' +
  `that it is evidence for. A pack holds ${limits.evidenceEvents.value} events at most; where the header \`${NEXT}\` is there, ` +
  `ask again with its value as \`after\`, and as \`to\` with what the header \`${END}\` says. \`verify-evidence.mjs\` checks all packs of a period together, offline.`;

const keySchema = z
  .object({
    algorithm: z.literal('Ed25519'),
    publicKey: z.string().meta({
      description: 'The 32 bytes, base64url.',
      example: 'Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8',
    }),
    pem: z.string().meta({ description: 'The same as a file of a key has it.' }),
  })
  .meta({ id: 'EvidenceKey' });

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/evidence',
    policy: { action: 'audit.read', scope: 'project' },
    operationId: 'getEvidence',
    summary: 'Take signed evidence of a period',
    description,
    tag: 'Audit',
    query: evidenceQuery,
    answers: { 200: { summary: 'A pack', mediaType: 'text/html' } },
    handle: async ({ ports, params, principal, query }) => {
      await getProject(ports.store, params.project);
      return answer(ports, principal, params.project, query);
    },
  }),
  route({
    method: 'get',
    path: '/v1/evidence',
    policy: { action: 'audit.govern', scope: 'platform' },
    operationId: 'getPlatformEvidence',
    summary: 'Take signed evidence of what belongs to no project',
    description: 'As that of a project: personal tokens, sign-ins, policies of the platform, places.',
    tag: 'Audit',
    query: evidenceQuery,
    answers: { 200: { summary: 'A pack', mediaType: 'text/html' } },
    handle: async ({ ports, principal, query }) => answer(ports, principal, PLATFORM, query),
  }),
  route({
    method: 'get',
    path: '/v1/evidence/key',
    policy: { action: 'api.describe', scope: 'public' },
    operationId: 'getEvidenceKey',
    summary: 'Read the public key that evidence is signed with',
    description: 'Fetch it yourself, and not from whoever hands you a pack.',
    tag: 'Audit',
    answers: { 200: { summary: 'The key', schema: keySchema } },
    problems: ['not_found'],
    handle: async ({ ports }) => {
      const key = await findSigningKey(ports.secrets);
      if (!key)
        throw new Problem('not_found', 'There is no key yet: it is made with the first pack of evidence.', {
          hint: 'Take a pack: berth evidence --from 2026-01-01',
        });
      return {
        status: 200,
        body: { algorithm: 'Ed25519' as const, publicKey: key.publicKey, pem: key.publicPem },
      };
    },
  }),
];
