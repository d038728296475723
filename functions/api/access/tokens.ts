/** Routes of the tokens of persons and of projects. */
import * as z from 'zod';
import { refuseAbove } from '../../commands/access/members.ts';
import { rememberPerson } from '../../commands/access/people.ts';
import {
  createToken,
  type NewToken,
  revokeToken,
  SIGN_IN_MAX_SECONDS,
  TOKEN_MAX_SECONDS,
  TOKEN_MIN_SECONDS,
  tokensBehind,
} from '../../commands/access/tokens.ts';
import { higherRole, isAtLeast, type Role } from '../../core/authorization/roles.ts';
import { environmentKey, projectOwner, tokensPartition } from '../../core/keys.ts';
import { type Environment, type Principal, personOf, type Token } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Reply } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { standingOf } from '../admission/admit.ts';
import { type PageQuery, pageOf, pageQuery, pageReply, readPage } from '../http/list-pages.ts';
import { invalidRequest } from '../http/problems.ts';
import { noContent } from '../http/respond.ts';
import { type Call, route } from '../http/route-spec.ts';
import { durationSchema, lineSchema, membersOf, nameSchema, timeSchema } from '../http/schemas.ts';
import { granter, roleSchema } from './members.ts';
import { otherPerson, whoseQuery } from './whose.ts';

const tokenSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    name: z.string().meta({ example: 'Release pipeline' }),
    owner: z.string().optional().meta({ description: 'The person that it acts for.' }),
    project: z.string().optional().meta({ description: 'The one project that it is good for.' }),
    role: roleSchema,
    environments: z.array(z.string()).optional(),
    createsTokens: z.boolean().optional(),
    signIn: z.boolean().optional().meta({ description: 'A sign-in from a terminal.' }),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
    expiresAt: timeSchema,
    lastUsedAt: timeSchema.optional().meta({ description: 'To the hour.' }),
  })
  .meta({ id: 'Token' });

const madeSchema = tokenSchema
  .and(
    z.object({
      token: z.string().optional().meta({
        description:
          'The token itself, this once. Not there when the answer to an Idempotency-Key is given again.',
      }),
    }),
  )
  .meta({ id: 'NewToken' });

const view = (token: Token) => membersOf(tokenSchema, token);

const DAY = 24 * 60 * 60;

const fields = {
  name: lineSchema(100).meta({ description: 'What it is for.', example: 'Release pipeline' }),
  role: roleSchema.meta({ description: 'It may do at most what this role may.' }),
  environments: z
    .array(nameSchema)
    .min(1)
    .max(20)
    .optional()
    .meta({
      description:
        'The only environments that it is good for; all by default. They have to be there, and it ends with them: a ' +
        'later environment of the same name is another one.',
    }),
  expiresIn: durationSchema(
    { min: TOKEN_MIN_SECONDS, max: TOKEN_MAX_SECONDS },
    'How long it is good for, 1m to 365d; 30d by default.',
  ).optional(),
  createsTokens: z.boolean().optional().meta({
    description:
      'It may make tokens, with its own limits or less. Other tokens make none, but for the administrator token of the installation.',
  }),
};

const personalSchema = z
  .strictObject({
    ...fields,
    project: nameSchema.optional(),
    signIn: z
      .boolean()
      .optional()
      .meta({
        description:
          'It is your sign-in from a terminal: whoever has it is you, as with the session of a browser, and what it makes ' +
          'stays when it ends. With the role `administrator` and no other limit, for 90d at most; no token and no other ' +
          'sign-in makes one.',
      }),
  })
  .refine(
    ({ signIn, role, project, createsTokens }) =>
      !signIn || (role === 'administrator' && project === undefined && !createsTokens),
    'must have the role "administrator" and no other limit where it has "signIn"',
  )
  .refine(
    ({ signIn, expiresIn = 0 }) => !signIn || expiresIn <= SIGN_IN_MAX_SECONDS,
    'must have an "expiresIn" of 90d at most where it has "signIn"',
  )
  .refine(
    ({ environments, project }) => environments === undefined || project !== undefined,
    'must have a "project" where it has "environments"',
  );

type Wanted = z.output<typeof personalSchema>;

