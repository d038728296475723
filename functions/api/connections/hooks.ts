/** The route that git providers deliver to. */
import { findConnection, hookSecretsOf } from '../../commands/connections/connections.ts';
import type { Header, Provider } from '../../core/git/git-provider.ts';
import { providers } from '../../core/git/providers.ts';
import { limits } from '../../core/limits.ts';
import type { Connection } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { readBytes } from '../http/body.ts';
import { route } from '../http/route-spec.ts';
import { deliverySchema, deliveryView } from './connection-view.ts';
import { takeMessage, understood } from './take-message.ts';

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
        const facts = understood(bytes, (payload) => provider.read(provider.event(header), payload));
        const { delivery, isKnown } = await takeMessage(ports, connection, {
          provider,
          header,
          bytes,
          facts,
        });
        return { status: isKnown ? 200 : 201, body: deliveryView(delivery) };
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
