/** Steps of the workflow `remove-service`. Nothing that another service uses goes. */
import { releaseDomains } from '../../commands/domains/domains.ts';
import { environmentKey, environmentPartition, jobPrefix, resourceKey } from '../../core/keys.ts';
import {
  type Environment,
  type InstanceRef,
  isFor,
  type Operation,
  type Resource,
  SYSTEM_ACTOR,
} from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { retryOnConflict } from '../../records/commit.ts';
import { instanceIn } from '../../records/instances.ts';
import { getDeployment, getEnvironment } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { putBack } from '../deploy/put-back.ts';
import { resourcesOf } from '../destroy-environment/leftovers.ts';
import { deploymentEndWrites, endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import { removeResource } from '../owned-resources.ts';
import { changeStanding, putBackWrites, standingWrites } from '../standing-writes.ts';
import type { Step } from '../step.ts';

type Removal = Operation<'remove-service'>;

export const removeWorkload: Step<Removal> = {
  role: 'work',
  async run({ ports, operation }) {
    await ports.workloads.remove(operation, operation.number);
  },
};

export const removeOwnResources: Step<Removal> = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    await releaseDomains(ports, { actor: SYSTEM_ACTOR }, operation, operation.service);
    const { data: environment } = await getEnvironment(ports.store, operation);
    for (const { data } of await resourcesOf(ports, operation)) {
      if (!data.services.includes(operation.service)) continue;
      const alone = await letGo(ports, operation, data.uid);
      if (alone)
        await removeResource(
          ports,
          { operation: operation.id, environmentId: environment.id },
          alone,
          signal,
        );
    }
  },
};

/**
 * Strikes the service off a resource that others use. One that it used alone is marked, so that no deployment takes
 * it up meanwhile, and given back.
 */
function letGo(ports: Ports, operation: Removal, uid: string): Promise<Resource | undefined> {
  return retryOnConflict(async () => {
    const key = resourceKey(operation, uid);
    const item = await ports.store.get<Resource>(key);
    if (!item?.data.services.includes(operation.service)) return undefined;
    const services = item.data.services.filter((service) => service !== operation.service);
    const alone = services.length === 0;
    const data: Resource = alone ? { ...item.data, state: 'removing' } : { ...item.data, services };
    await ports.store.transact([{ put: { ...key, data }, if: { version: item.version } }]);
    return alone ? data : undefined;
  });
}

export const finishRemoval: Step<Removal> = {
  role: 'finish',
  async run({ ports, operation }) {
    const { number } = operation;
    const ending = { status: 'succeeded' as const, result: { number } };
    const gone = {
      current: undefined,
      highest: undefined,
      replicas: undefined,
      processes: undefined,
      state: 'removed' as const,
    };
    await endOperation(ports, operation, {
      ending,
      event: { type: 'instance.removed', data: { number } },
      writes: async () => [
        ...(await standingWrites(ports, operation, gone)),
        ...(await readAll(ports.store, environmentPartition(operation), jobPrefix(operation.service))).map(
          ({ pk, sk }) => ({ delete: { pk, sk } }),
        ),
        ...(await deploymentEndWrites(ports, operation, number, ending)),
      ],
    });
  },
};

/** A service that people had stopped stays stopped: its current deployment is that stop. */
async function stateBefore(
  ports: Ports,
  ref: InstanceRef & { environmentId?: string },
): Promise<'stopped' | undefined> {
  const environment = await ports.store.get<Environment>(environmentKey(ref));
  if (!environment || !isFor(ref, environment.data)) return undefined;
  const current = instanceIn(environment.data, ref.service)?.current;
  if (current === undefined) return undefined;
  return (await getDeployment(ports.store, ref, current)).data.kind === 'stop' ? 'stopped' : undefined;
}

/** What served is put back where it still has all that it needs; otherwise it is gone, and its removal is asked for anew. */
export const recoverRemoval: Step<Removal> = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    const { number } = operation;
    const ending = endingOf(errorOf(context));
    const begun = operation.steps.some(({ name }) => name === 'removeOwnResources');
    const state = begun ? undefined : await stateBefore(ports, operation);
    if (!begun && ending.status !== 'superseded') {
      await changeStanding(ports, operation, { state });
      await untilOverdue(ports, operation, () => putBack(ports, operation, number));
    }
    await endOperation(ports, operation, {
      ending,
      event: {
        type: `deployment.${ending.status}`,
        data: { number, code: ending.error.code, cause: ending.error.cause },
      },
      writes: async () => [
        ...(await (begun
          ? standingWrites(ports, operation, { state, current: undefined })
          : putBackWrites(ports, operation, { state }))),
        ...(await deploymentEndWrites(ports, operation, number, ending)),
      ],
    });
  },
};
