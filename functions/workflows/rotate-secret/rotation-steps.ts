/**
 * Steps of the workflow `rotate-secret`. New credentials are good before anything takes them, and the old ones stay
 * good until no serving deployment holds them any more: at each moment, what serves has credentials that work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedeployment } from '../../commands/deployments/deployments.ts';
import { resourceKey, secretKey, secretPath } from '../../core/keys.ts';
import {
  type Deployment,
  type EnvironmentRef,
  type Instance,
  isTerminal,
  type Operation,
  type Resource,
  type ResourceOutputs,
  type SecretRecord,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { withCurrent, withRestored, withRevoked } from '../../core/secrets/secret-stages.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { retryOnConflict } from '../../records/commit.ts';
import { instancesOf } from '../../records/instances.ts';
import { getDeployment, getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { resourceType } from '../../resources/index.ts';
import { endingOf, endOperation, errorOf } from '../end-operation.ts';
import { environmentOf } from '../environment-state.ts';
import { resourceRequest } from '../owned-resources.ts';
import { type Step, StillProgressing } from '../step.ts';
import { isOutdated, type WantedVersions } from './outdated.ts';

/** How long to wait before unfinished deployments are looked at again, milliseconds. */
const LOOK_MS = 300;

type Rotation = Operation<'rotate-secret'>;

type Rotated =
  | { kind: 'secret'; name: string; version: string; previous: string }
  | { kind: 'resource'; uid: string };

function rotatedBy({ input }: Rotation): Rotated {
  if (input.resource !== undefined) return { kind: 'resource', uid: input.resource };
  const { secret, version, previous } = input;
  return { kind: 'secret', name: secret, version, previous };
}

/**
 * Changes a record that this rotation holds; a record that is gone, or held by another rotation, is left as it is.
 */
async function changeHeld<T extends SecretRecord | Resource>(
  ports: Ports,
  key: { pk: string; sk: string },
  isHeld: (data: T) => boolean,
  change: (data: T) => T,
): Promise<Item<T> | undefined> {
  return retryOnConflict(async () => {
    const item = await ports.store.get<T>(key);
    if (!item || !isHeld(item.data)) return undefined;
    const data = change(item.data);
    await ports.store.transact([{ put: { ...key, data }, if: { version: item.version } }]);
    return { ...item, data };
  });
}

const changeSecret = (
  ports: Ports,
  { id }: Rotation,
  ref: EnvironmentRef,
  name: string,
  change: (data: SecretRecord) => SecretRecord,
) => changeHeld<SecretRecord>(ports, secretKey(ref, name), ({ rotation }) => rotation === id, change);

const changeResource = (
  ports: Ports,
  { id }: Rotation,
  ref: EnvironmentRef,
  uid: string,
  change: (data: Resource) => Resource,
) => changeHeld<Resource>(ports, resourceKey(ref, uid), ({ rotation }) => rotation?.operation === id, change);

async function heldResource(ports: Ports, operation: Rotation, uid: string) {
  const ref = environmentOf(operation);
  const item = await ports.store.get<Resource>(resourceKey(ref, uid));
  if (item?.data.rotation?.operation !== operation.id) return undefined;
  const { data: environment } = await getEnvironment(ports.store, ref);
  const type = resourceType(item.data.type);
  return { resource: item.data, type, request: resourceRequest(item.data, environment.id) };
}

export const prepareRotation: Step<Rotation> = {
  role: 'work',
  async run({ ports, operation }) {
    const rotated = rotatedBy(operation);
    // A secret's new version was stored when the rotation was accepted.
    if (rotated.kind === 'secret') return;
    const ref = environmentOf(operation);
    const held = await heldResource(ports, operation, rotated.uid);
    if (!held || held.resource.rotation?.next) return;
    const next = await held.type.rotation?.rotate(ports, held.request, held.resource.outputs);
    if (!next) throw new Error(`Resources of type ${held.type.type} can not be rotated`);
    await changeResource(ports, operation, ref, rotated.uid, (data) => ({
      ...data,
      rotation: { operation: operation.id, next },
    }));
  },
};

