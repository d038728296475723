/**
 * Steps of the workflow `provision-with-data`. While it goes on the environment is not ready, so that nothing is deployed to it:
 * nobody has a login for its databases before their data are masked.
 */
import { copyable, maskingOf, readMasking } from '../../commands/clones/masking.ts';
import { resourceKey } from '../../core/keys.ts';
import type { Environment, Operation, Resource } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { instanceIn } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { resourceType } from '../../resources/index.ts';
import { resourceRequest } from '../../resources/owner.ts';
import type { ResourceRequest } from '../../resources/type.ts';
import { inTime, settled } from '../backup/subject.ts';
import { provisionOwner } from '../deploy/ensure-resources.ts';
import { endingOf, errorOf, untilOverdue } from '../end-operation.ts';
import { endIn, environmentOf } from '../environment-state.ts';
import { checkOwner, untilSettled } from '../owned-resources.ts';
import { removeUnowned, toFailed } from '../provision-environment/provision-steps.ts';
import { type Step, StillProgressing } from '../step.ts';

type WithData = Operation<'provision-with-data'>;

/** @throws Problem not_found */
async function sourceOf(ports: Ports, { project, input }: WithData): Promise<Environment> {
  const { data } = await getEnvironment(ports.store, { project, environment: input.from });
  if (data.id === input.fromId && data.state !== 'destroying') return data;
  throw new Problem('not_found', `Environment "${input.from}" was destroyed while it was copied.`, {
    hint: 'Destroy this environment, and clone another one.',
  });
}

/** One database a call, so that each has all the time of one. */
export const copyData: Step<WithData> = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    const source = await sourceOf(ports, operation);
    const mayBeOld = operation.input.mayBeOld === true;
    const { rules } = await readMasking(ports.store, operation.project);
    const masking = maskingOf(rules, source, operation.input.masked);
    // What may not be copied is found before anything is.
    const all = (await copyable(ports.store, source)).map((resource) => ({
      resource,
      statements: masking(resource.uid),
    }));
    for (const { resource, statements } of all) {
      const request = await requestFor(ports, operation, source, resource);
      if (!request) continue;
      if (await isCopied(ports, request, resource.type, signal)) continue;
      const type = resourceType(resource.type);
      await untilSettled(signal, () => provisionOwner(ports, type, request, signal));
      // That may have taken long: a server of the source that is gone by now would be made again by reading from it.
      await sourceOf(ports, operation);
      await checkOwner(ports.store, { ...resource, environmentId: source.id });
      await settled(
        () => copyOne(ports, { source, resource, request, statements, mayBeOld }, signal),
        StillProgressing,
      );
      throw new StillProgressing();
    }
    // A database that the source has lost meanwhile may have been half copied by then, and not been masked.
    await discardCopies(ports, operation);
  },
};

/** What a call before has put in its place is ready, and not provisioned again. */
async function isCopied(
  ports: Ports,
  request: ResourceRequest,
  type: string,
  signal: AbortSignal,
): Promise<boolean> {
  const owner = await ports.store.get<Resource>(resourceKey(request, request.uid));
  if (owner?.data.state !== 'ready') return false;
  return untilSettled(signal, () => resourceType(type).copies!.isSwapped(ports, request));
}

/** The same resource in the environment that is made, as the service that serves in the source asks for it. */
async function requestFor(
  ports: Ports,
  operation: WithData,
  source: Environment,
  resource: Resource,
): Promise<ResourceRequest | undefined> {
  const { project, environment, environmentId = '' } = operation;
  for (const service of resource.services) {
    const current = instanceIn(source, service)?.current;
    if (current === undefined) continue;
    const ref = { project, environment: source.name, service };
    const { workload } = (await getDeploymentDetail(ports.store, ref, current)).data;
    const { uid, class: of, id, params } = resource;
    const identity = { project, environment, environmentId, service, uid, class: of, id };
    return { ...identity, params, workload, operation: operation.id };
  }
  return undefined;
}

interface Copied {
  source: Environment;
  resource: Resource;
  request: ResourceRequest;
  statements: string[] | undefined;
  mayBeOld: boolean;
}

/** What was copied takes the place of the empty database once it is masked, and is known to nobody before. */
async function copyOne(
  ports: Ports,
  { source, resource, request, statements, mayBeOld }: Copied,
  signal: AbortSignal,
): Promise<void> {
  const copies = resourceType(resource.type).copies!;
  const stillOwned = () => checkOwner(ports.store, request);
  try {
    await inTime(signal, async () => {
      const from = { ...resourceRequest(resource, source.id), operation: request.operation };
      const ownsSource = () => checkOwner(ports.store, { ...resource, environmentId: source.id });
      const how = statements && { statements, signal, ownsSource, stillOwned };
      if (mayBeOld && how && (await copies.loadMasked?.(ports, from, request, how))) return;
      const content = await copies.read(ports, from, signal);
      await copies.load(ports, request, content, signal, stillOwned, statements);
    });
  } catch (error) {
    if (!(error instanceof StillProgressing && signal.aborted)) throw error;
    throw new Problem('deadline_exceeded', `The data of "${resource.uid}" could not be copied in one call.`, {
      hint: 'Clone without data, and take the means of the database server for large databases.',
    });
  }
  await copies.swap(ports, request, 'copy', stillOwned);
}

/** Whoever destroys the environment removes what is beside its databases. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Problem && error.status < 500)) throw error;
}

/** Nothing that is not masked stays beside the databases: each is tried, whatever became of the others. */
async function discardCopies(ports: Ports, operation: WithData): Promise<void> {
  const { data: environment } = await getEnvironment(ports.store, environmentOf(operation));
  const failures: unknown[] = [];
  for (const resource of await copyable(ports.store, environment)) {
    const request = { ...resourceRequest(resource, environment.id), operation: operation.id };
    const { copies } = resourceType(resource.type);
    const stillOwned = () => checkOwner(ports.store, request);
    await settled(async () => copies?.discard(ports, request, stillOwned))
      .catch(unlessGone)
      .catch((error: unknown) => failures.push(error));
  }
  for (const [resource, source] of await origins(ports, operation))
    await settled(async () =>
      resourceType(resource.type).copies?.discardMasked?.(ports, resourceRequest(resource, source.id)),
    ).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** Of which masked copies may have been begun, as far as they are there still. */
async function origins(ports: Ports, operation: WithData): Promise<[Resource, Environment][]> {
  if (operation.input.mayBeOld !== true) return [];
  const source = await sourceOf(ports, operation).catch(unlessGone);
  if (!source) return [];
  return (await copyable(ports.store, source)).map((resource) => [resource, source]);
}

export const recoverProvisioningWithData: Step<WithData> = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    await untilOverdue(ports, operation, async () => {
      await discardCopies(ports, operation).catch(unlessGone);
      await removeUnowned(ports, operation);
    });
    await endIn(context, endingOf(errorOf(context)), 'environment.failed', toFailed);
  },
};
