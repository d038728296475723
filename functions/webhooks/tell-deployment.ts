/**
 * Tells GitHub of deployments, beside the statuses of commits. A token without the right to do so is no fault of what is deployed: it is
 * written down, tried again once a day, and shown with the connection.
 */
import type { WebhookOutcome } from '../commands/webhooks/webhook-messages.ts';
import type { ApiPlace, ApiRequest } from '../core/git/git-provider.ts';
import { tellingToken } from '../core/git/github-app.ts';
import {
  deploymentOf,
  deploymentRequest,
  deploymentStatusRequest,
  readDeploymentId,
} from '../core/git/github-deployments.ts';
import { deploymentsRefusedKey, RETENTION_QUEUE, toldDeploymentKey } from '../core/keys.ts';
import { limits } from '../core/limits.ts';
import type {
  Connection,
  Delivery,
  DeploymentsRefused,
  Preview,
  ToldDeployment,
} from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import type { Answered } from '../ports/receivers.ts';
import type { Key } from '../ports/store.ts';

type Ask = (request: ApiRequest) => Promise<Answered>;
type Telling = { place: ApiPlace; ask: Ask };

const done: WebhookOutcome = { delivered: true };
const DAY_MS = 24 * 60 * 60 * 1000;
const KEPT_MS = limits.deliverySeconds.value * 1000;

/** Deployments of one pull request follow each other in one environment; those of branches are each its own. */
const laneOf = ({ number, pullRequest }: Pick<Delivery, 'number' | 'pullRequest'>): string =>
  pullRequest === undefined ? String(number) : `pr${pullRequest}`;

/** @param description what the commit's status says */
export async function tellDeployment(
  ports: Ports,
  connection: Connection,
  delivery: Delivery,
  { description, url }: { description: string; url?: string },
  telling: Telling,
): Promise<WebhookOutcome> {
  const links = {
    ...(url !== undefined && { url }),
    ...(ports.origin !== undefined && { origin: ports.origin }),
  };
  const deployment = deploymentOf(delivery, description, links);
  if (!deployment) return done;
  const { place, ask } = telling;
  const { store, effects } = ports;
  const key = toldDeploymentKey(connection.id, laneOf(delivery));
  const before = (await store.get<ToldDeployment>(key))?.data;
  // Another commit of the pull request has taken its place.
  if (before && before.delivery > delivery.number) return done;
  let id = before?.delivery === delivery.number ? before.id : undefined;
  if (id === undefined) {
    if (deployment.state === 'inactive' || (await isRefused(ports, connection))) return done;
    const answer = await ask(deploymentRequest(place, deployment));
    id = idIn(answer);
    if (id === undefined) return refused(ports, connection, answer);
    const data: ToldDeployment = { delivery: delivery.number, id };
    const keptMs =
      KEPT_MS + (delivery.pullRequest === undefined ? 0 : (connection.previews?.ttlSeconds ?? 0) * 1000);
    await store.transact([
      { put: { ...key, data, due: { queue: RETENTION_QUEUE, at: effects.now() + keptMs } } },
    ]);
    if (before) await ask(deploymentStatusRequest(place, before.id, OVERTAKEN));
  }
  return passing(await ask(deploymentStatusRequest(place, id, deployment)));
}

const OVERTAKEN = { state: 'inactive', description: 'Another commit has taken its place' } as const;

/** The environment of a preview is gone. */
export async function endDeployments(
  { store }: Ports,
  { id }: Connection,
  { number }: Preview,
  { place, ask }: Telling,
): Promise<WebhookOutcome> {
  const key: Key = toldDeploymentKey(id, laneOf({ number: 0, pullRequest: number }));
  const told = await store.get<ToldDeployment>(key);
  if (!told) return done;
  const ended = { state: 'inactive', description: 'The pull request is closed' } as const;
  const outcome = passing(await ask(deploymentStatusRequest(place, told.data.id, ended)));
  if (outcome.delivered) await store.transact([{ delete: key }]);
  return outcome;
}

function idIn(answer: Answered): string | undefined {
  if (!('status' in answer) || answer.status !== 201) return undefined;
  try {
    return readDeploymentId(JSON.parse(answer.text));
  } catch {
    return undefined;
  }
}

/** Whether this very token was refused within a day. */
async function isRefused({ store, effects }: Ports, connection: Connection): Promise<boolean> {
  const known = (await store.get<DeploymentsRefused>(deploymentsRefusedKey(connection.id)))?.data;
  return known?.token === tellingToken(connection) && effects.now() - Date.parse(known?.at ?? '') < DAY_MS;
}

async function refused(
  { store, effects }: Ports,
  connection: Connection,
  answer: Answered,
): Promise<WebhookOutcome> {
  if (!('status' in answer) || answer.status >= 500 || answer.status === 429) return passing(answer);
  const { status } = answer;
  const token = tellingToken(connection);
  if ([401, 403, 404].includes(status) && token !== undefined) {
    const now = effects.now();
    const data: DeploymentsRefused = {
      token,
      status,
      at: new Date(now).toISOString(),
    };
    const due = { queue: RETENTION_QUEUE, at: now + DAY_MS };
    await store.transact([{ put: { ...deploymentsRefusedKey(connection.id), data, due } }]);
  }
  return { delivered: true, status };
}

/** What is worth another try; all else is told, or never will be. */
function passing(answer: Answered): WebhookOutcome {
  if ('fault' in answer) return { delivered: false, reason: answer.fault };
  const { status } = answer;
  if (status < 500 && status !== 429) return { delivered: true, status };
  return { delivered: false, status, reason: `the provider answers with the status ${status}` };
}