export const switchCredentials: Step<Rotation> = {
  role: 'work',
  async run({ ports, operation }) {
    const ref = environmentOf(operation);
    const rotated = rotatedBy(operation);
    if (rotated.kind === 'secret') {
      const { name, version } = rotated;
      await changeSecret(ports, operation, ref, name, (data) => ({
        ...data,
        version,
        versions: data.version === version ? data.versions : withCurrent(data.versions, version),
        updatedAt: new Date(ports.effects.now()).toISOString(),
        updatedBy: operation.createdBy,
      }));
      return;
    }
    await changeResource(ports, operation, ref, rotated.uid, (data) => {
      const { next } = data.rotation ?? {};
      if (!next) return data;
      return { ...data, outputs: next, rotation: { operation: operation.id, previous: data.outputs } };
    });
  },
};

/** The versions that serving deployments have to hold when the rotation is done. */
async function wantedVersions(ports: Ports, operation: Rotation): Promise<WantedVersions> {
  const ref = environmentOf(operation);
  const rotated = rotatedBy(operation);
  if (rotated.kind === 'secret') {
    const item = await ports.store.get<SecretRecord>(secretKey(ref, rotated.name));
    return new Map(item ? [[secretPath(ref, rotated.name), item.data.version]] : []);
  }
  const item = await ports.store.get<Resource>(resourceKey(ref, rotated.uid));
  const secrets = Object.values(item?.data.outputs.secrets ?? {});
  return new Map(secrets.map(({ secret, version }) => [secret, version]));
}

/**
 * Looks at one service, and deploys it again where it holds something old. Deployments that others start meanwhile
 * take the new credentials by themselves; the rotation waits for them.
 * @returns whether it is done
 * @throws Problem rotation_failed
 */
async function settle(ports: Ports, operation: Rotation, instance: Instance, wanted: WantedVersions) {
  // What is stopped reads nothing, and takes what is current then when it is started.
  if (instance.current === undefined || instance.state !== undefined) return true;
  const newest = await newestOf(ports, instance);
  if (newest && newest.status !== 'queued' && !isTerminal(newest.status)) return false;
  if (newest?.status === 'queued' && !newest.approval) return false;
  const { data: current } = await getDeploymentDetail(ports.store, instance, instance.current);
  if (!isOutdated(current, wanted)) return true;
  if (newest?.rotation === operation.id) throw failed(newest);
  await createRedeployment(ports, { actor: operation.createdBy }, instance, operation.id);
  return false;
}

async function newestOf(ports: Ports, instance: Instance): Promise<Deployment | undefined> {
  if (instance.newest === 0) return undefined;
  return (await getDeployment(ports.store, instance, instance.newest)).data;
}

const failed = ({ service, number, error, status }: Deployment): Problem =>
  new Problem(
    'rotation_failed',
    `"${service}" does not run with the new credentials: deployment ${number} ${status}${error ? `: ${error.cause}` : '.'}`,
    { hint: error?.hint ?? `Look at deployment ${number}, mend what it says, and rotate again.` },
  );

export const redeployReaders: Step<Rotation> = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    const ref = environmentOf(operation);
    const wanted = await wantedVersions(ports, operation);
    for (;;) {
      let done = true;
      for (const instance of instancesOf((await getEnvironment(ports.store, ref)).data))
        done = (await settle(ports, operation, instance, wanted)) && done;
      if (done) return;
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw new StillProgressing();
    }
  },
};

export const retireCredentials: Step<Rotation> = {
  role: 'work',
  async run({ ports, operation }) {
    const ref = environmentOf(operation);
    const rotated = rotatedBy(operation);
    if (rotated.kind === 'secret') {
      const { name, previous, version } = rotated;
      if (previous !== version) await ports.secrets.revoke(secretPath(ref, name), previous);
      return;
    }
    const held = await heldResource(ports, operation, rotated.uid);
    const previous = held?.resource.rotation?.previous;
    if (held && previous)
      await held.type.rotation?.retire(ports, held.request, previous, held.resource.outputs);
  },
};

export const finishRotation: Step<Rotation> = {
  role: 'finish',
  async run({ ports, operation }) {
    const ref = environmentOf(operation);
    const rotated = rotatedBy(operation);
    await endOperation(ports, operation, {
      ending: { status: 'succeeded', result: resultOf(rotated) },
      event:
        rotated.kind === 'secret'
          ? { type: 'secret.rotated', data: secretData(rotated) }
          : { type: 'resource.rotated', data: { uid: rotated.uid } },
      writes: () => releaseWrites(ports, operation, ref, rotated, withRevoked),
    });
  },
};

