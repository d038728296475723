/** Versions of a secret: revoking them, and showing them to those who may see them. */
import { deploymentKey, environmentKey, secretKey, secretPath } from '../../core/keys.ts';
import type { Deployment, SecretRecord } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { sourceWords } from '../../core/secrets/secret-source.ts';
import { withRevoked } from '../../core/secrets/secret-stages.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { type Caller, commit, mustGet } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instancesOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { endWarm, pins } from '../deployments/warm.ts';
import type { SecretRef } from './secrets.ts';

/** A deployment that serves and has pinned a version of the secret. */
export interface VersionUser {
  service: string;
  deployment: number;
}

/** @throws Problem not_found */
export const getSecret = (ports: Ports, ref: SecretRef): Promise<Item<SecretRecord>> =>
  mustGet(
    ports.store,
    secretKey(ref, ref.name),
    `secret "${ref.name}" in environment "${ref.environment}"`,
    'List the names of its secrets with GET .../secrets.',
  );

function mustHave({ data }: Item<SecretRecord>, version: string): void {
  if (data.versions.some((one) => one.version === version)) return;
  throw new Problem('not_found', `The secret "${data.name}" has no version "${version}".`, {
    hint: 'Read the secret: it lists its newest versions.',
  });
}

/** The serving deployments that hold a version of a secret. */
export async function usersOf(ports: Ports, ref: SecretRef, version: string): Promise<VersionUser[]> {
  const path = secretPath(ref, ref.name);
  const { data: environment } = await getEnvironment(ports.store, ref);
  const instances = instancesOf(environment).filter(
    ({ current, state }) => current !== undefined && state === undefined,
  );
  const users: VersionUser[] = [];
  for (let at = 0; at < instances.length; at += 100) {
    const page = instances.slice(at, at + 100);
    const keys = page.map((instance) => deploymentKey(instance, instance.current ?? 0));
    for (const item of await ports.store.getMany<Deployment>(keys)) {
      if (item && pins(path, version)(item.data))
        users.push({ service: item.data.service, deployment: item.data.number });
    }
  }
  return users;
}

/**
 * Makes a version unreadable for good, at once. A running workload keeps the value that it was started with, but can
 * not be started with it again.
 * @returns the deployments that serve with it
 * @throws Problem not_found | operation_in_progress
 */
export async function revokeVersion(
  ports: Ports,
  caller: Caller,
  ref: SecretRef,
  version: string,
): Promise<{ version: string; usedBy: VersionUser[] }> {
  const { project, environment, name } = ref;
  const result = await changingEnvironment(ports.store, ref, async () => {
    await getEnvironment(ports.store, ref);
    const item = await getSecret(ports, ref);
    mustHave(item, version);
    refuseRotating(item.data);
    refuseKeptElsewhere(item.data, 'revoked', version);
    const usedBy = await usersOf(ports, ref, version);
    const outcome = { version, usedBy };
    const versions = withRevoked(item.data.versions, version);
    await commit(ports, caller, {
      writes: [
        { put: { ...secretKey(ref, name), data: { ...item.data, versions } }, if: { version: item.version } },
      ],
      events: [{ project, environment, type: 'secret.revoked', data: { name, version, usedBy } }],
      result: outcome,
    });
    return outcome;
  });
  // The value goes after the record, so that the record never calls a missing value good. A repeated request makes up
  // for a crash in between.
  const path = secretPath(ref, name);
  await ports.secrets.revoke(path, version);
  await endWarm(ports, ref, pins(path, version));
  return result;
}

/** @param done what is not done here, as `rotated`. @throws Problem conflict */
export function refuseKeptElsewhere(
  { name, version, versions }: SecretRecord,
  done: string,
  of: string = version,
): void {
  const source = versions.find((one) => one.version === of)?.source;
  if (!source) return;
  throw new Problem('conflict', `The secret "${name}" is not ${done} here: it is ${sourceWords(source)}.`, {
    hint: 'Do that where it is kept; the next deployment takes the newest version.',
  });
}

/** @throws Problem operation_in_progress */
export function refuseRotating({ name, rotation }: Pick<SecretRecord, 'name' | 'rotation'>): void {
  if (rotation === undefined) return;
  throw new Problem('operation_in_progress', `The secret "${name}" is being rotated.`, {
    hint: `Follow operation ${rotation}, and try again when it has ended.`,
  });
}

/**
 * Shows a value, once the event that reports this is written.
 * @param version the current one by default
 * @throws Problem not_found (also of a version that was revoked)
 */
export async function revealSecret(
  ports: Ports,
  caller: Caller,
  ref: SecretRef,
  version?: string,
): Promise<{ name: string; version: string; value: string }> {
  const { project, environment, name } = ref;
  const environmentItem = await getEnvironment(ports.store, ref);
  const item = await getSecret(ports, ref);
  const wanted = version ?? item.data.version;
  mustHave(item, wanted);
  refuseKeptElsewhere(item.data, 'shown', wanted);
  await commit(ports, caller, {
    writes: [{ check: environmentKey(ref), if: { version: environmentItem.version } }],
    events: [{ project, environment, type: 'secret.revealed', data: { name, version: wanted } }],
  });
  const value = await ports.secrets.get(secretPath(ref, name), wanted);
  if (value !== undefined) return { name, version: wanted, value };
  throw new Problem('not_found', `Version "${wanted}" of the secret "${name}" was revoked.`, {
    hint: 'Put the secret again.',
  });
}
