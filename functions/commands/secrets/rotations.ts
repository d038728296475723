/** Rotations: accepted with credentials that are not in use yet, carried out by the workflow `rotate-secret`. */
import { environmentKey, resourceKey, secretKey, secretPath } from '../../core/keys.ts';
import type { EnvironmentRef, Operation, Resource, SecretRecord } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { withVersion } from '../../core/secrets/secret-stages.ts';
import type { Ports } from '../../ports/index.ts';
import { type Caller, commit, IdempotencyRace, mustGet } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { getEnvironment } from '../../records/read.ts';
import { findResourceType } from '../../resources/index.ts';
import { notReady } from '../environments/environments.ts';
import { acceptWrites, newOperation, startOperation } from '../operations/operations.ts';
import { getSecret, refuseRotating } from './secret-versions.ts';
import type { SecretRef } from './secrets.ts';

/** Bytes of chance in a value that Berth makes up. */
const GENERATED_BYTES = 32;

async function readyEnvironment(ports: Ports, ref: EnvironmentRef) {
  const item = await getEnvironment(ports.store, ref);
  if (item.data.state !== 'ready') throw notReady(item.data, ['ready']);
  return item;
}

/**
 * Rotates a secret of an environment.
 * @param input.value one is made up by default
 * @throws Problem not_found | environment_not_ready | operation_in_progress
 */
export async function rotateSecret(
  ports: Ports,
  caller: Caller,
  ref: SecretRef,
  input: { value?: string },
): Promise<Operation<'rotate-secret'>> {
  const { project, environment, name } = ref;
  const path = secretPath(ref, name);
  await readyEnvironment(ports, ref);
  refuseRotating((await getSecret(ports, ref)).data);
  const value = input.value ?? ports.effects.token(GENERATED_BYTES);
  const version = await ports.secrets.put(path, value, { versionId: ports.effects.id() });
  try {
    const operation = await changingEnvironment(ports.store, ref, async () => {
      const parent = await readyEnvironment(ports, ref);
      const item = await getSecret(ports, ref);
      refuseRotating(item.data);
      const accepted = newOperation(ports, caller.actor, {
        kind: 'rotate-secret',
        project,
        environment,
        generation: parent.data.generation,
        input: { secret: name, version, previous: item.data.version },
      });
      const createdAt = new Date(ports.effects.now()).toISOString();
      const pending = { version, stage: 'pending' as const, createdAt, createdBy: caller.actor };
      const versions = withVersion(item.data.versions, pending);
      const data: SecretRecord = { ...item.data, versions, rotation: accepted.id };
      await commit(ports, caller, {
        writes: [
          { put: { ...secretKey(ref, name), data }, if: { version: item.version } },
          { check: environmentKey(ref), if: { version: parent.version } },
          ...acceptWrites(ports, accepted),
        ],
        events: [
          {
            project,
            environment,
            operation: accepted.id,
            type: 'secret.rotating',
            data: { name, version, previous: item.data.version },
          },
        ],
        result: accepted,
      });
      return accepted;
    });
    await startOperation(ports, operation);
    return operation;
  } catch (error) {
    // Nothing was written, so nobody can know of this version.
    const refused = error instanceof Problem || error instanceof IdempotencyRace;
    if (refused) await ports.secrets.revoke(path, version).catch(() => undefined);
    throw error;
  }
}

/**
 * Rotates the credentials of a resource, such as a database's user and password.
 * @throws Problem not_found | conflict (its type has none) | environment_not_ready | operation_in_progress
 */
export async function rotateResource(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef & { uid: string },
): Promise<Operation<'rotate-secret'>> {
  const { project, environment, uid } = ref;
  const operation = await changingEnvironment(ports.store, ref, async () => {
    const parent = await readyEnvironment(ports, ref);
    const key = resourceKey(ref, uid);
    const item = await mustGet<Resource>(
      ports.store,
      key,
      `resource "${uid}" in environment "${environment}"`,
      'List its resources with GET .../resources.',
    );
    if (!findResourceType(item.data.type)?.rotation || item.data.state !== 'ready') {
      throw new Problem('conflict', `The resource "${uid}" has no credentials that can be rotated now.`, {
        hint: 'Databases can be rotated once they are ready.',
      });
    }
    refuseRotating({
      name: uid,
      ...(item.data.rotation && { rotation: item.data.rotation.operation }),
    });
    const accepted = newOperation(ports, caller.actor, {
      kind: 'rotate-secret',
      project,
      environment,
      generation: parent.data.generation,
      input: { resource: uid },
    });
    const data: Resource = { ...item.data, rotation: { operation: accepted.id } };
    await commit(ports, caller, {
      writes: [
        { put: { ...key, data }, if: { version: item.version } },
        { check: environmentKey(ref), if: { version: parent.version } },
        ...acceptWrites(ports, accepted),
      ],
      events: [{ project, environment, operation: accepted.id, type: 'resource.rotating', data: { uid } }],
      result: accepted,
    });
    return accepted;
  });
  await startOperation(ports, operation);
  return operation;
}
