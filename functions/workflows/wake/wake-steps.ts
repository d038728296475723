/** Steps of the workflow `wake`. */
import type { Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { endingOf, errorOf } from '../end-operation.ts';
import { endIn, environmentOf, startAll, timeNow, toReady } from '../environment-state.ts';
import { type Step, StillProgressing } from '../step.ts';

export const startWorkloads: Step<Operation<'wake'>> = {
  role: 'work',
  async run({ ports, operation, signal }) {
    const running = await startAll(ports, environmentOf(operation));
    const rollouts = await Promise.all(
      running.map((instance) => ports.workloads.awaitRollout(instance, instance.current!, signal)),
    );
    if (rollouts.some((rollout) => rollout.state === 'progressing')) throw new StillProgressing();
    const failed = running.filter((_, index) => rollouts[index]!.state === 'failed');
    if (failed.length === 0) return;
    const first = rollouts.find((rollout) => rollout.state === 'failed');
    const cause = first?.state === 'failed' ? ` ${first.error.cause}` : '';
    throw new Problem(
      'workload_not_ready',
      `Not all came back: ${failed.map(({ service }) => service).join(', ')}.${cause}`,
      {
        hint: "Read that service's log, then deploy it again or roll it back; the others serve.",
      },
    );
  },
};

export const finishWaking: Step<Operation<'wake'>> = {
  role: 'finish',
  async run(context) {
    await endIn(context, { status: 'succeeded' }, 'environment.ready', toReady(timeNow(context.ports)));
  },
};

/** One service that does not come back keeps no other asleep: the environment is awake, the operation failed. */
export const recoverWaking: Step<Operation<'wake'>> = {
  role: 'recover',
  async run(context) {
    await endIn(context, endingOf(errorOf(context)), 'environment.ready', toReady(timeNow(context.ports)));
  },
};
