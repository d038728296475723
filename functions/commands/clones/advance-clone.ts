/**
 * Takes a clone further. What comes next follows from its record, so it may be called at any time, by several processes, and
 * after a crash. A deployment and the record that tells of it are one transaction: it is begun once.
 */
import { nextLookMs, nextOfClone } from '../../core/clones/clone-step.ts';
import { cloneKey, environmentKey, operationKey } from '../../core/keys.ts';
import {
  type Clone,
  type ClonedService,
  type Environment,
  type EnvironmentRef,
  isTerminal,
  isUnderWay,
  type Operation,
  type OperationOn,
} from '../../core/model/index.ts';
import { Problem, type ProblemDetail } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, StoreConflict, type Write } from '../../ports/store.ts';
import { type Caller, commit, NotTogether } from '../../records/commit.ts';
import type { AcceptedDeployment } from '../deployments/accept-deployment.ts';
import { environmentGone } from '../deployments/deployment-fence.ts';
import { createDeployment } from '../deployments/deployments.ts';
import { APPROVAL_LOOK_MS, LOOK_MS, passes, TRY_MS } from '../deployments/patience.ts';
import { notReady, RUNS_IN } from '../environments/environments.ts';
import { copySettings } from './begin-as.ts';
import { cloneWrite } from './clones.ts';

type Outcome = 'on' | 'later';

/** Goes as far as it goes now. */
export async function advanceClone(ports: Ports, ref: EnvironmentRef): Promise<void> {
  for (;;) {
    const item = await ports.store.get<Clone>(cloneKey(ref));
    if (!item || !isUnderWay(item.data)) return;
    try {
      if ((await step(ports, item)) === 'later') return;
    } catch (error) {
      // Somebody else was faster: what they wrote is read.
      if (error instanceof StoreConflict || error instanceof NotTogether) continue;
      if (!(error instanceof Problem)) throw error;
      if ((await giveUpOrWait(ports, item, error.toDetail())) === 'later') return;
    }
  }
}

/** Whoever asked for the clone asks for what is in it. */
const callerOf = ({ createdBy, person }: Clone): Caller => ({
  actor: createdBy,
  ...(person !== undefined && { person }),
});

const write = (ports: Ports, item: Item<Clone>, change: Partial<Clone>, afterMs = 0): Promise<void> => {
  const { stuckSince: _since, ...rest } = item.data;
  return ports.store.transact([cloneWrite(ports, { ...rest, ...change }, item.version, afterMs)]);
};

async function step(ports: Ports, item: Item<Clone>): Promise<Outcome> {
  switch (item.data.state) {
    case 'preparing':
      return prepare(ports, item);
    case 'provisioning':
      return untilReady(ports, item);
    default:
      return deployNext(ports, item);
  }
}

/** @throws Problem environment_gone */
async function environmentOf(ports: Ports, ref: EnvironmentRef, id: string): Promise<Environment> {
  const found = await ports.store.get<Environment>(environmentKey(ref));
  if (found?.data.id !== id || found.data.state === 'destroying') throw environmentGone(ref);
  return found.data;
}

const own = (ports: Ports, clone: Clone): Promise<Environment> =>
  environmentOf(ports, clone, clone.environmentId);

async function prepare(ports: Ports, item: Item<Clone>): Promise<Outcome> {
  const { project, from: environment, fromId, secrets } = item.data;
  const to = await own(ports, item.data);
  const from = await environmentOf(ports, { project, environment }, fromId);
  await copySettings(ports, callerOf(item.data), { from, to, secrets });
  await write(ports, item, { state: 'provisioning' });
  return 'on';
}

async function untilReady(ports: Ports, item: Item<Clone>): Promise<Outcome> {
  const environment = await own(ports, item.data);
  if (environment.state === 'failed') {
    await finish(ports, item, { state: 'failed', error: await whyFailed(ports, item.data, environment) });
    return 'on';
  }
  const isReady = RUNS_IN.includes(environment.state);
  const age = ports.effects.now() - Date.parse(item.data.createdAt);
  await write(ports, item, isReady ? { state: 'deploying' } : {}, isReady ? 0 : nextLookMs(age));
  return isReady ? 'on' : 'later';
}

async function whyFailed(
  { store }: Ports,
  { operation }: Clone,
  environment: Environment,
): Promise<ProblemDetail> {
  const found = await store.get<Operation>(operationKey(operation));
  return found?.data.error ?? notReady(environment, RUNS_IN).toDetail();
}

