/** Steps of the workflow `destroy-environment`: it ends with an empty inventory, or says what is left. */

import { releaseDomains } from '../../commands/domains/domains.ts';
import {
  deploymentsPartition,
  destroyedKey,
  ENVIRONMENTS_QUEUE,
  environmentKey,
  environmentPartition,
  placedKey,
  RETENTION_QUEUE,
} from '../../core/keys.ts';
import {
  type DestroyedEnvironment,
  type Environment,
  type EnvironmentRef,
  type Operation,
  OUTPUT_KEPT_MS,
  SYSTEM_ACTOR,
} from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Key, Write } from '../../ports/store.ts';
import { instancesOf, pastInstancesOf, processNames } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { endingOf, endOperation, environmentWrites, errorOf } from '../end-operation.ts';
import { environmentOf } from '../environment-state.ts';
import { notEmpty, removeResource } from '../owned-resources.ts';
import type { Step } from '../step.ts';
import { LEFTOVER_RETRY_MS, leftovers, resourcesOf, secretsPrefix } from './leftovers.ts';

/** The most records that one transaction deletes. */
const BATCH = 50;

export const removeWorkloads: Step<Operation<'destroy-environment'>> = {
  role: 'work',
  async run({ ports, operation }) {
    const ref = environmentOf(operation);
    await releaseDomains(ports, { actor: SYSTEM_ACTOR }, ref);
    for (const instance of instancesOf((await getEnvironment(ports.store, ref)).data)) {
      await ports.workloads.remove(instance, Number.MAX_SAFE_INTEGER);
    }
  },
};

export const removeResources: Step<Operation<'destroy-environment'>> = {
  role: 'work',
  async run({ ports, operation, signal }) {
    const ref = environmentOf(operation);
    const { data: environment } = await getEnvironment(ports.store, ref);
    for (const { data: resource } of await resourcesOf(ports, ref)) {
      await removeResource(
        ports,
        { operation: operation.id, environmentId: environment.id },
        resource,
        signal,
      );
    }
    await ports.workloads.removeEnvironment(ref);
    for (const path of await ports.secrets.list(secretsPrefix(ref))) await ports.secrets.remove(path);
    await ports.activity.forget(ref);
  },
};

/** Checks that nothing is left, then removes the records, the environment's own last. */
export const finishDestruction: Step<Operation<'destroy-environment'>> = {
  role: 'finish',
  async run({ ports, operation }) {
    const ref = environmentOf(operation);
    const left = await leftovers(ports, ref);
    if (left.length > 0) {
      throw notEmpty(left);
    }
    const { data: environment } = await getEnvironment(ports.store, ref);
    const { placement } = environment;
    await deleteRecords(ports, environment);
    await endOperation(ports, operation, {
      ending: { status: 'succeeded' },
      event: { type: 'environment.destroyed' },
      writes: async () => [
        { delete: environmentKey(ref) },
        ...(placement === undefined ? [] : [{ delete: placedKey(placement, ref) }]),
        ...keepOutput(ports, environment),
      ],
    });
  },
};

/** Has the output of its services found, as long as that is kept. */
function keepOutput(ports: Ports, environment: Environment): Write[] {
  const { project, name, id, createdAt } = environment;
  const services = pastInstancesOf(environment).map(({ service }) => service);
  if (services.length === 0) return [];
  const processes = processNames(environment);
  const now = ports.effects.now();
  const at = (time: number): string => new Date(time).toISOString();
  const data: DestroyedEnvironment = {
    ...{ project, name, id, services, createdAt },
    ...(Object.keys(processes).length > 0 && { processes }),
    destroyedAt: at(now),
    keptUntil: at(now + OUTPUT_KEPT_MS),
  };
  return [
    {
      put: { ...destroyedKey(project, id), data, due: { queue: RETENTION_QUEUE, at: now + OUTPUT_KEPT_MS } },
    },
  ];
}

/** Operations are kept as long as usual, so that people can read what happened to an environment that is gone. */
async function deleteRecords(ports: Ports, environment: Environment): Promise<void> {
  const ref: EnvironmentRef = { project: environment.project, environment: environment.name };
  const keys: Key[] = [];
  for (const { service } of pastInstancesOf(environment)) {
    const deployments = await readAll(ports.store, deploymentsPartition({ ...ref, service }));
    keys.push(...deployments.map(({ pk, sk }) => ({ pk, sk })));
  }
  for (const { pk, sk } of await readAll(ports.store, environmentPartition(ref))) {
    keys.push({ pk, sk });
  }
  // Deployments are found by their instances, so instances are deleted after them: the order above sees to that.
  for (let at = 0; at < keys.length; at += BATCH) {
    await ports.store.transact(keys.slice(at, at + BATCH).map((key) => ({ delete: key })));
  }
}

/** Keeps the environment, with the list of what is left, and has the sweep try again. */
export const recoverDestruction: Step<Operation<'destroy-environment'>> = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    const ref = environmentOf(operation);
    const left = await leftovers(ports, ref).catch(() => ['unknown: the inventory could not be read']);
    const ending = endingOf(errorOf(context));
    await endOperation(ports, operation, {
      ending,
      event: { type: 'environment.destroy-failed', data: { leftovers: left.slice(0, 50) } },
      writes: async () => {
        const writes = await environmentWrites(ports, operation, (environment) => ({
          ...environment,
          leftovers: left.slice(0, 50),
        }));
        const due = { queue: ENVIRONMENTS_QUEUE, at: ports.effects.now() + LEFTOVER_RETRY_MS };
        return writes.map((write) => ('put' in write ? { ...write, put: { ...write.put, due } } : write));
      },
    });
  },
};
