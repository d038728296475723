/**
 * Takes a delivery further: build, deploy, end. It is decided by what is recorded and not by what just happened, so it
 * may be called at any time, by several processes, and after a crash. Each step is one transaction with the change that
 * it makes, so that what is begun is begun once, and under the condition that no newer commit has come.
 */
import { deliveryKey, laneKey } from '../../core/keys.ts';
import {
  type Connection,
  type Delivery,
  hasEnded,
  isTerminal,
  type Lane,
  type Operation,
  type OperationOn,
} from '../../core/model/index.ts';
import { Problem, type ProblemDetail } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, StoreConflict, type Write } from '../../ports/store.ts';
import { NotTogether } from '../../records/commit.ts';
import { getEnvironment, getOperation } from '../../records/read.ts';
import type { AcceptedDeployment } from '../deployments/accept-deployment.ts';
import { createDeployment } from '../deployments/deployments.ts';
import { APPROVAL_LOOK_MS, LOOK_MS, passes, TRY_MS } from '../deployments/patience.ts';
import { cancelOperation } from '../operations/operations.ts';
import { createBuild } from '../versions/builds.ts';
import { findConnection } from './connections.ts';
import { type Ending, finish, later, type Run, rewrite } from './delivery-run.ts';
import { closePreview, deployBeside, openPreview } from './preview-steps.ts';
import { connectionCaller, deliveryWrite, laneOf } from './receive.ts';

const superseded: Ending = { state: 'superseded', reason: 'another commit is newer' };

/** Goes as far as it goes now. */
export async function advanceDelivery(
  ports: Ports,
  ref: { connection: string; number: number },
): Promise<void> {
  for (;;) {
    const item = await ports.store.get<Delivery>(deliveryKey(ref.connection, ref.number));
    if (!item || hasEnded(item.data)) return;
    const connection = (await findConnection(ports.store, ref.connection))?.data;
    try {
      if (!connection) {
        await finish(ports, item, { state: 'skipped', reason: 'the connection was removed' });
        return;
      }
      const run: Run = { ports, connection, item, caller: connectionCaller(connection) };
      await step(run);
      return;
    } catch (error) {
      // Somebody else was faster: what they wrote is read.
      if (error instanceof StoreConflict || error instanceof NotTogether) continue;
      if (!(error instanceof Problem) || !connection) throw error;
      await giveUpOrWait(ports, item, error.toDetail());
      return;
    }
  }
}

function step(run: Run): Promise<void> {
  switch (run.item.data.state) {
    case 'waiting':
      return begin(run);
    case 'building':
      return afterBuild(run);
    case 'deploying':
      return afterDeployment(run);
    default:
      return closePreview(run);
  }
}

async function giveUpOrWait(ports: Ports, item: Item<Delivery>, error: ProblemDetail): Promise<void> {
  const now = ports.effects.now();
  const since = item.data.stuckSince ?? new Date(now).toISOString();
  if (!passes(error.code, since, now)) await finish(ports, item, { state: 'failed', error });
  else await ports.store.transact([rewrite(ports, item, { stuckSince: since }, TRY_MS)]);
}

/** The condition that no newer commit has come; undefined where one has. */
async function stillNewest({ ports, item }: Run): Promise<Write | undefined> {
  const { connection, number } = item.data;
  const key = laneKey(connection, laneOf(item.data));
  const lane = await ports.store.get<Lane>(key);
  if (lane?.data.head?.number !== number || lane.data.closed) return undefined;
  return { check: key, if: { version: lane.version } };
}

async function begin(run: Run): Promise<void> {
  const { ports, connection, item } = run;
  const newest = await stillNewest(run);
  if (!newest) return ended(run, superseded);
  const { project, service, repository, path } = connection;
  const { ref, pullRequest, commit: id, environment = '' } = item.data;
  if (pullRequest !== undefined) await openPreview(run);
  // What can not be deployed is not built either.
  else await getEnvironment(ports.store, { project, environment });
  // The provider has signed that this commit is on that ref.
  const source = {
    kind: 'git' as const,
    url: repository,
    ref: pullRequest === undefined ? (ref ?? '') : pullRef(connection, pullRequest),
    ...(id !== undefined && { commit: id }),
  };
  const together = (build: Operation<'build'>): Write[] => [
    rewrite(ports, item, { state: 'building', build: build.id }, LOOK_MS),
    newest,
  ];
  await createBuild(
    ports,
    { ...run.caller, together },
    { project, service, source, ...(path !== undefined && { path }) },
  );
}

const pullRef = ({ provider }: Connection, number: number): string =>
  provider === 'gitlab' ? `refs/merge-requests/${number}/head` : `refs/pull/${number}/head`;

async function ended({ ports, item }: Run, ending: Ending): Promise<void> {
  await finish(ports, item, ending);
}

async function afterBuild(run: Run): Promise<void> {
  const { ports, connection, item } = run;
  const { build = '', environment = '' } = item.data;
  const { status, error, result } = (await getOperation(ports.store, build)).data;
  const newest = await stillNewest(run);
  if (!newest) {
    // What nobody waits for any more is not built to its end.
    if (!isTerminal(status)) await cancelOperation(ports, run.caller, build).catch(ignoreProblem);
    return ended(run, superseded);
  }
  if (!isTerminal(status)) return later(run);
  const version = result?.version;
  if (typeof version !== 'string') return ended(run, { state: 'failed', ...(error && { error }) });
  if (item.data.pullRequest !== undefined && !(await deployBeside(run))) return later(run);
  const ref = { project: connection.project, environment, service: connection.service };
  const together = ({ deployment, operation }: AcceptedDeployment): Write[] => {
    const began = { version, deployment: deployment.number, operation: operation.id };
    const { stuckSince: _since, ...rest } = item.data;
    const data: Delivery = { ...rest, ...began, state: 'deploying' };
    return [deliveryWrite(ports, data, { version: item.version }, LOOK_MS), newest];
  };
  await createDeployment(ports, { ...run.caller, together }, ref, { version });
}

const ignoreProblem = (error: unknown): void => {
  if (!(error instanceof Problem)) throw error;
};

async function afterDeployment(run: Run): Promise<void> {
  const { ports, item } = run;
  const found = await getOperation(ports.store, item.data.operation ?? '');
  const { status, error, approval } = found.data as OperationOn<'deployment'>;
  if (!isTerminal(status)) return later(run, approval?.state === 'pending' ? APPROVAL_LOOK_MS : LOOK_MS);
  if (status === 'succeeded') return ended(run, { state: 'succeeded' });
  if (status === 'superseded') return ended(run, superseded);
  return ended(run, { state: 'failed', ...(error && { error }) });
}
