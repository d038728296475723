/** Steps of the workflow `provision-environment`, and those that `provision-with-data` shares. */
import { environmentKey } from '../../core/keys.ts';
import { type Environment, isFor, type Operation } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { endingOf, errorOf, untilOverdue } from '../end-operation.ts';
import { endIn, environmentOf, timeNow, toReady } from '../environment-state.ts';
import type { Step } from '../step.ts';

type Provisioning = Operation<'provision-environment' | 'provision-with-data'>;

export const provisionEnvironment: Step<Provisioning> = {
  role: 'work',
  async run({ ports, operation }) {
    await ports.workloads.ensureEnvironment(environmentOf(operation), { operation: operation.id });
  },
};

export const finishProvisioning: Step<Provisioning> = {
  role: 'finish',
  async run(context) {
    await endIn(context, { status: 'succeeded' }, 'environment.ready', toReady(timeNow(context.ports)));
  },
};

export const recoverProvisioning: Step<Operation<'provision-environment'>> = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    await untilOverdue(ports, operation, () => removeUnowned(ports, operation));
    await endIn(context, endingOf(errorOf(context)), 'environment.failed', toFailed);
  },
};

export const toFailed = (environment: Environment): Environment => ({ ...environment, state: 'failed' });

/** Whoever destroyed the environment may have been done with its place before that was made. */
export async function removeUnowned(ports: Ports, operation: Provisioning): Promise<void> {
  const item = await ports.store.get<Environment>(environmentKey(operation));
  if (item && isFor(operation, item.data) && item.data.state !== 'destroying') return;
  await ports.workloads.removeEnvironment(environmentOf(operation));
}
