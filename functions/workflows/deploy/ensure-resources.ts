/** Provisions the resources that a workload asks for; the owner record is written before anything is made (I4). */

import { isDeepStrictEqual } from 'node:util';
import { takenOf } from '../../commands/variables/taken-variables.ts';
import { deploymentKey, environmentKey, resourceKey } from '../../core/keys.ts';
import {
  type DeploymentDetail,
  type Environment,
  type OperationOn,
  type Resource,
  type ResourceOutputs,
  SYSTEM_ACTOR,
} from '../../core/model/index.ts';
import { provisionOrder } from '../../core/score/references.ts';
import { resourceIdentity } from '../../core/score/resource-identity.ts';
import type { Ports } from '../../ports/index.ts';
import { commit, retryOnConflict } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { getDeployment, getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { resourceType } from '../../resources/index.ts';
import { checkParams, expandParams } from '../../resources/outputs.ts';
import { resourceBeingRemoved } from '../../resources/owner.ts';
import type { ResourceRequest, ResourceType } from '../../resources/type.ts';
import { checkOwner, gone, ownEnvironment, untilSettled } from '../owned-resources.ts';
import type { Step } from '../step.ts';

/** Provisions what the deployment's workload asks for and pins the outputs to it. */
export const ensureResources: Step<OperationOn<'deployment'>> = {
  role: 'work',
  // What runs has the pins with which it was declared: pins that a rotation has changed since would be untrue of it.
  doneWhenStarted: 'applyWorkload',
  watched: true,
  async run({ ports, operation, signal }) {
    const { data: deployment } = await getDeploymentDetail(ports.store, operation, operation.number);
    const names = provisionOrder(deployment.workload);
    // The deployment was accepted with no outputs, unless all that it takes is gone.
    if (names.length === 0 && deployment.outputs) return;
    const { data: environment } = await getEnvironment(ports.store, operation);
    const outputs: Record<string, ResourceOutputs> = {};
    for (const name of names) {
      outputs[name] = await untilSettled(signal, () =>
        provisionOne(
          ports,
          operation.id,
          { deployment, environmentId: environment.id, name, outputs },
          signal,
        ),
      );
    }
    await retryOnConflict(async () => {
      const item = await getDeployment(ports.store, operation, operation.number);
      const pinned = { outputs, ...takenOf({ ...deployment, ...item.data }, outputs) };
      if (isDeepStrictEqual({ ...item.data, ...pinned }, item.data)) return;
      const put = { ...deploymentKey(operation, item.data.number), data: { ...item.data, ...pinned } };
      await ports.store.transact([{ put, if: { version: item.version } }]);
    });
  },
};

interface Asked {
  deployment: DeploymentDetail;
  environmentId: string;
  /** The workload's name for the resource. */
  name: string;
  /** The outputs of the resources before it. */
  outputs: Record<string, ResourceOutputs>;
}

async function provisionOne(
  ports: Ports,
  operation: string,
  { deployment, environmentId, name, outputs }: Asked,
  signal: AbortSignal,
): Promise<ResourceOutputs> {
  const { project, environment, service, workload } = deployment;
  const declared = workload.resources![name]!;
  const type = resourceType(declared.type);
  const identity = resourceIdentity(workload.metadata.name, name, declared);
  const params = checkParams(type, name, expandParams(workload, name, outputs));
  const request: ResourceRequest = {
    project,
    environment,
    environmentId,
    service,
    workload,
    uid: identity.uid,
    class: identity.class,
    id: identity.id,
    params,
    operation,
  };
  return type.owned ? provisionOwner(ports, type, request, signal) : type.provision(ports, request);
}

/**
 * Makes a resource that has an owner record, or finds it.
 * @throws ResourcePending, and as `provision` of its type
 */
export async function provisionOwner(
  ports: Ports,
  type: ResourceType,
  request: ResourceRequest,
  signal: AbortSignal,
): Promise<ResourceOutputs> {
  await type.check?.(ports, request);
  await type.reach?.(ports, request);
  // A rotation may have replaced the credentials since they were read: then the record has changed, and what was read
  // must not be written over it.
  for (;;) {
    const recorded = await recordOwner(ports, type.type, request);
    const provisioned = await provisionOwned(ports, type, request, signal);
    const kept = await recordReady(ports, request, provisioned, recorded);
    if (kept === 'kept') return provisioned;
    if (kept === 'changed') continue;
    await takeBack(ports, type, request, signal);
    throw gone(request);
  }
}

const provisionOwned = (
  ports: Ports,
  type: ResourceType,
  request: ResourceRequest,
  signal: AbortSignal,
): Promise<ResourceOutputs> =>
  type
    .provision(ports, request, () => checkOwner(ports.store, request))
    .catch(async (error: unknown) => {
      // The environment may have been destroyed meanwhile. Then no later try comes this far, and what this one began
      // would have no owner.
      const owner = await ports.store.get(resourceKey(request, request.uid));
      if (!owner) await takeBack(ports, type, request, signal);
      throw error;
    });

/**
 * Removes a resource whose environment was destroyed while the resource was made, since it no longer has an owner
 * (I4).
 */
async function takeBack(
  ports: Ports,
  type: ResourceType,
  request: ResourceRequest,
  signal: AbortSignal,
): Promise<void> {
  const environment = await ports.store.get<Environment>(environmentKey(request));
  // A later environment of that name may have made its own resource under the same name.
  if (environment && environment.data.id !== request.environmentId) return;
  await untilSettled(signal, () => type.deprovision(ports, request));
}

/** @returns the version of the owner record */
async function recordOwner(ports: Ports, type: string, request: ResourceRequest): Promise<number> {
  const key = resourceKey(request, request.uid);
  return changingEnvironment(ports.store, request, async () => {
    const environment = await ownEnvironment(ports.store, request);
    const item = await ports.store.get<Resource>(key);
    if (item?.data.state === 'removing') throw resourceBeingRemoved(request);
    // Nothing is written where nothing changes: two deployments that provision a shared resource at the same time
    // would take each other's writes for a rotation, again and again.
    if (item?.data.services.includes(request.service)) return item.version;
    const base: Resource = item?.data ?? {
      project: request.project,
      environment: request.environment,
      uid: request.uid,
      type,
      class: request.class,
      id: request.id,
      params: request.params,
      state: 'provisioning',
      outputs: { values: {}, secrets: {} },
      services: [],
      operation: request.operation,
      createdAt: new Date(ports.effects.now()).toISOString(),
    };
    const services = [...new Set([...base.services, request.service])];
    const write = {
      put: { ...key, data: { ...base, services } },
      if: item ? { version: item.version } : ('absent' as const),
    };
    await commit(
      ports,
      { actor: SYSTEM_ACTOR },
      {
        // The check keeps an owner record from being added after the environment's destruction has listed them.
        writes: [write, { check: environmentKey(request), if: { version: environment.version } }],
        events: item ? [] : [createdEvent(request)],
      },
    );
    return (item?.version ?? 0) + 1;
  });
}

/** @param recorded the version of the owner record from before the resource was read */
function recordReady(
  ports: Ports,
  request: ResourceRequest,
  outputs: ResourceOutputs,
  recorded: number,
): Promise<'kept' | 'changed' | 'gone'> {
  const key = resourceKey(request, request.uid);
  return retryOnConflict(async () => {
    const item = await ports.store.get<Resource>(key);
    if (!item) return 'gone';
    const data: Resource = { ...item.data, state: 'ready', params: request.params, outputs };
    if (isDeepStrictEqual(data, item.data)) return 'kept';
    if (item.version !== recorded) return 'changed';
    await ports.store.transact([{ put: { ...key, data }, if: { version: item.version } }]);
    return 'kept';
  });
}

const createdEvent = (request: ResourceRequest) => ({
  project: request.project,
  environment: request.environment,
  service: request.service,
  operation: request.operation,
  type: 'resource.created' as const,
  data: { uid: request.uid },
});