/** Refuses a new token with more rights than the token that makes it. */
function refuseWider(now: number, { kind, limits }: Principal, wanted: Wanted): number {
  const expiresAt = now + (wanted.expiresIn ?? 30 * DAY) * 1000;
  if (kind === 'user' || kind === 'system') return expiresAt;
  const { role, project, environments, expiresAt: end } = limits ?? {};
  const wider = [
    role !== undefined && !isAtLeast(role, wanted.role) && 'role',
    project !== undefined && wanted.project !== project && 'project',
    environments && !wanted.environments?.every((name) => environments.includes(name)) && 'environments',
    wanted.createsTokens && 'createsTokens',
    wanted.expiresIn !== undefined && end !== undefined && expiresAt > Date.parse(end) && 'expiresIn',
  ].filter((what) => typeof what === 'string');
  if (wider.length === 0) return end === undefined ? expiresAt : Math.min(expiresAt, Date.parse(end));
  throw new Problem('forbidden', `A token makes no token that may more than itself: ${wider.join(', ')}.`, {
    hint: 'Ask for less, or sign in yourself.',
  });
}

/** A sign-in comes from the issuer or from a browser's session: a stolen one does not prolong itself. */
function refuseSignIn({ kind, signIn }: Principal, wanted: Wanted): void {
  if (!wanted.signIn || (kind === 'user' && signIn === undefined)) return;
  throw new Problem(
    'forbidden',
    'Nobody has signed in here: a token or an earlier sign-in makes no sign-in.',
    {
      hint: 'Sign in anew: berth login.',
    },
  );
}

/**
 * The ids of the environments that a token is to be limited to: it is for these and no later ones of the same names.
 * @throws Problem invalid_request for one that is not there, or that the token which asks does not reach
 */
async function environmentIds(
  { ports, principal }: Pick<Call, 'ports' | 'principal'>,
  project = '',
  names: readonly string[] = [],
): Promise<Pick<NewToken, 'environmentIds'>> {
  if (names.length === 0) return {};
  const keys = names.map((environment) => environmentKey({ project, environment }));
  const items = await ports.store.getMany<Environment>(keys);
  const own = principal.limits?.environmentIds;
  const found = names.map((name, at) => {
    const id = items[at]?.data.id;
    return own && own[name] !== id ? undefined : id;
  });
  const errors = found.flatMap((id, at) => {
    const message = 'must be an environment that there is: the token ends with it';
    return id === undefined ? [{ path: `body.environments[${at}]`, message }] : [];
  });
  if (errors.length > 0) throw invalidRequest(errors);
  return { environmentIds: Object.fromEntries(names.map((name, at) => [name, found[at] ?? ''])) };
}

/** Makes a token. The token is in this answer alone, and not in the one that is kept for the idempotency key. */
async function make(
  { ports, change }: Pick<Call, 'ports' | 'change'>,
  path: string,
  input: NewToken,
): Promise<Reply> {
  let secret: string | undefined;
  const reply: Reply & { replayed?: boolean } = await change(
    (record: Token) => ({ status: 201, body: view(record), location: `${path}/${record.id}` }),
    async (caller) => {
      const { record, token } = await createToken(ports, caller, input);
      secret = token;
      return record;
    },
  );
  if (reply.replayed || secret === undefined) return reply;
  return { ...reply, body: { ...(reply.body as Token), token: secret } };
}

/** @param madeBy only those that this principal made */
async function list(ports: Ports, owner: string, query: PageQuery, madeBy?: string): Promise<Reply> {
  const partition = { pk: tokensPartition(owner), reverse: true };
  const { items, next } = await readPage<{ hash: string }>(ports.store, partition, query);
  const tokens = await tokensBehind(ports.store, items);
  const shown = tokens.filter(({ createdBy }) => madeBy === undefined || createdBy === madeBy);
  return pageReply(shown.map(view), next);
}

/** A token is limited to less than its owner may: of their tokens it manages those alone that it made itself. */
const ownWork = ({ id, kind }: Principal): string | undefined => (kind === 'token' ? id : undefined);

/** The person whose tokens a principal manages. */
function ownerOf({ id, kind, owner }: Principal): string {
  if (owner !== undefined) return owner;
  if (kind === 'user') return id;
  throw new Problem('forbidden', 'You are no person, so there are no tokens that act for you.', {
    hint: 'Make a token of a project: POST /v1/projects/{project}/tokens.',
  });
}

const wantedFields = ({ name, role, environments, createsTokens }: Omit<Wanted, 'project' | 'signIn'>) => ({
  name,
  role,
  ...(environments && { environments }),
  ...(createsTokens && { createsTokens }),
});

const made = { 201: { summary: 'Made: `token` is shown this once', schema: madeSchema, location: true } };