const resultOf = (rotated: Rotated): Record<string, unknown> =>
  rotated.kind === 'secret' ? { secret: rotated.name, version: rotated.version } : { resource: rotated.uid };

const secretData = ({ name, version, previous }: Rotated & { kind: 'secret' }) => ({
  name,
  version,
  previous,
});

/**
 * Lets go of the record that the rotation holds.
 * @param stages what becomes of the versions when the previous one is worthless
 */
async function releaseWrites(
  ports: Ports,
  operation: Rotation,
  ref: EnvironmentRef,
  rotated: Rotated,
  stages: (versions: SecretRecord['versions'], previous: string) => SecretRecord['versions'],
) {
  if (rotated.kind === 'secret') {
    const item = await ports.store.get<SecretRecord>(secretKey(ref, rotated.name));
    if (item?.data.rotation !== operation.id) return [];
    const { rotation: _ended, ...data } = item.data;
    const versions =
      rotated.previous === rotated.version ? data.versions : stages(data.versions, rotated.previous);
    const put = { ...secretKey(ref, rotated.name), data: { ...data, versions } };
    return [{ put, if: { version: item.version } }];
  }
  const item = await ports.store.get<Resource>(resourceKey(ref, rotated.uid));
  if (item?.data.rotation?.operation !== operation.id) return [];
  const { rotation: _ended, ...data } = item.data;
  const put = { ...resourceKey(ref, rotated.uid), data };
  return [{ put, if: { version: item.version } }];
}

/**
 * Goes back to the old credentials, which are still good. Deployments that took the new ones keep serving until they
 * have the old ones.
 */
export const recoverRotation: Step<Rotation> = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    const ref = environmentOf(operation);
    const rotated = rotatedBy(operation);
    const ending = endingOf(errorOf(context));
    await restore(ports, operation, ref, rotated);
    const wanted = await wantedVersions(ports, operation);
    for (const instance of instancesOf((await getEnvironment(ports.store, ref)).data))
      await moveBack(ports, operation, instance, wanted);
    const { code, cause } = ending.error;
    await endOperation(ports, operation, {
      ending,
      event:
        rotated.kind === 'secret'
          ? { type: 'secret.rotation-failed', data: { ...secretData(rotated), code, cause } }
          : { type: 'resource.rotation-failed', data: { uid: rotated.uid, code, cause } },
      writes: () => releaseWrites(ports, operation, ref, rotated, (versions) => versions),
    });
  },
};

async function restore(ports: Ports, operation: Rotation, ref: EnvironmentRef, rotated: Rotated) {
  if (rotated.kind === 'secret') {
    const { name, version, previous } = rotated;
    await changeSecret(ports, operation, ref, name, (data) => ({
      ...data,
      version: previous,
      versions: withRestored(data.versions, previous, version),
    }));
    return;
  }
  const held = await heldResource(ports, operation, rotated.uid);
  const previous = held?.resource.rotation?.previous ?? held?.resource.outputs;
  if (!held || !previous) return;
  const outputs: ResourceOutputs =
    (await held.type.rotation?.restore(ports, held.request, previous)) ?? previous;
  await changeResource(ports, operation, ref, rotated.uid, (data) => ({
    ...data,
    outputs,
    rotation: { operation: operation.id },
  }));
}

/** Deploys again what this rotation gave the new credentials, without waiting, since both credentials work. */
async function moveBack(ports: Ports, operation: Rotation, instance: Instance, wanted: WantedVersions) {
  if (instance.current === undefined || instance.state !== undefined) return;
  const { data: current } = await getDeploymentDetail(ports.store, instance, instance.current);
  const newest = await newestOf(ports, instance);
  const isOurs = current.rotation === operation.id && newest?.number === current.number;
  if (!isOurs || !isOutdated(current, wanted)) return;
  await createRedeployment(ports, { actor: operation.createdBy }, instance, operation.id).catch((error) => {
    // The environment hibernates or is being destroyed, so nothing serves that could be moved.
    if (!(error instanceof Problem)) throw error;
  });
}
