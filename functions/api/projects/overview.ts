/** The overview of a project, once or live. */
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { eventsPartition } from '../../core/keys.ts';
import { shortHash } from '../../core/names.ts';
import type { Ports } from '../../ports/index.ts';
import { getProject } from '../../records/read.ts';
import { environmentSchema } from '../environments/environment-view.ts';
import { instanceSchema } from '../environments/instance-view.ts';
import { route } from '../http/route-spec.ts';
import type { StreamEvent } from '../http/sse.ts';
import {
  type Overview,
  type OverviewFacts,
  overviewSchema,
  overviewView,
  readOverview,
  refreshStatus,
} from './overview-read.ts';

const changeSchema = z
  .object({
    services: overviewSchema.shape.services,
    environments: z.array(environmentSchema),
    instances: z.array(instanceSchema),
    removed: z.object({
      services: z.array(z.string()),
      environments: z.array(z.string()),
      instances: z.array(z.object({ environment: z.string(), service: z.string() })),
    }),
  })
  .meta({
    id: 'OverviewChange',
    description: 'What is new or different, whole, and what is no longer there.',
  });

type Change = z.infer<typeof changeSchema>;

/** Milliseconds between two reads of the state of instances: crashes and recoveries write no record. */
const STATUS_MS = 5_000;
/** Milliseconds after which everything is read again, even without an event. */
const READ_MS = 60_000;
/** Milliseconds that a read waits after an event: events come in bursts, and one read serves the burst. */
const BURST_MS = 100;

/** What is new or different in `after`, and what of `before` is gone. */
function compare<T>(before: readonly T[], after: readonly T[], keyOf: (one: T) => string): [T[], T[]] {
  const was = new Map(before.map((one) => [keyOf(one), JSON.stringify(one)]));
  const is = new Set(after.map(keyOf));
  return [
    after.filter((one) => was.get(keyOf(one)) !== JSON.stringify(one)),
    before.filter((one) => !is.has(keyOf(one))),
  ];
}

function difference(before: Overview, after: Overview): Change | undefined {
  const [services, noServices] = compare(before.services, after.services, ({ name }) => name);
  const [environments, noEnvironments] = compare(before.environments, after.environments, ({ id }) => id);
  const [instances, noInstances] = compare(
    before.instances,
    after.instances,
    ({ environment, service }) => `${environment}/${service}`,
  );
  const lists = [services, noServices, environments, noEnvironments, instances, noInstances];
  if (lists.every(({ length }) => length === 0)) return undefined;
  // An environment that was destroyed and made again under its name is not gone.
  const names = new Set(after.environments.map(({ name }) => name));
  return {
    services,
    environments,
    instances,
    removed: {
      services: noServices.map(({ name }) => name),
      environments: noEnvironments.map(({ name }) => name).filter((name) => !names.has(name)),
      instances: noInstances.map(({ environment, service }) => ({ environment, service })),
    },
  };
}

/**
 * The whole overview, then each change. The id of an event identifies all that was sent up to it: a client that resumes
 * with the id of the present state does not get the overview again.
 */
async function* follow(
  ports: Ports,
  project: string,
  lastEventId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const pk = eventsPartition(project);
  const newest = async (): Promise<string | undefined> =>
    (await ports.store.query({ pk, limit: 1, reverse: true })).items[0]?.sk;
  // Subscribes before each read, so that no change falls between the two.
  const change = (): Promise<void> => ports.store.changed(pk, { timeoutMs: STATUS_MS, signal });
  let changed = change();
  let seen = await newest();
  let facts: OverviewFacts = await readOverview(ports, project);
  let readAt = performance.now();
  let shown = overviewView(facts);
  const idOf = (overview: Overview): string => shortHash(JSON.stringify(overview), 16);
  if (idOf(shown) !== lastEventId) yield { event: 'overview', id: idOf(shown), data: shown };
  while (!signal.aborted) {
    await changed;
    await delay(BURST_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    changed = change();
    const last = await newest();
    if (last !== seen || performance.now() - readAt > READ_MS) {
      seen = last;
      facts = await readOverview(ports, project);
      readAt = performance.now();
    } else facts = await refreshStatus(ports, facts);
    const now = overviewView(facts);
    const different = difference(shown, now);
    if (different) yield { event: 'change', id: idOf(now), data: different };
    shown = now;
  }
}

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/overview',
    policy: { action: 'instance.read', scope: 'project' },
    operationId: 'getOverview',
    summary: 'Read or follow what each service does in each environment',
    description:
      'A stream starts with an event `overview`, then tells what changes. Resume it with Last-Event-ID: where nothing ' +
      'has changed there is no second overview.',
    tag: 'Projects',
    answers: {
      200: {
        summary: 'Services, environments, and what is deployed',
        schema: overviewSchema,
        stream: {
          schema: z.union([overviewSchema, changeSchema]),
          summary: 'An event `overview` with all of it, then an event `change` with each change',
        },
      },
    },
    handle: async ({ ports, params, wantsStream, lastEventId, stream }) => {
      if (wantsStream) {
        // Reads before the stream begins, so that a missing project is answered with a problem as usual.
        await getProject(ports.store, params.project);
        return stream((signal) => follow(ports, params.project, lastEventId, signal));
      }
      return { status: 200, body: overviewView(await readOverview(ports, params.project)) };
    },
  }),
];
