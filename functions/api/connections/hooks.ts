/** The route that git providers deliver to. */
import * as z from 'zod';
import { advanceDelivery } from '../../commands/connections/advance.ts';
import { findConnection, hookSecretsOf } from '../../commands/connections/connections.ts';
import { receive } from '../../commands/connections/receive.ts';
import { bodyHash, type Header, type Provider } from '../../core/git/git-provider.ts';
import type { HookFacts } from '../../core/git/hook-facts.ts';
import { providers } from '../../core/git/providers.ts';
import { limits } from '../../core/limits.ts';
import { type Connection, hasEnded } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { deliverNow } from '../../webhooks/deliver.ts';
import { parseJson, readBytes } from '../http/body.ts';
import { route } from '../http/route-spec.ts';
import { deliverySchema, deliveryView } from './connection-view.ts';

/** A provider waits for ten seconds; what is not told it by then is told by the next pass. Milliseconds. */
const TELL_MS = 3_000;

/** The same for a hook that there is none of: who guesses learns nothing. */
const unknown = (): Problem =>
  new Problem('unauthenticated', 'No connection has this id and signs so.', {
    hint: 'Set up the webhook anew: the id and the secret are in the answer that connected the service. A lost secret is rotated with POST .../connection/rotate.',
  });

/** Stands in for the secret of a connection that there is none of, so that both take as long. */
const NO_SECRET = '-'.repeat(43);

async function authenticate(
  ports: Ports,
  id: string,
  header: Header,
  bytes: Uint8Array,
): Promise<{ connection: Connection; provider: Provider }> {
  const connection = (await findConnection(ports.store, id))?.data;
  const secrets = connection ? await hookSecretsOf(ports, connection) : [NO_SECRET];
  const provider = providers[connection?.provider ?? 'github'];
  if (!provider.isGenuine(header, bytes, secrets) || !connection) throw unknown();
  return { connection, provider };
}

/** @throws Problem invalid_request for what the provider does not send */
function factsOf(provider: Provider, event: string, bytes: Uint8Array): HookFacts {
  try {
    return provider.read(event, parseJson(bytes));
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const at = error.issues[0]?.path.join('.') ?? '';
    throw new Problem('invalid_request', `The delivery can not be read: its "${at}" is not as expected.`, {
      hint: 'Deliver what the provider itself sends, of the kind that the connection names.',
    });
  }
}

export const routes = [
  route({
    method: 'post',
    path: '/v1/hooks/git/{connection}',
    policy: { action: 'hook.receive', scope: 'public' },
    operationId: 'receiveHook',
    summary: 'Take what a git provider delivers',
    description:
      'Signed as GitHub (`X-Hub-Signature-256`), GitLab (`X-Gitlab-Token`) and Gitea (`X-Gitea-Signature`) do. A message ' +
      'that came before is answered as it was then, and does nothing.',
    tag: 'Git',
    upload: {
      mediaType: 'application/json',
      summary: "The provider's message",
      async handle({ ports, params, request }) {
        const bytes = await readBytes(request.body, limits.hookBody.value);
        const header: Header = (name) => request.headers.get(name) ?? undefined;
        const { connection, provider } = await authenticate(ports, params.connection, header, bytes);
        const event = provider.event(header);
        const facts = factsOf(provider, event, bytes);
        const { delivery, isKnown } = await receive(ports, connection, {
          delivery: provider.deliveryId(header, bytes),
          event,
          facts,
          ...(provider.signsBody && { alike: bodyHash(bytes) }),
        });
        if (isKnown) return { status: 200, body: deliveryView(delivery) };
        await begin(ports, connection, delivery.number, hasEnded(delivery));
        return { status: 201, body: deliveryView(delivery) };
      },
    },
    answers: {
      200: { summary: 'It came before', schema: deliverySchema },
      201: { summary: 'Accepted', schema: deliverySchema },
    },
    problems: ['unauthenticated', 'payload_too_large', 'unsupported_media_type'],
    handle: async () => {
      throw new Problem('unsupported_media_type', 'The delivery is no JSON.', {
        hint: 'Choose the content type application/json where the webhook is set up.',
      });
    },
  }),
];

/** What begins and is told at once; a fault is none of the provider's, since the sweep does what is left. */
async function begin(
  ports: Ports,
  { project, id }: Connection,
  number: number,
  isOver: boolean,
): Promise<void> {
  const signal = AbortSignal.timeout(TELL_MS);
  await Promise.all([
    deliverNow(ports, { project, id }, signal),
    isOver ? undefined : advanceDelivery(ports, { connection: id, number }).catch(() => undefined),
  ]);
}
