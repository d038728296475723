/** What a pull request leads to: an environment of its own, the end of it, or neither. */
import type { PullRequestFacts } from '../../core/git/hook-facts.ts';
import {
  DELIVERIES_QUEUE,
  environmentKey,
  previewKey,
  previewsPartition,
  RETENTION_QUEUE,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Connection, Delivery, Environment, EventFields, Preview } from '../../core/model/index.ts';
import { deriveName, NAME_MAX } from '../../core/names.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { readAll } from '../../records/read-all.ts';
import type { Outcome } from './receive.ts';

export interface PreviewPlan {
  outcome: Outcome;
  writes(delivery: Delivery): Write[];
  events(delivery: Delivery): EventFields[];
}

const PREVIEWS_MAX = limits.previews.value;
/** After this time it is seen whether a preview's environment is still there, milliseconds. */
const LOOK_AFTER_MS = 10 * 60 * 1000;

export const previewEvent = ({
  project,
  service,
  connection,
  number,
  state,
  commit,
}: Preview): EventFields => ({
  project,
  service,
  type: 'preview.changed',
  data: { connection, number, state, commit },
});

/**
 * Previews have the secrets of their base, and whoever can push reads them: those of a protected environment stay there.
 * @throws Problem forbidden
 */
export function refuseProtectedBase({ name, protection }: Environment): void {
  if (!protection) return;
  throw new Problem(
    'forbidden',
    `Previews can not begin as environment "${name}": it is protected, and they would have its secrets.`,
    { hint: 'Name an environment in "previews.base" whose secrets all may see who can push.' },
  );
}

const nothing = (outcome: Outcome): PreviewPlan => ({ outcome, writes: () => [], events: () => [] });

export async function planPreview(
  ports: Ports,
  connection: Connection,
  facts: PullRequestFacts,
  number: number,
): Promise<PreviewPlan> {
  const { project, service, id } = connection;
  const key = previewKey(connection, facts.number);
  const item = await ports.store.get<Preview>(key);
  // One of an earlier connection of the service is none of this one's.
  const before = item?.data.connection === id ? item.data : undefined;
  const at = new Date(ports.effects.now()).toISOString();
  const plan = (outcome: Outcome, changed: Preview): PreviewPlan => ({
    outcome: { ...outcome, environment: changed.environment },
    writes: ({ number: delivery }) => [
      previewWrite(ports, { ...changed, delivery }, item ? { version: item.version } : 'absent'),
    ],
    events: () => [previewEvent(changed)],
  });
  if (facts.action === 'closed') {
    if (!before || before.state === 'closed')
      return nothing({ state: 'skipped', reason: 'the pull request has no preview' });
    return plan({ state: 'destroying' }, { ...before, state: 'closing', updatedAt: at });
  }
  const isAlive = before?.environmentId !== undefined && before.state !== 'closed';
  const { error: _error, environmentId, approved, ...rest } = before ?? {};
  const next: Preview = {
    environment: deriveName([service, `pr${facts.number}`], NAME_MAX),
    createdAt: at,
    ...rest,
    ...(isAlive && environmentId !== undefined && { environmentId }),
    ...(approved && { approved }),
    project,
    service,
    connection: id,
    number: facts.number,
    title: facts.title,
    ...(facts.url && { url: facts.url }),
    branch: facts.branch.slice(0, 200),
    commit: facts.commit,
    isFork: facts.isFork,
    delivery: number,
    state: 'opening',
    updatedAt: at,
  };
  if (facts.isFork && approved?.commit !== facts.commit)
    return plan(
      { state: 'held', reason: 'the commit is of a fork, and a maintainer has not approved it' },
      { ...next, state: 'held' },
    );
  if (!isAlive && (await livePreviews(ports, project)) >= PREVIEWS_MAX) {
    const reason = `the project has ${PREVIEWS_MAX} previews already`;
    const hint = 'Close a pull request, or destroy the environment of one, then deliver this once more.';
    return plan(
      { state: 'failed', reason },
      {
        ...next,
        state: 'failed',
        error: { code: 'too_many_requests', cause: `No preview: ${reason}.`, hint },
      },
    );
  }
  return plan({ state: 'waiting' }, next);
}

/** How many previews of a project have an environment. */
async function livePreviews({ store }: Ports, project: string): Promise<number> {
  const previews = (await readAll<Preview>(store, previewsPartition(project))).filter(
    ({ data }) => data.environmentId !== undefined && data.state !== 'closed',
  );
  let live = 0;
  for (let at = 0; at < previews.length; at += 100) {
    const some = previews.slice(at, at + 100);
    const found = await store.getMany<Environment>(
      some.map(({ data }) => environmentKey({ project, environment: data.environment })),
    );
    live += found.filter((one, index) => isOf(some[index], one)).length;
  }
  return live;
}

const isOf = (preview: Item<Preview> | undefined, environment: Item<Environment> | undefined): boolean =>
  environment !== undefined && environment.data.id === preview?.data.environmentId;

/** How a preview is once its newest delivery has ended: the writes and events that go with that end. */
export async function previewWrites(
  ports: Ports,
  delivery: Delivery,
): Promise<{ writes: Write[]; events: EventFields[] }> {
  const unchanged = { writes: [], events: [] };
  const { pullRequest, state, error } = delivery;
  if (pullRequest === undefined) return unchanged;
  const key = previewKey(delivery, pullRequest);
  const item = await ports.store.get<Preview>(key);
  if (!item || item.data.delivery !== delivery.number) return unchanged;
  const isEnd = item.data.state === 'closing';
  if (state !== 'succeeded' && state !== 'failed') return unchanged;
  const { error: _before, environmentId, ...rest } = item.data;
  const ready = isEnd ? 'closed' : 'ready';
  const preview: Preview = {
    ...rest,
    ...(environmentId !== undefined && ready !== 'closed' && { environmentId }),
    state: state === 'failed' ? 'failed' : ready,
    ...(error && { error }),
    updatedAt: new Date(ports.effects.now()).toISOString(),
  };
  return {
    writes: [previewWrite(ports, preview, { version: item.version })],
    events: [previewEvent(preview)],
  };
}

/** A preview is looked at once its time should be over; one that has ended is kept for a while. */
export function previewWrite(
  ports: Ports,
  preview: Preview,
  condition: 'absent' | { version: number },
): Write {
  const due =
    preview.state === 'closed'
      ? { queue: RETENTION_QUEUE, at: ports.effects.now() + limits.deliverySeconds.value * 1000 }
      : { queue: DELIVERIES_QUEUE, at: ports.effects.now() + LOOK_AFTER_MS };
  return { put: { ...previewKey(preview, preview.number), data: preview, due }, if: condition };
}
