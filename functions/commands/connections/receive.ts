/** Accepts what a git provider delivers: once, in any order, with what it leads to in the same transaction. */

import { fullNameOf } from '../../core/git/git-provider.ts';
import type { HookFacts, PullRequestFacts, PushFacts } from '../../core/git/hook-facts.ts';
import { firstLine } from '../../core/git/hook-facts.ts';
import { emptyLane, isNewer, type LaneStep, withStep } from '../../core/git/lane.ts';
import { branchOf, ruleFor, whySkipped } from '../../core/git/push-rules.ts';
import {
  connectionKey,
  DELIVERIES_QUEUE,
  deliveriesPartition,
  deliveryCounterKey,
  deliveryKey,
  laneKey,
  RETENTION_QUEUE,
  seenKey,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { type Connection, type Delivery, hasEnded, type Lane } from '../../core/model/index.ts';
import { checkGitRef } from '../../core/source/git-source.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { inTurn } from '../../records/turns.ts';
import { appRefusal } from './app-access.ts';
import { type PreviewPlan, planPreview } from './preview-plan.ts';

export interface Message {
  /** The provider's name for it. */
  delivery: string;
  event: string;
  facts: HookFacts;
  /** What makes a message the same one, beside its name. */
  alike?: string;
  /** The number of the delivery that is done once more: what it asks for is done, whatever is watched. */
  redelivers?: number;
}

export interface Received {
  delivery: Delivery;
  /** The message came before. */
  isKnown: boolean;
}

export const connectionActor = ({ id }: Pick<Connection, 'id'>): string => `connection:${id}`;

/** Who acts for a connection: whoever set its rules is no second person beside it. */
export const connectionCaller = (connection: Connection): Caller => ({
  actor: connectionActor(connection),
  person: connection.createdBy,
});

/** The name of the line that a message belongs to, of which one commit is the newest. */
export function laneOf({ ref, pullRequest }: Pick<Delivery, 'ref' | 'pullRequest'>): string {
  return pullRequest === undefined ? (ref ?? '') : `pull-request ${pullRequest}`;
}

/** How long a delivery is listed once it has ended, and known when it comes again, milliseconds. */
const KEPT_MS = limits.deliverySeconds.value * 1000;

/** What a message leads to. */
export type Outcome = Pick<Delivery, 'state'> &
  Partial<Pick<Delivery, 'reason' | 'environment'>> & {
    /** How the line goes on: whether the message leads beyond what it has come to. */
    lane?: { step: LaneStep; newer: boolean; closed?: boolean };
    preview?: PreviewPlan;
  };

/**
 * Accepts a message; the same one is accepted once.
 * @param caller a person who asks for it once more; the connection itself by default
 */
export function receive(
  ports: Ports,
  connection: Connection,
  message: Message,
  caller: Caller = { actor: connectionActor(connection) },
): Promise<Received> {
  // Of messages that come together, each reads what the one before it wrote.
  return inTurn(ports.store, deliveriesPartition(connection.id), () =>
    retryOnConflict(() => accept(ports, caller, connection, message)),
  );
}

async function accept(
  ports: Ports,
  caller: Caller,
  connection: Connection,
  message: Message,
): Promise<Received> {
  const { store, effects } = ports;
  const { id, project, service } = connection;
  const { facts } = message;
  const seen = [message.delivery, ...(message.alike === undefined ? [] : [`body ${message.alike}`])].map(
    (what) => seenKey(id, what),
  );
  const target = describe(facts);
  const lane = laneKey(id, laneOf(target));
  const [counter, known, ...read] = await store.getMany<unknown>([deliveryCounterKey(id), lane, ...seen]);
  const before = read.find((item) => item !== undefined)?.data as { number: number } | undefined;
  if (before) {
    const item = await store.get<Delivery>(deliveryKey(id, before.number));
    if (item) return { delivery: item.data, isKnown: true };
  }
  const number = ((counter?.data as { number: number } | undefined)?.number ?? 0) + 1;
  const laneItem = known as Item<Lane> | undefined;
  const outcome = await decide(ports, connection, message, laneItem?.data ?? emptyLane, number);
  const at = new Date(effects.now()).toISOString();
  const delivery: Delivery = {
    connection: id,
    project,
    service,
    number,
    delivery: message.delivery.slice(0, 200),
    event: firstLine(message.event).slice(0, 100),
    at,
    ...target,
    state: outcome.state,
    ...(outcome.reason !== undefined && { reason: outcome.reason }),
    ...(outcome.environment !== undefined && { environment: outcome.environment }),
    ...(message.redelivers !== undefined && { redelivers: message.redelivers }),
    ...(hasEnded(outcome) && { endedAt: at }),
  };
  const kept = { queue: RETENTION_QUEUE, at: effects.now() + KEPT_MS };
  // Only what comes late needs it: a branch where nothing happens for long is forgotten.
  const laneDue = { queue: RETENTION_QUEUE, at: effects.now() + 3 * KEPT_MS };
  const next = nextLane(laneItem?.data ?? emptyLane, outcome, number);
  await commit(ports, caller, {
    writes: [
      {
        put: { ...deliveryCounterKey(id), data: { number } },
        if: counter ? { version: counter.version } : 'absent',
      },
      deliveryWrite(ports, delivery, 'absent'),
      ...seen.map((key): Write => ({ put: { ...key, data: { number }, due: kept } })),
      ...(next
        ? [
            {
              put: { ...lane, data: next, due: laneDue },
              if: laneItem ? { version: laneItem.version } : ('absent' as const),
            },
          ]
        : []),
      ...(outcome.preview?.writes(delivery) ?? []),
      // A connection that is being removed takes nothing more.
      { check: connectionKey(connection), if: 'present' },
    ],
    events: [
      {
        project,
        service,
        type: 'delivery.accepted',
        data: { ...toldOf(delivery), event: delivery.event },
      },
      ...(outcome.preview?.events(delivery) ?? []),
    ],
    result: delivery,
  });
  return { delivery, isKnown: false };
}

/** The write of a delivery's record: looked at again while it goes on, and kept for a while after. */
export function deliveryWrite(
  ports: Ports,
  delivery: Delivery,
  condition: 'absent' | { version: number },
  afterMs = 0,
): Write {
  const now = ports.effects.now();
  const due = hasEnded(delivery)
    ? { queue: RETENTION_QUEUE, at: now + KEPT_MS }
    : { queue: DELIVERIES_QUEUE, at: now + afterMs };
  return {
    put: { ...deliveryKey(delivery.connection, delivery.number), data: delivery, due },
    if: condition,
  };
}

/** What events tell of a delivery. */
export const toldOf = ({ connection, number, state, commit: at, ref, pullRequest, reason }: Delivery) => ({
  connection,
  number,
  state,
  ...(at !== undefined && { commit: at }),
  ...(ref !== undefined && { ref }),
  ...(pullRequest !== undefined && { pullRequest }),
  ...(reason !== undefined && { reason }),
});

function describe(
  facts: HookFacts,
): Partial<Pick<Delivery, 'ref' | 'commit' | 'message' | 'author' | 'pullRequest'>> {
  if (facts.kind === 'other') return {};
  const author = facts.author && { author: firstLine(facts.author) };
  if (facts.kind === 'pull-request')
    return { pullRequest: facts.number, commit: facts.commit, message: facts.title, ...author };
  const { ref, after, message } = facts;
  return {
    // Longer ones are no refs that are built.
    ref: firstLine(ref, 300),
    ...(after && { commit: after }),
    ...(message && { message: firstLine(message) }),
    ...author,
  };
}

function nextLane(lane: Lane, { lane: step }: Outcome, number: number): Lane | undefined {
  if (!step) return undefined;
  const { closed: _closed, ...next } = withStep(lane, step.step, number, step.newer);
  const isClosed = step.closed ?? lane.closed;
  return isClosed ? { ...next, closed: true } : next;
}

const skipped = (reason: string): Outcome => ({ state: 'skipped', reason });
const superseded: Pick<Outcome, 'state' | 'reason'> = {
  state: 'superseded',
  reason: 'another commit is newer',
};

async function decide(
  ports: Ports,
  connection: Connection,
  message: Message,
  lane: Lane,
  number: number,
): Promise<Outcome> {
  const { facts } = message;
  if (facts.kind === 'other') return skipped('this event asks for nothing');
  const name = fullNameOf(connection.repository);
  if (facts.repository.toLowerCase() !== name.toLowerCase())
    return skipped(`it is of another repository than ${name}`);
  // What a preview left behind is taken away whoever may do what.
  const isEnd = facts.kind === 'pull-request' && facts.action === 'closed';
  const why = connection.app && !isEnd ? await appRefusal(ports, connection) : undefined;
  if (why !== undefined) return skipped(why);
  return facts.kind === 'push'
    ? decidePush(connection, message, facts, lane)
    : decidePullRequest(ports, connection, facts, lane, number);
}

function decidePush(connection: Connection, message: Message, facts: PushFacts, lane: Lane): Outcome {
  const { ref, before, after, at, committedAt } = facts;
  const branch = branchOf(ref);
  if (branch === undefined) return skipped('it is of no branch');
  const rule = ruleFor(connection.rules, branch);
  if (!rule) return skipped(`no rule is for the branch ${firstLine(branch)}`);
  try {
    checkGitRef(ref);
  } catch {
    return skipped('the name of the branch has characters that Berth does not take');
  }
  const step: LaneStep = {
    ...(before && { before }),
    ...(after && { after }),
    ...(at !== undefined && { at }),
    ...(committedAt !== undefined && { committedAt }),
  };
  // It was found by asking before its message came. Number 0 was there before all messages.
  const { commit: head, number: known = 0 } = lane.head ?? {};
  if (message.redelivers === undefined && known > 0 && after !== undefined && head === after)
    return { ...skipped('its commit came before'), lane: { step, newer: false } };
  // What is done once more is so as long as nothing newer has come.
  const isAgain = message.redelivers !== undefined && lane.head?.commit === after;
  // What was found where the connection began, and whose own message comes only now, was never deployed.
  const isOfBase = known === 0 && after !== undefined && head === after;
  const newer = isAgain || isOfBase || isNewer(lane, step);
  const common = { environment: rule.environment, lane: { step, newer } };
  if (!newer) return { ...common, ...superseded };
  if (after === undefined) return { ...skipped('the branch was deleted'), lane: { step, newer } };
  const reason = message.redelivers === undefined ? whySkipped(connection, facts) : undefined;
  return reason === undefined ? { ...common, state: 'waiting' } : { ...common, ...skipped(reason) };
}

async function decidePullRequest(
  ports: Ports,
  connection: Connection,
  facts: PullRequestFacts,
  lane: Lane,
  number: number,
): Promise<Outcome> {
  if (!connection.previews) return skipped('pull requests of this connection get no previews');
  if (facts.action === 'other') return skipped('the pull request has no other commit by it');
  const { commit: after, at } = facts;
  const step: LaneStep = { after, ...(at !== undefined && { at }) };
  const isClosing = facts.action === 'closed';
  const isLate = at !== undefined && lane.head?.at !== undefined && at < lane.head.at;
  // Only what opens it again follows the end of a pull request. Providers count in seconds, in one of which it may have been opened and closed.
  const isBefore = facts.action === 'opened' || facts.action === 'updated';
  if (isLate || (lane.closed && isBefore)) return { ...superseded, lane: { step, newer: false } };
  const plan = await planPreview(ports, connection, facts, number);
  return { ...plan.outcome, lane: { step, newer: true, closed: isClosing }, preview: plan };
}