async function deployNext(ports: Ports, item: Item<Clone>): Promise<Outcome> {
  await own(ports, item.data);
  const next = nextOfClone(item.data.services);
  switch (next.do) {
    case 'deploy':
      return begin(ports, item, next.service);
    case 'look':
      return look(ports, item, next.services);
    case 'end':
      await finish(ports, item, next);
      return 'on';
  }
}

const withService = ({ services }: Clone, changed: ClonedService): Pick<Clone, 'services'> => ({
  services: services.map((one) => (one.service === changed.service ? changed : one)),
});

async function begin(ports: Ports, item: Item<Clone>, service: ClonedService): Promise<Outcome> {
  const { project, environment, environmentId, from } = item.data;
  const ref = { project, environment, service: service.service };
  const together = ({ deployment, operation }: AcceptedDeployment): Write[] => {
    // Another environment may have its name by now.
    if (deployment.environmentId !== environmentId) throw environmentGone(ref);
    const { stuckSince: _since, ...rest } = item.data;
    const begun = {
      ...service,
      state: 'deploying' as const,
      deployment: deployment.number,
      operation: operation.id,
    };
    return [cloneWrite(ports, { ...rest, ...withService(item.data, begun) }, item.version, LOOK_MS)];
  };
  try {
    const request = { version: service.version, fromEnvironment: from };
    await createDeployment(ports, { ...callerOf(item.data), together }, ref, request);
    return 'on';
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'environment_gone' || isPassing(ports, item, error.code)) throw error;
    await write(
      ports,
      item,
      withService(item.data, { ...service, state: 'failed', error: error.toDetail() }),
    );
    return 'on';
  }
}

/** Takes over how the deployments have ended that have ended. */
async function look(ports: Ports, item: Item<Clone>, services: ClonedService[]): Promise<Outcome> {
  let clone = item.data;
  let isAwaited = true;
  for (const service of services) {
    const found = await ports.store.get<OperationOn<'deployment'>>(operationKey(service.operation ?? ''));
    // Nobody looked for so long that it was forgotten: nothing tells that it succeeded.
    const { status = 'failed', error, approval } = found?.data ?? {};
    if (!isTerminal(status)) {
      isAwaited &&= approval?.state === 'pending';
      continue;
    }
    // Somebody has deployed another version meanwhile, and that is theirs to follow.
    const state = status === 'succeeded' || status === 'superseded' ? 'succeeded' : 'failed';
    clone = { ...clone, ...withService(clone, { ...service, state, ...(error && { error }) }) };
  }
  const isNew = clone !== item.data;
  await write(ports, item, { services: clone.services }, isNew ? 0 : isAwaited ? APPROVAL_LOOK_MS : LOOK_MS);
  return isNew ? 'on' : 'later';
}

const isPassing = (ports: Ports, { data }: Item<Clone>, code: ProblemDetail['code']): boolean => {
  const now = ports.effects.now();
  return passes(code, data.stuckSince ?? new Date(now).toISOString(), now);
};

async function giveUpOrWait(ports: Ports, item: Item<Clone>, error: ProblemDetail): Promise<Outcome> {
  const stuckSince = item.data.stuckSince ?? new Date(ports.effects.now()).toISOString();
  const isLater = isPassing(ports, item, error.code);
  try {
    if (isLater) await write(ports, item, { stuckSince }, TRY_MS);
    else await finish(ports, item, { state: 'failed', error });
  } catch (failed) {
    if (!(failed instanceof StoreConflict)) throw failed;
    return 'on';
  }
  return isLater ? 'later' : 'on';
}

/** Ends a clone, and tells it. */
async function finish(
  ports: Ports,
  item: Item<Clone>,
  { state, error }: { state: 'succeeded' | 'failed'; error?: ProblemDetail },
): Promise<void> {
  const { stuckSince: _since, ...rest } = item.data;
  const endedAt = new Date(ports.effects.now()).toISOString();
  const clone: Clone = { ...rest, state, ...(error && { error }), endedAt };
  const { project, environment, from } = clone;
  await commit(ports, callerOf(clone), {
    writes: [cloneWrite(ports, clone, item.version)],
    events: [
      error
        ? { project, environment, type: 'clone.failed', data: { from, code: error.code, cause: error.cause } }
        : { project, environment, type: 'clone.succeeded', data: { from } },
    ],
  });
}
