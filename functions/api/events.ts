import { z } from '@hono/zod-openapi';
import { getProject } from '../commands/records.ts';
import { eventsPartition } from '../core/keys.ts';
import type { BerthEvent } from '../core/model.ts';
import type { Ports } from '../ports/index.ts';
import type { Store } from '../ports/store.ts';
import { listReply, pageOf, pageQuery } from './pages.ts';
import { ULID_PATTERN } from './params.ts';
import { route } from './route.ts';
import { timeSchema } from './schemas.ts';
import type { StreamEvent } from './sse.ts';

const eventSchema = z
  .object({
    id: z.string().openapi({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    at: timeSchema,
    project: z.string().openapi({ example: 'demo' }),
    actor: z
      .string()
      .openapi({ description: 'Who did it; `berth` is Berth itself.', example: 'administrator' }),
    type: z.string().openapi({ description: '`noun.verb`.', example: 'deployment.succeeded' }),
    environment: z.string().optional().openapi({ example: 'dev' }),
    service: z.string().optional().openapi({ example: 'guestbook' }),
    operation: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('Event');

const view = ({ data }: { data: BerthEvent }): z.infer<typeof eventSchema> => data;

/** An event may be committed this long after its id was made, behind others with later ids; milliseconds. */
const SETTLE_MS = 5_000;

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The time in a ULID, epoch milliseconds. */
const timeOf = (ulid: string): number =>
  [...ulid.slice(0, 10)].reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0);

async function newestId(store: Store, project: string): Promise<string | undefined> {
  const { items } = await store.query({ pk: eventsPartition(project), limit: 1, reverse: true });
  return items[0]?.sk;
}

/** Events behind `from`, then new ones as they happen, each once. */
async function* follow(
  ports: Ports,
  project: string,
  from: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const pk = eventsPartition(project);
  // Everything up to here was sent and is settled; behind it, what was sent is remembered.
  let floor = from;
  const sent = new Set<string>();
  while (!signal.aborted) {
    const changed = ports.store.changed(pk, { timeoutMs: 5_000, signal });
    const settled = ports.effects.now() - SETTLE_MS;
    let after = floor;
    do {
      const page = await ports.store.query<BerthEvent>({
        pk,
        limit: 200,
        ...(after !== undefined && { after }),
      });
      for (const { sk, data } of page.items) {
        if (!sent.has(sk)) yield { event: 'event', id: sk, data: view({ data }) };
        if (signal.aborted) return;
        sent.add(sk);
        if (timeOf(sk) >= settled) continue;
        floor = sk;
        sent.delete(sk);
      }
      after = page.next;
    } while (after !== undefined);
    await changed;
  }
}

export const eventRoutes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/events',
    policy: { action: 'event.read', scope: 'project' },
    operationId: 'listEvents',
    summary: 'List what happened in a project, or follow it',
    description:
      'Newest first. A stream starts with what happens from now on, or behind Last-Event-ID; read the list first, ' +
      'and send the id of its first event to miss nothing.',
    tag: 'Projects',
    query: pageQuery,
    answers: {
      200: {
        summary: 'A page of events, newest first',
        schema: pageOf(eventSchema),
        stream: { schema: eventSchema, summary: 'An event `event` with each thing that happens' },
      },
    },
    handle: async ({ ports, params, query, wantsStream, lastEventId, stream }) => {
      await getProject(ports.store, params.project);
      if (!wantsStream) {
        const list = { pk: eventsPartition(params.project), reverse: true };
        return listReply<BerthEvent>(ports.store, list, query, view);
      }
      const resumes = lastEventId !== undefined && ULID_PATTERN.test(lastEventId);
      const from = resumes ? lastEventId : await newestId(ports.store, params.project);
      return stream((signal) => follow(ports, params.project, from, signal));
    },
  }),
];
