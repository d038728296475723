/** Steps of the workflow `provision-environment`. */
import type { Operation } from '../../core/model/index.ts';
import { endingOf, errorOf } from '../end-operation.ts';
import { endIn, environmentOf, timeNow, toReady } from '../environment-state.ts';
import type { Step } from '../step.ts';

export const provisionEnvironment: Step<Operation<'provision-environment'>> = {
  role: 'work',
  async run({ ports, operation }) {
    await ports.workloads.ensureEnvironment(environmentOf(operation), { operation: operation.id });
  },
};

export const finishProvisioning: Step<Operation<'provision-environment'>> = {
  role: 'finish',
  async run(context) {
    await endIn(context, { status: 'succeeded' }, 'environment.ready', toReady(timeNow(context.ports)));
  },
};

export const recoverProvisioning: Step<Operation<'provision-environment'>> = {
  role: 'recover',
  async run(context) {
    await endIn(context, endingOf(errorOf(context)), 'environment.failed', (environment) => ({
      ...environment,
      state: 'failed',
    }));
  },
};
