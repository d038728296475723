/**
 * Steps of the workflow `rotate-secret`. New credentials are good before anything takes them, and the old ones stay
 * good until nothing holds them any more: at each moment, what serves has credentials that work. The record of what
 * is rotated keeps both until the end, and decides once, in one write, whether the rotation goes on or back; each
 * step asks it (docs/explanation/rotation.md).
 */
import { endWarm } from '../../commands/deployments/warm.ts';
import { environmentKey } from '../../core/keys.ts';
import { type Environment, isFor, type RotationDecision } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { retryOnConflict } from '../../records/commit.ts';
import { type Ending, endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import { type Step, type StepContext, StillProgressing } from '../step.ts';
import { isOutdated, reads } from './outdated.ts';
import { LOOK_MS, untilSettled } from './readers.ts';
import type { Rotated, RotationOperation } from './rotated.ts';
import { rotatedResource } from './rotated-resource.ts';
import { rotatedSecret } from './rotated-secret.ts';

type RotationStep = Step<RotationOperation>;

function rotatedBy(ports: Ports, operation: RotationOperation): Rotated {
  const { input } = operation;
  if (input.resource !== undefined) return rotatedResource(ports, operation, input.resource);
  const { secret: name, version, previous } = input;
  return rotatedSecret(ports, operation, { name, version, previous });
}

export const prepareRotation: RotationStep = {
  role: 'work',
  watched: true,
  async run(context) {
    const rotated = rotatedBy(context.ports, context.operation);
    const held = await rotated.held();
    if (!held || held.next || held.decision) return;
    // A rotation that failed may have left readers with credentials that the new ones would take the place of.
    const isStale = async () => (deployment: Parameters<typeof isOutdated>[0]) =>
      isOutdated(deployment, held.previous);
    if (!(await untilSettled(context, isStale, async () => []))) throw new StillProgressing();
    await rotated.prepare();
  },
};

export const switchCredentials: RotationStep = {
  role: 'work',
  run: ({ ports, operation }) => rotatedBy(ports, operation).switch(),
};

/** Ends with the decision to retire the old credentials: from then on there is no way back. */
export const redeployReaders: RotationStep = {
  role: 'work',
  watched: true,
  async run(context) {
    const rotated = rotatedBy(context.ports, context.operation);
    if (await isDecided(rotated)) return;
    const settled = await untilSettled(
      context,
      async () => {
        const { next = new Map() } = (await rotated.held()) ?? {};
        return (deployment) => isOutdated(deployment, next);
      },
      async () => {
        const write = await rotated.decisionWrite('retire');
        if (write) return [write];
        return (await isDecided(rotated)) ? [] : undefined;
      },
    );
    if (!settled) throw new StillProgressing();
  },
};

/** What is gone, or held by another rotation, is decided as well. */
async function isDecided(rotated: Rotated): Promise<boolean> {
  const held = await rotated.held();
  return !held || held.decision !== undefined;
}

export const retireCredentials: RotationStep = {
  role: 'work',
  async run({ ports, operation }) {
    const rotated = rotatedBy(ports, operation);
    if ((await rotated.held())?.decision !== 'retire') return;
    // What was replaced may have the old ones, also where what serves now uses none.
    await endWarm(ports, operation, () => true);
    await rotated.retire();
  },
};

const succeeded = ({ result }: Rotated): Ending => ({ status: 'succeeded', result });

export const finishRotation: RotationStep = {
  role: 'finish',
  run: ({ ports, operation }) => {
    const rotated = rotatedBy(ports, operation);
    return end(ports, operation, rotated, succeeded(rotated));
  },
};

const end = (ports: Ports, operation: RotationOperation, rotated: Rotated, ending: Ending): Promise<void> =>
  endOperation(ports, operation, {
    ending,
    event: ending.status === 'succeeded' ? rotated.succeeded : rotated.failed(ending.error),
    writes: () => rotated.release(),
  });

/**
 * Goes on where the old credentials were to be retired, since whoever holds the new ones holds good ones. Otherwise
 * it goes back to the old ones, which are still good; what took the new ones keeps serving until it has the old ones.
 */
export const recoverRotation: RotationStep = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    const rotated = rotatedBy(ports, operation);
    const isForward = await untilOverdue(ports, operation, async () => {
      if ((await decide(ports, rotated)) !== 'retire') return goBack(context, rotated);
      await rotated.retire();
      return true;
    });
    await end(ports, operation, rotated, isForward ? succeeded(rotated) : endingOf(errorOf(context)));
  },
};

const decide = (ports: Ports, rotated: Rotated): Promise<RotationDecision | undefined> =>
  retryOnConflict(async () => {
    const held = await rotated.held();
    if (!held || held.decision) return held?.decision;
    const decision = (await rotated.isRetired()) ? 'retire' : 'restore';
    const write = await rotated.decisionWrite(decision);
    if (write) await ports.store.transact([write]);
    return decision;
  });

/** How long readers are waited for that go back, milliseconds. */
const PATIENCE_MS = 60_000;

/** @returns false: it has gone back */
async function goBack(context: StepContext<RotationOperation>, rotated: Rotated): Promise<boolean> {
  const { ports, operation } = context;
  const environment = await ports.store.get<Environment>(environmentKey(operation));
  // Everything goes with the environment, and what is restored now would be left over.
  if (!environment || !isFor(operation, environment.data) || environment.data.state === 'destroying')
    return false;
  await rotated.restore();
  const held = await rotated.held();
  const { next } = held ?? {};
  if (!next) return false;
  const isOverdue = ports.effects.now() >= Date.parse(operation.deadline);
  const isSettled = await untilSettled(
    context,
    async () => (deployment) => reads(deployment, next),
    async () => [],
    isOverdue ? 1 : PATIENCE_MS / LOOK_MS,
  ).catch((error: unknown) => {
    // What does not start with the old credentials goes on with the new ones, which stay good; so does what sleeps.
    if (error instanceof Problem) return false;
    throw error;
  });
  if (isSettled) await rotated.abandon();
  return false;
}
