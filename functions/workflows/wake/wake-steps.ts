/** Steps of the workflow `wake`. */
import type { Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { endIn, environmentOf, recoverAwake, startAll, timeNow, toReady } from '../environment-state.ts';
import { type Step, StillProgressing } from '../step.ts';

export const startWorkloads: Step<Operation<'wake'>> = {
  role: 'work',
  async run({ ports, operation, signal }) {
    const started = await startAll(ports, environmentOf(operation));
    const outcomes = await Promise.all(
      started.map(async ({ instance, refused }) => {
        if (refused) return { instance, failure: refused.message };
        const rollout = await ports.workloads.awaitRollout(instance, instance.current ?? 0, signal);
        if (rollout.state === 'progressing') throw new StillProgressing();
        return { instance, ...(rollout.state === 'failed' && { failure: rollout.error.cause }) };
      }),
    );
    const failed = outcomes.filter(({ failure }) => failure !== undefined);
    if (failed.length === 0) return;
    const names = failed.map(({ instance }) => instance.service).join(', ');
    throw new Problem('workload_not_ready', `Not all came back: ${names}. ${failed[0]?.failure}`, {
      hint: "Read that service's log, then deploy it again or roll it back; the others serve.",
    });
  },
};

export const finishWaking: Step<Operation<'wake'>> = {
  role: 'finish',
  async run(context) {
    await endIn(context, { status: 'succeeded' }, 'environment.ready', toReady(timeNow(context.ports)));
  },
};

/** One service that does not come back keeps no other asleep: the environment is awake, the operation failed. */
export const recoverWaking: Step<Operation<'wake'>> = { role: 'recover', run: recoverAwake };
