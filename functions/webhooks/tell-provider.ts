/** Tells the provider of a repository how its commits are doing, and a pull request how its preview is. */
import * as z from 'zod';
import { providerToken, refusedToken } from '../commands/connections/app-access.ts';
import { readEnvironmentCost } from '../commands/costs/read-cost.ts';
import type { WebhookOutcome } from '../commands/webhooks/webhook-messages.ts';
import { commentOf, isOurs } from '../core/git/comment.ts';
import { statusOf } from '../core/git/commit-status.ts';
import { type ApiPlace, type ApiRequest, fullNameOf } from '../core/git/git-provider.ts';
import { providers } from '../core/git/providers.ts';
import { deliveryKey, environmentKey, previewCommentKey, previewKey } from '../core/keys.ts';
import {
  type BerthEvent,
  type Connection,
  type Delivery,
  type Environment,
  hasEnded,
  type Preview,
} from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import type { Answered } from '../ports/receivers.ts';
import { endDeployments, tellDeployment } from './tell-deployment.ts';

type Told = Extract<BerthEvent, { type: 'delivery.accepted' | 'delivery.ended' | 'preview.changed' }>;

const types: ReadonlySet<string> = new Set(['delivery.accepted', 'delivery.ended', 'preview.changed']);

export const isForProvider = ({ id }: Connection, event: BerthEvent): event is Told =>
  types.has(event.type) && (event as Told).data.connection === id;

const done: WebhookOutcome = { delivered: true };

export async function tellProvider(
  ports: Ports,
  connection: Connection,
  event: BerthEvent,
  signal: AbortSignal,
): Promise<WebhookOutcome> {
  const { api, repository } = connection;
  const given = await providerToken(ports, connection);
  if ('fault' in given) return { delivered: false, reason: given.fault };
  const place: ApiPlace = { api, repository: fullNameOf(repository), token: given.token };
  const ask = async (request: ApiRequest): Promise<Answered> => {
    const answer = await ports.receivers.ask(request, signal);
    if ('status' in answer) refusedToken(ports, connection, answer.status);
    return answer;
  };
  const told = event as Told;
  return told.type === 'preview.changed'
    ? tellPullRequest(ports, connection, told.data.number, place, ask)
    : tellCommit(ports, connection, told, place, ask);
}

type Ask = (request: ApiRequest) => Promise<Answered>;

async function tellCommit(
  ports: Ports,
  connection: Connection,
  event: Told,
  place: ApiPlace,
  ask: Ask,
): Promise<WebhookOutcome> {
  const { store, workloads } = ports;
  const delivery = (await store.get<Delivery>(deliveryKey(connection.id, event.data.number)))?.data;
  if (!delivery) return done;
  // What has ended meanwhile is told by the event of its end, which comes behind this one.
  const wasOpen = event.type === 'delivery.accepted' && !hasEnded(event.data as Pick<Delivery, 'state'>);
  if (wasOpen && hasEnded(delivery)) return done;
  const { project, service, environment } = delivery;
  const url = environment === undefined ? undefined : await workloads.url({ project, environment, service });
  const status = statusOf(delivery, url);
  if (!status) return done;
  const provider = providers[connection.provider];
  const told = outcomeOf(await ask(provider.statusRequest(place, status)));
  if (!told.delivered || !provider.hasDeployments) return told;
  const { description } = status;
  const words = { description, ...(url !== undefined && { url }) };
  return tellDeployment(ports, connection, delivery, words, { place, ask });
}

/** Keeps one comment up to date with how the preview is now, whatever it was when the event came. */
async function tellPullRequest(
  ports: Ports,
  connection: Connection,
  number: number,
  place: ApiPlace,
  ask: Ask,
): Promise<WebhookOutcome> {
  const { store, workloads } = ports;
  const provider = providers[connection.provider];
  const preview = (await store.get<Preview>(previewKey(connection, number)))?.data;
  if (!preview || preview.connection !== connection.id) return done;
  if (provider.hasDeployments && preview.state === 'closed') {
    const ended = await endDeployments(ports, connection, preview, { place, ask });
    if (!ended.delivered) return ended;
  }
  const { project, service, environment } = preview;
  const base = connection.previews?.base;
  const cost = preview.state === 'ready' ? await costOfPreview(ports, preview) : undefined;
  const url = await workloads.url({ project, environment, service });
  const text = commentOf(preview, { url, base, ...(cost && { cost }) });
  const key = previewCommentKey(connection, number);
  const known = (await store.get<{ connection: string; id: string }>(key))?.data;
  if (known?.connection === connection.id) {
    const changed = await ask(provider.commentRequest(place, number, text, known.id));
    // Somebody has deleted it: there is another one then.
    if (!('status' in changed) || changed.status !== 404) return outcomeOf(changed);
  }
  // A process that ended before it wrote down what it had made is no reason for a second comment.
  const listed = await ask(provider.commentsRequest(place, number));
  const found = 'text' in listed ? findOurs(listed.text, connection.id) : undefined;
  const answer = await ask(provider.commentRequest(place, number, text, found));
  const id = found ?? ('text' in answer ? idIn(answer.text) : undefined);
  if (id !== undefined) await store.transact([{ put: { ...key, data: { connection: connection.id, id } } }]);
  return outcomeOf(answer);
}

/** Undefined where its environment went meanwhile. */
async function costOfPreview(ports: Ports, { project, environment, environmentId }: Preview) {
  const found = await ports.store.get<Environment>(environmentKey({ project, environment }));
  if (!found || found.data.id !== environmentId) return undefined;
  const cost = await readEnvironmentCost(ports, found.data, { awake: true });
  const { usdPerDay, basis, data } = cost;
  return { usdPerDay, isOnAws: basis === 'on_aws', data };
}

const idSchema = z.object({ id: z.union([z.number(), z.string()]) });
const commentsSchema = z.array(idSchema.extend({ body: z.string().nullish() }));

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const idIn = (text: string): string | undefined => parse(idSchema, text)?.id.toString();

const findOurs = (text: string, connection: string): string | undefined =>
  parse(commentsSchema, text)
    ?.find(({ body }) => isOurs(body ?? '', connection))
    ?.id.toString();

/** Answers after which the same would be answered once more: what the provider does not know, or does not take. */
const FINAL = new Set([400, 404, 405, 409, 410, 413, 422]);

function outcomeOf(answer: Answered): WebhookOutcome {
  if ('fault' in answer) return { delivered: false, reason: answer.fault };
  const { status } = answer;
  if ((status >= 200 && status < 300) || FINAL.has(status)) return { delivered: true, status };
  return { delivered: false, status, reason: `the provider answers with the status ${status}` };
}