export const routes = [
  route({
    method: 'post',
    path: '/v1/tokens',
    policy: { action: 'me.manage', scope: 'platform' },
    operationId: 'createToken',
    summary: 'Make a token that acts for you',
    description:
      'It may do what you may at the time of its use, at most what `role` may, and only in `project` and ' +
      '`environments` where they are given.',
    tag: 'Tokens',
    body: personalSchema,
    bodyExamples: { laptop: { name: 'My laptop', role: 'developer', project: 'demo', expiresIn: '30d' } },
    answers: made,
    problems: ['not_found'],
    handle: async (call) => {
      const { ports, principal, body } = call;
      const owner = ownerOf(principal);
      refuseSignIn(principal, body);
      const expiresAt = refuseWider(ports.effects.now(), principal, body);
      const { project, signIn } = body;
      if (project !== undefined) {
        // What the token may do in which environment is decided with each use; here only the highest role bounds it.
        const { role, environments = {} } = await standingOf(ports, principal, project);
        const highest = Object.values(environments).reduce<Role>(higherRole, role);
        refuseAbove({ standing: { role: highest } }, { role: body.role });
      }
      await rememberPerson(ports, principal);
      return make(call, '/v1/tokens', {
        ...wantedFields(body),
        ...(await environmentIds(call, project, body.environments)),
        kind: 'personal',
        owner,
        person: personOf(principal),
        expiresAt,
        ...(project !== undefined && { project }),
        ...(signIn && { signIn }),
      });
    },
  }),
  route({
    method: 'get',
    path: '/v1/tokens',
    policy: { action: 'me.manage', scope: 'platform' },
    operationId: 'listTokens',
    summary: 'List your tokens, or somebody’s',
    description: 'A token lists and revokes those that it made.',
    tag: 'Tokens',
    query: pageQuery.extend(whoseQuery.shape),
    answers: { 200: { summary: 'A page of tokens, newest first', schema: pageOf(tokenSchema) } },
    handle: ({ ports, principal, query }) =>
      list(ports, otherPerson(principal, query) ?? ownerOf(principal), query, ownWork(principal)),
  }),
  route({
    method: 'delete',
    path: '/v1/tokens/{token}',
    policy: { action: 'me.manage', scope: 'platform' },
    operationId: 'revokeToken',
    summary: 'Revoke a token of yours, or of somebody’s',
    description: 'It ends at once, open streams and the tokens that it made included.',
    tag: 'Tokens',
    query: whoseQuery,
    answers: { 204: { summary: 'Revoked' } },
    problems: ['not_found'],
    handle: ({ ports, principal, params, query, change }) => {
      const owner = otherPerson(principal, query) ?? ownerOf(principal);
      return change(noContent, (caller) =>
        revokeToken(ports, caller, owner, params.token, ownWork(principal)),
      );
    },
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/tokens',
    policy: { action: 'token.write', scope: 'project' },
    operationId: 'createProjectToken',
    summary: 'Make a token that acts for a project',
    description: 'It stays when who made it leaves. Nobody makes one that may more than they may.',
    tag: 'Tokens',
    body: z.strictObject(fields),
    bodyExamples: {
      staging: { name: 'Release pipeline', role: 'developer', environments: ['staging'], expiresIn: '90d' },
    },
    answers: made,
    handle: async (call) => {
      const { ports, principal, params, body, access } = call;
      const expiresAt = refuseWider(ports.effects.now(), principal, { ...body, project: params.project });
      refuseAbove(granter({ actor: principal.id }, access), { role: body.role }, body.environments);
      return make(call, `/v1/projects/${params.project}/tokens`, {
        ...wantedFields(body),
        ...(await environmentIds(call, params.project, body.environments)),
        kind: 'project',
        project: params.project,
        person: personOf(principal),
        expiresAt,
      });
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/tokens',
    policy: { action: 'token.read', scope: 'project' },
    operationId: 'listProjectTokens',
    summary: 'List the tokens of a project',
    tag: 'Tokens',
    query: pageQuery,
    answers: { 200: { summary: 'A page of tokens, newest first', schema: pageOf(tokenSchema) } },
    handle: async ({ ports, params, query }) => {
      await getProject(ports.store, params.project);
      return list(ports, projectOwner(params.project), query);
    },
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/tokens/{token}',
    policy: { action: 'token.write', scope: 'project' },
    operationId: 'revokeProjectToken',
    summary: 'Revoke a token of a project',
    description: 'It ends at once, open streams and the tokens that it made included.',
    tag: 'Tokens',
    answers: { 204: { summary: 'Revoked' } },
    handle: ({ ports, principal, params, change }) =>
      change(noContent, (caller) =>
        revokeToken(ports, caller, projectOwner(params.project), params.token, ownWork(principal)),
      ),
  }),
];
