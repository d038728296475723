/** Steps of the workflow `hibernate`. */
import type { Operation } from '../../core/model/index.ts';
import { Problem, TransientError } from '../../core/problem.ts';
import { instancesOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { endIn, environmentOf, recoverAwake, toHibernated } from '../environment-state.ts';
import { changeSleep } from '../resource-sleep.ts';
import type { Step } from '../step.ts';

/** Scales every workload to zero, and lets resources sleep, unless an idle environment was used after that was decided (I8). */
export const stopWorkloads: Step<Operation<'hibernate'>> = {
  role: 'work',
  async run({ ports, operation }) {
    const ref = environmentOf(operation);
    if (operation.input.reason === 'idle') {
      const [last] = await ports.activity.lastRequests([ref]);
      // What can not be seen now may have been used: it is asked again.
      if (last === 'unknown')
        throw new TransientError(`The last request to "${ref.environment}" is not known.`);
      if (typeof last === 'number' && last > Date.parse(operation.createdAt)) {
        throw new Problem('conflict', 'A request came while it was going to hibernate, so it stays awake.', {
          hint: 'Nothing to do: it hibernates when it has been idle long enough.',
        });
      }
    }
    const { data: environment } = await getEnvironment(ports.store, ref);
    // Each waits until its requests are led elsewhere.
    const stopped = await Promise.allSettled(
      instancesOf(environment).map((instance) => ports.workloads.scale(instance, 0, instance.newest)),
    );
    const failed = stopped.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    const [failure] = await changeSleep(ports, ref, environment.id, 'sleep');
    if (failure) throw failure;
  },
};

export const finishHibernation: Step<Operation<'hibernate'>> = {
  role: 'finish',
  run: (context) => endIn(context, { status: 'succeeded' }, 'environment.hibernated', toHibernated),
};

export const recoverHibernation: Step<Operation<'hibernate'>> = { role: 'recover', run: recoverAwake };
