/** Secrets of an environment. The value goes to the Secrets port; a record names the version that counts. */
import { environmentKey, secretKey, secretPath } from '../core/keys.ts';
import type { EnvironmentRef, SecretRecord } from '../core/model.ts';
import { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import type { Item } from '../ports/store.ts';
import { type Caller, checkIfMatch, commit, IdempotencyRace, mustGet, retryOnConflict } from './change.ts';
import { notReady } from './environments.ts';
import { getEnvironment } from './records.ts';

export interface SecretRef extends EnvironmentRef {
  name: string;
}

/**
 * Adds a version. Deployments that are there keep the version that they pinned; the next one takes this.
 * @returns the record; its version is 1 when the secret is new
 * @throws Problem not_found (environment) | environment_not_ready (it is being destroyed) | precondition_failed
 */
export async function putSecret(
  ports: Ports,
  caller: Caller,
  ref: SecretRef,
  input: { value: string; ifMatch?: number },
): Promise<Item<SecretRecord>> {
  const path = secretPath(ref, ref.name);
  await openEnvironment(ports, ref);
  // The value first: a record never names a version that is not there.
  const version = await ports.secrets.put(path, input.value, { versionId: ports.effects.id() });
  try {
    return await retryOnConflict(() => recordVersion(ports, caller, ref, version, input.ifMatch));
  } catch (error) {
    // Nothing was written, so nobody can know of this version.
    const refused = error instanceof Problem || error instanceof IdempotencyRace;
    if (refused) await ports.secrets.revoke(path, version).catch(() => undefined);
    throw error;
  }
}

async function openEnvironment(ports: Ports, ref: EnvironmentRef) {
  const item = await getEnvironment(ports.store, ref);
  if (item.data.state === 'destroying') throw notReady(item.data, ['ready', 'hibernated']);
  return item;
}

async function recordVersion(
  ports: Ports,
  caller: Caller,
  ref: SecretRef,
  version: string,
  ifMatch: number | undefined,
): Promise<Item<SecretRecord>> {
  const { project, environment, name } = ref;
  const parent = await openEnvironment(ports, ref);
  const key = secretKey(ref, name);
  const existing = await ports.store.get<SecretRecord>(key);
  if (existing) checkIfMatch(existing, ifMatch);
  else if (ifMatch !== undefined) throw missing(ref);
  const at = new Date(ports.effects.now()).toISOString();
  const data: SecretRecord = {
    project,
    environment,
    name,
    version,
    createdAt: existing?.data.createdAt ?? at,
    updatedAt: at,
    updatedBy: caller.actor,
  };
  const result: Item<SecretRecord> = { ...key, data, version: (existing?.version ?? 0) + 1 };
  await commit(ports, caller, {
    writes: [
      { put: { ...key, data }, if: existing ? { version: existing.version } : 'absent' },
      // A secret that slipped in behind the destruction of its environment would stay for good.
      { check: environmentKey(ref), if: { version: parent.version } },
    ],
    events: [
      {
        project,
        environment,
        type: existing ? 'secret.changed' : 'secret.created',
        data: { name, version },
      },
    ],
    result,
  });
  return result;
}

const missing = ({ environment, name }: SecretRef): Problem =>
  new Problem('not_found', `There is no secret "${name}" in environment "${environment}".`, {
    hint: 'List the names of its secrets with GET .../secrets.',
  });

/** @throws Problem not_found | precondition_failed */
export async function deleteSecret(
  ports: Ports,
  caller: Caller,
  ref: SecretRef,
  options: { ifMatch?: number } = {},
): Promise<void> {
  const { project, environment, name } = ref;
  const key = secretKey(ref, name);
  await retryOnConflict(async () => {
    await getEnvironment(ports.store, ref);
    const item = await mustGet<SecretRecord>(
      ports.store,
      key,
      `secret "${name}" in environment "${environment}"`,
      'List the names of its secrets with GET .../secrets.',
    );
    checkIfMatch(item, options.ifMatch);
    await commit(ports, caller, {
      writes: [{ delete: key, if: { version: item.version } }],
      events: [{ project, environment, type: 'secret.deleted', data: { name } }],
    });
  });
  // Put again in the meantime: then its value is not ours to remove.
  if (!(await ports.store.get(key))) await ports.secrets.remove(secretPath(ref, name));
}
