/** Routes of the connections of services to repositories. */
import * as z from 'zod';
import { appTrouble, noAppHere } from '../../commands/connections/app-access.ts';
import {
  type ConnectionSettings,
  deleteConnection,
  getConnection,
  type PutResult,
  putConnection,
  rotateConnectionSecret,
} from '../../commands/connections/connections.ts';
import { providers } from '../../core/git/providers.ts';
import { connectionKey, deploymentsRefusedKey, webhookDeliveryKey } from '../../core/keys.ts';
import type {
  Connection,
  ConnectionPlace,
  DeploymentsRefused,
  WebhookDelivery,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { checkFolder } from '../../core/source/folder.ts';
import { parseGitUrl } from '../../core/source/git-source.ts';
import type { Ports } from '../../ports/index.ts';
import type { Caller, Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getService } from '../../records/read.ts';
import { invalidRequest } from '../http/problems.ts';
import { noContent } from '../http/respond.ts';
import { type Call, route } from '../http/route-spec.ts';
import { compact } from '../http/schemas.ts';
import {
  connectedSchema,
  connectionSchema,
  connectionView,
  fields,
  previewRulesSchema,
} from './connection-view.ts';

const CONNECTION = '/v1/projects/{project}/services/{service}/connection';

const body = z.strictObject({
  provider: fields.provider,
  repository: fields.repository,
  api: z.string().max(2000).optional().meta({
    description:
      "Where the provider's API is; by default at the host of the repository, as the provider has it.",
    example: 'https://git.example.com/api/v4',
  }),
  path: fields.path.optional(),
  watch: fields.watch.optional(),
  rules: fields.rules.optional(),
  previews: previewRulesSchema.optional(),
  app: z
    .boolean()
    .optional()
    .meta({
      description:
        'Whether GitHub is asked as the App of this Berth, in place of with a token; false by default. The platform team has to let ' +
        'the project use the repository so. A token that is given beside it serves builds alone.',
    }),
  token: z
    .string()
    .regex(/^[\x21-\x7e]{1,1000}$/, 'must be 1 to 1000 printable characters without blanks')
    .nullable()
    .optional()
    .meta({
      description:
        'For private source, statuses and comments; null takes it away. Left out, it stays as it is unless provider, ' +
        'repository or API are others.',
    }),
});

const DAY = 86_400;

/** @throws Problem invalid_request */
function settingsOf(ports: Ports, place: ConnectionPlace, given: z.output<typeof body>): ConnectionSettings {
  const { provider, repository, path, watch, rules = [], previews, app = false } = given;
  if (app && !ports.githubApp) throw noAppHere();
  const errors: { path: string; message: string }[] = [];
  const attempt = <T>(name: string, run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      errors.push({ path: `body.${name}`, message: `is refused. ${error.hint}` });
      return undefined;
    }
  };
  const location = attempt('repository', () => parseGitUrl(repository, true));
  if (path !== undefined) attempt('path', () => checkFolder(path));
  const origin = location?.kind === 'https' ? new URL(location.url).origin : undefined;
  const ofApp = app ? ports.githubApp : undefined;
  const usual = ofApp?.api ?? (origin && providers[provider].apiOf(origin));
  const api = (given.api ?? usual ?? '').replace(/\/+$/, '');
  if (ofApp && location) {
    if (provider !== 'github') errors.push({ path: 'body.app', message: 'is of the provider github alone' });
    else if (origin !== ofApp.origin)
      errors.push({ path: 'body.repository', message: `must be one of ${ofApp.origin}, whose App it is` });
    if (api !== ofApp.api) errors.push({ path: 'body.api', message: 'is told by the App: leave it out' });
  }
  const rule = ports.receivers.refusal(api);
  // A URL that has more than a path is no beginning of others.
  const isBase = rule === undefined && !/[?#]/.test(api);
  if (location && !isBase)
    errors.push({ path: 'body.api', message: `must ${rule ?? 'have no query and no fragment'}` });
  if (errors.length > 0) throw invalidRequest(errors);
  return compact({
    ...place,
    provider,
    repository,
    api,
    path,
    watch,
    rules,
    app: app || undefined,
    previews: previews && {
      base: previews.base,
      ttlSeconds: previews.ttl ?? 3 * DAY,
      idleAfterSeconds: previews.idleAfter ?? 1_800,
      ...(previews.withData && { withData: true }),
    },
  }) as ConnectionSettings;
}

/** The secret is in this answer alone, and not in the one that is kept for the idempotency key. */
async function withSecret(
  change: Call['change'],
  run: (caller: Caller) => Promise<PutResult>,
): Promise<Reply> {
  let secret: string | undefined;
  const reply: Reply & { replayed?: boolean } = await change(
    ({ item, secret: isNew }: PutResult) => ({
      status: isNew === undefined || item.version > 1 ? 200 : 201,
      body: connectionView(item),
      etag: etagOf(item),
    }),
    async (caller) => {
      const result = await run(caller);
      secret = result.secret;
      return result;
    },
  );
  if (reply.replayed || secret === undefined) return reply;
  return { ...reply, body: { ...(reply.body as object), secret } };
}

export const routes = [
  route({
    method: 'put',
    path: CONNECTION,
    policy: { action: 'connection.write', scope: 'project' },
    operationId: 'putConnection',
    summary: 'Connect a service to a repository',
    description:
      'Pushes are built and deployed by the rules, and pull requests get previews. Set up a webhook at the provider, ' +
      'with the path of `hook` and the secret that the first answer has, for pushes and pull requests.',
    tag: 'Git',
    body,
    bodyExamples: {
      github: {
        provider: 'github',
        repository: 'https://github.com/octo/guestbook.git',
        rules: [{ branch: 'main', environment: 'dev' }],
        previews: { base: 'dev', ttl: '3d' },
      },
    },
    conditional: true,
    answers: {
      200: { summary: 'As it is now', schema: connectedSchema, etag: true },
      201: { summary: 'Connected, with its secret', schema: connectedSchema, etag: true },
    },
    problems: ['conflict', 'masking_required', 'not_supported'],
    handle: ({ ports, params, body: given, precondition, change }) => {
      const settings = settingsOf(ports, params, given);
      return withSecret(change, (caller) =>
        putConnection(ports, caller, { settings, token: given.token, ...precondition }),
      );
    },
  }),
  route({
    method: 'get',
    path: CONNECTION,
    policy: { action: 'connection.read', scope: 'project' },
    operationId: 'getConnection',
    summary: 'Read what a service is connected to',
    tag: 'Git',
    answers: { 200: { summary: 'The connection', schema: connectionSchema, etag: true } },
    handle: async ({ ports, params }) => {
      const { store } = ports;
      if (!(await store.get<Connection>(connectionKey(params)))) await getService(store, params);
      const item = await getConnection(store, params);
      const { id } = item.data;
      const [outbox, refused, trouble] = await Promise.all([
        store.get<WebhookDelivery>(webhookDeliveryKey(params.project, id)),
        store.get<DeploymentsRefused>(deploymentsRefusedKey(id)),
        appTrouble(ports, item.data),
      ]);
      const telling = { failure: outbox?.data.failure, refused: refused?.data, appTrouble: trouble };
      return { status: 200, body: connectionView(item, telling), etag: etagOf(item) };
    },
  }),
  route({
    method: 'delete',
    path: CONNECTION,
    policy: { action: 'connection.write', scope: 'project' },
    operationId: 'deleteConnection',
    summary: 'Disconnect a service from its repository',
    description: 'What is under way ends; the environments of previews stay until their time is over.',
    tag: 'Git',
    conditional: true,
    answers: { 204: { summary: 'Disconnected' } },
    problems: ['conflict'],
    handle: ({ ports, params, precondition, change }) =>
      change(noContent, (caller) => deleteConnection(ports, caller, params, precondition)),
  }),
  route({
    method: 'post',
    path: `${CONNECTION}/rotate`,
    policy: { action: 'connection.write', scope: 'project' },
    operationId: 'rotateConnectionSecret',
    summary: 'Rotate what the provider signs with',
    description: 'For 24 hours the secret before is good too.',
    tag: 'Git',
    answers: { 200: { summary: 'As it is now, with its secret', schema: connectedSchema, etag: true } },
    problems: ['conflict'],
    handle: ({ ports, params, change }) =>
      withSecret(change, (caller) => rotateConnectionSecret(ports, caller, params)),
  }),
];
