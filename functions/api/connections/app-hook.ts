/** The one address that the GitHub App delivers to, for all repositories that are connected by it. */
import * as z from 'zod';
import { appConnections } from '../../commands/connections/app-access.ts';
import { tellAppState } from '../../commands/connections/app-states.ts';
import { findConnection } from '../../commands/connections/connections.ts';
import type { Header } from '../../core/git/git-provider.ts';
import { github } from '../../core/git/github.ts';
import { readInstallationEvent, readRepository } from '../../core/git/github-app.ts';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { readBytes } from '../http/body.ts';
import { route } from '../http/route-spec.ts';
import { type GenuineMessage, takeMessage, understood } from './take-message.ts';

export const APP_HOOK = '/v1/hooks/github-app';

const handedSchema = z
  .object({
    connections: z.int().meta({ description: 'As many connections it was handed to.', example: 1 }),
  })
  .meta({ id: 'HandedOn' });

/** Stands in for the secret of an App that there is none of, so that both take as long. */
const NO_SECRET = '-'.repeat(43);

async function authenticate(ports: Ports, header: Header, bytes: Uint8Array): Promise<void> {
  const { githubApp } = ports;
  const secrets = githubApp ? await githubApp.secrets() : [NO_SECRET];
  if (githubApp && github.isGenuine(header, bytes, secrets)) return;
  throw new Problem('unauthenticated', 'No GitHub App signs so.', {
    hint: 'Give the App the secret of its webhook that Berth has (BERTH_GITHUB_APP_WEBHOOK_SECRET_FILE).',
  });
}

/** Hands a message to each connection of its repository; what one can not take keeps it from no other. */
async function handOn(ports: Ports, repository: string, message: GenuineMessage): Promise<number> {
  const found = await appConnections(ports, repository.split('/', 1)[0] ?? '', repository);
  const taken = await Promise.allSettled(
    found.map(async ({ sk }) => {
      const connection = (await findConnection(ports.store, sk.slice(sk.lastIndexOf('#') + 1)))?.data;
      if (connection?.app) await takeMessage(ports, connection, message);
    }),
  );
  const failed = taken.find(({ status }) => status === 'rejected');
  // Delivered again, it is known to those that have taken it.
  if (failed?.status === 'rejected') throw failed.reason;
  return found.length;
}

export const routes = [
  route({
    method: 'post',
    path: APP_HOOK,
    policy: { action: 'hook.receive', scope: 'public' },
    operationId: 'receiveAppHook',
    summary: 'Take what GitHub delivers to the GitHub App',
    description:
      'Signed with the secret of the App’s webhook (`X-Hub-Signature-256`). Pushes and pull requests are handed to the services that ' +
      'are connected to their repository by the App, to each once. What happens to the App itself is shown with them.',
    tag: 'Git',
    upload: {
      mediaType: 'application/json',
      summary: "GitHub's message",
      async handle({ ports, request }) {
        const bytes = await readBytes(request.body, limits.hookBody.value);
        const header: Header = (name) => request.headers.get(name) ?? undefined;
        await authenticate(ports, header, bytes);
        const event = github.event(header);
        const installation = understood(bytes, (payload) => readInstallationEvent(event, payload));
        if (installation)
          return { status: 200, body: { connections: await tellAppState(ports, installation) } };
        const facts = understood(bytes, (payload) => github.read(event, payload));
        const repository = understood(bytes, readRepository);
        if (facts.kind === 'other' || repository === undefined)
          return { status: 200, body: { connections: 0 } };
        const message = { provider: github, header, bytes, facts };
        return { status: 200, body: { connections: await handOn(ports, repository, message) } };
      },
    },
    answers: { 200: { summary: 'Taken', schema: handedSchema } },
    problems: ['unauthenticated', 'payload_too_large', 'unsupported_media_type'],
    handle: async () => {
      throw new Problem('unsupported_media_type', 'The delivery is no JSON.', {
        hint: 'Choose the content type application/json for the webhook of the App.',
      });
    },
  }),
];
