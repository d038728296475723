/** Routes of domains: hosts of a customer's own that lead to a service. */
import * as z from 'zod';
import { getDomain } from '../../commands/domains/domain-record.ts';
import { addDomain, listDomains, removeDomain } from '../../commands/domains/domains.ts';
import { checkDomain } from '../../commands/domains/due-domains.ts';
import type { Domain } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { nameSchema } from '../http/schemas.ts';
import { domainSchema, domainView } from './domain-view.ts';

const PATH = '/v1/projects/{project}/environments/{environment}/domains';
const tag = 'Domains';

const shown =
  (ports: Ports, status: number) =>
  ({ data }: Item<Domain>): Reply => ({ status, body: domainView(data, ports) });

export const routes = [
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'domain.read', scope: 'project' },
    operationId: 'listDomains',
    summary: 'List the domains of an environment',
    description: 'All of them, by name.',
    tag,
    answers: {
      200: {
        summary: 'All domains',
        schema: z.object({ items: z.array(domainSchema) }).meta({ id: 'Domains' }),
      },
    },
    handle: async ({ ports, params }) => ({
      status: 200,
      body: { items: (await listDomains(ports, params)).map(({ data }) => domainView(data, ports)) },
    }),
  }),
  route({
    method: 'post',
    path: PATH,
    policy: { action: 'domain.write', scope: 'project' },
    operationId: 'addDomain',
    summary: 'Add a domain to a service',
    description:
      'It is served once its DNS has one of the `records`, which is looked at by itself, and has a certificate soon ' +
      'after where this Berth orders them. Nothing is reserved before: a domain belongs to the environment that proves ' +
      'it first, in the whole installation, until it is removed or its proof is gone for three days.',
    tag,
    body: z.strictObject({
      name: z.string().min(1).max(400).meta({
        description: 'A host name; upper case and Unicode are turned into the form that the DNS has.',
        example: 'www.example.com',
      }),
      service: nameSchema,
    }),
    bodyExamples: { www: { name: 'www.example.com', service: 'guestbook' } },
    answers: { 201: { summary: 'Added', schema: domainSchema } },
    problems: [
      'already_exists',
      'conflict',
      'environment_not_ready',
      'operation_in_progress',
      'not_supported',
    ],
    handle: ({ ports, params, body, change }) =>
      change(shown(ports, 201), (caller) => addDomain(ports, caller, params, body)),
  }),
  route({
    method: 'get',
    path: `${PATH}/{domain}`,
    policy: { action: 'domain.read', scope: 'project' },
    operationId: 'getDomain',
    summary: 'Read a domain',
    tag,
    answers: { 200: { summary: 'The domain', schema: domainSchema } },
    handle: async ({ ports, params }) =>
      shown(ports, 200)(await getDomain(ports.store, params, params.domain)),
  }),
  route({
    method: 'post',
    path: `${PATH}/{domain}/check`,
    policy: { action: 'domain.write', scope: 'project' },
    operationId: 'checkDomain',
    summary: 'Look at the DNS of a domain now',
    description:
      'Answers with what was seen. An order of a certificate that failed 15 minutes ago or earlier is tried again.',
    tag,
    answers: { 200: { summary: 'The domain', schema: domainSchema } },
    problems: ['conflict', 'not_supported'],
    handle: ({ ports, params, change }) =>
      change(shown(ports, 200), (caller) => checkDomain(ports, caller, params, params.domain)),
  }),
  route({
    method: 'delete',
    path: `${PATH}/{domain}`,
    policy: { action: 'domain.write', scope: 'project' },
    operationId: 'removeDomain',
    summary: 'Remove a domain',
    description:
      'It is served no more, its certificate and its key are removed, and it is free for whoever proves it next.',
    tag,
    answers: { 204: { summary: 'Removed' } },
    problems: ['conflict'],
    handle: ({ ports, params, change }) =>
      change(noContent, (caller) => removeDomain(ports, caller, params, params.domain)),
  }),
];
