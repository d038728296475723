/** Secrets of an environment. The value goes to the Secrets port; a record names the current version. */
import { deploymentKey, environmentKey, secretKey, secretPath } from '../../core/keys.ts';
import {
  type Deployment,
  type Environment,
  type EnvironmentRef,
  type EnvironmentState,
  isTerminal,
  type SecretRecord,
  type SecretVersion,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { usedOutputs } from '../../core/score/references.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import { type SecretSource, sourceText } from '../../core/secrets/secret-source.ts';
import { withCurrent, withVersion } from '../../core/secrets/secret-stages.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, TRANSACTION_MAX, type Write } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, IdempotencyRace, mustGet } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instancesOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { workloadOf } from '../../records/workloads.ts';
import { findResourceType } from '../../resources/index.ts';
import { pinSource } from '../../resources/kept-elsewhere.ts';
import { notReady } from '../environments/environments.ts';
import { nameTaken, readVariables, variablesWrite } from '../variables/variables.ts';
import { refuseRotating } from './secret-versions.ts';

export interface SecretRef extends EnvironmentRef {
  name: string;
}

/**
 * Adds a version. Existing deployments keep the version that they pinned; the next deployment takes the new one.
 * @returns the record; its version is 1 when the secret is new
 * @throws Problem not_found (environment) | environment_not_ready (it is being destroyed) | precondition_failed |
 * secret_source_forbidden | secret_unavailable
 */
export async function putSecret(
  ports: Ports,
  caller: Caller,
  ref: SecretRef,
  input: ({ value: string } | { source: SecretSource }) & { ifMatch?: string },
): Promise<Item<SecretRecord>> {
  const path = secretPath(ref, ref.name);
  await openEnvironment(ports, ref);
  const versionId = ports.effects.id();
  if ('source' in input) {
    await pinSource(ports, ref.project, input.source);
    const version = { version: versionId, source: input.source };
    return changingEnvironment(ports.store, ref, () =>
      recordVersion(ports, caller, ref, version, input.ifMatch),
    );
  }
  // The value is written first, so that a record never names a version that does not exist.
  const version = await ports.secrets.put(path, input.value, { versionId });
  try {
    return await changingEnvironment(ports.store, ref, () =>
      recordVersion(ports, caller, ref, { version }, input.ifMatch),
    );
  } catch (error) {
    // The record was not written, so nothing can refer to this version.
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
  { version, source }: Pick<SecretVersion, 'version' | 'source'>,
  ifMatch: string | undefined,
): Promise<Item<SecretRecord>> {
  const { project, environment, name } = ref;
  const parent = await openEnvironment(ports, ref);
  const key = secretKey(ref, name);
  const existing = await ports.store.get<SecretRecord>(key);
  if (existing) checkIfMatch(existing, ifMatch);
  else if (ifMatch !== undefined) throw missing(ref);
  if (existing) refuseRotating(existing.data);
  // A new name is taken from the variables, whose record is written too, so that of two at once one comes first.
  const variables = existing ? undefined : await readVariables(ports, parent.data);
  if (variables && Object.hasOwn(variables.data.variables, name)) throw nameTaken(name, 'variable', ref);
  const at = new Date(ports.effects.now()).toISOString();
  const added: SecretVersion = {
    version,
    stage: 'pending',
    createdAt: at,
    createdBy: caller.actor,
    ...(source && { source }),
  };
  const data: SecretRecord = {
    project,
    environment,
    name,
    version,
    versions: withCurrent(withVersion(existing?.data.versions ?? [], added), version),
    createdAt: existing?.data.createdAt ?? at,
    updatedAt: at,
    updatedBy: caller.actor,
  };
  const result: Item<SecretRecord> = { ...key, data, version: (existing?.version ?? 0) + 1 };
  await commit(ports, caller, {
    writes: [
      { put: { ...key, data }, if: existing ? { version: existing.version } : 'absent' },
      ...(variables ? [variablesWrite(variables)] : []),
      // A secret that is written while its environment is being destroyed would stay for good.
      { check: environmentKey(ref), if: { version: parent.version } },
    ],
    events: [
      {
        project,
        environment,
        type: existing ? 'secret.changed' : 'secret.created',
        data: { name, version, ...(source && { source: sourceText(source) }) },
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

interface Readers {
  /** Services whose workload names the secret. */
  naming: string[];
  /** What serves or is on its way that took the secret without naming it. */
  taking: Item<Deployment>[];
}

/**
 * Who reads the secret in its current or newest deployment: without its value they could not start again after
 * hibernation, a restart or a failed deployment.
 */
async function readersOf(ports: Ports, ref: SecretRef): Promise<Readers> {
  const readers: Readers = { naming: [], taking: [] };
  const { data: environment } = await getEnvironment(ports.store, ref);
  for (const instance of instancesOf(environment)) {
    const numbers = [...new Set([instance.current ?? instance.newest, instance.newest])];
    const found = await ports.store.getMany<Deployment>(
      numbers.map((number) => deploymentKey(instance, number)),
    );
    const counted = found
      .flatMap((item) => (item ? [item] : []))
      .filter(({ data }) => data.number === instance.current || !isTerminal(data.status));
    const workloads = counted.map(({ data }) => workloadOf(ports.store, data));
    if ((await Promise.all(workloads)).some((workload) => reads(workload, ref.name)))
      readers.naming.push(instance.service);
    else readers.taking.push(...counted.filter(({ data }) => data.variables?.includes(ref.name)));
  }
  return readers;
}

const reads = (workload: ScoreWorkload, secret: string): boolean =>
  [...usedOutputs(workload)].some(([resource, used]) => {
    const type = workload.resources?.[resource]?.type ?? '';
    return used.has(secret) && findResourceType(type)?.environmentSecrets !== undefined;
  });

/** What else the deletion writes: the record and the event. */
const OTHER_WRITES = 20;

/**
 * What took the secret without naming it does without it from its next start on.
 * @throws Problem operation_in_progress | environment_not_ready | conflict
 */
function leaving(
  environment: Environment,
  { name }: SecretRef,
  taking: readonly Item<Deployment>[],
): Write[] {
  if (taking.length === 0) return [];
  const onItsWay = taking.find(({ data }) => !isTerminal(data.status))?.data;
  if (onItsWay) {
    throw new Problem(
      'operation_in_progress',
      `Deployment ${onItsWay.number} of "${onItsWay.service}", which takes the secret "${name}", is under way.`,
      { hint: `Follow operation ${onItsWay.operation}, and delete the secret when it has ended.` },
    );
  }
  // What wakes up reads the values that it had.
  if (!STILL.includes(environment.state)) throw notReady(environment, STILL);
  if (taking.length > TRANSACTION_MAX - OTHER_WRITES) {
    throw new Problem(
      'conflict',
      `The secret "${name}" is taken by ${taking.length} services, too many to leave it at once.`,
      {
        hint: 'Put another value in its place, or remove services that no longer have to run.',
      },
    );
  }
  return taking.map(({ pk, sk, version, data }) => ({
    put: { pk, sk, data: { ...data, variables: (data.variables ?? []).filter((taken) => taken !== name) } },
    if: { version },
  }));
}

const STILL: readonly EnvironmentState[] = ['ready', 'hibernated'];

/**
 * A workload that names the secret keeps it from being deleted; one that takes all does without it from its next start on.
 * @throws Problem not_found | precondition_failed | conflict (a deployment names it) | operation_in_progress |
 * environment_not_ready
 */
export async function deleteSecret(
  ports: Ports,
  caller: Caller,
  ref: SecretRef,
  options: { ifMatch?: string } = {},
): Promise<void> {
  const { project, environment, name } = ref;
  const key = secretKey(ref, name);
  await changingEnvironment(ports.store, ref, async () => {
    const parent = await getEnvironment(ports.store, ref);
    const item = await mustGet<SecretRecord>(
      ports.store,
      key,
      `secret "${name}" in environment "${environment}"`,
      'List the names of its secrets with GET .../secrets.',
    );
    checkIfMatch(item, options.ifMatch);
    refuseRotating(item.data);
    const readers = await readersOf(ports, ref);
    if (readers.naming.length > 0) {
      throw new Problem(
        'conflict',
        `The secret "${name}" is read by what runs now: ${readers.naming.join(', ')}.`,
        {
          hint: 'Deploy a version that does not read it, then delete it.',
        },
      );
    }
    await commit(ports, caller, {
      writes: [
        { delete: key, if: { version: item.version } },
        ...leaving(parent.data, ref, readers.taking),
        // Every deployment writes the environment, so the check refuses one that was accepted after the look above.
        { check: environmentKey(ref), if: { version: parent.version } },
      ],
      events: [{ project, environment, type: 'secret.deleted', data: { name } }],
    });
  });
  // If the secret was put again in the meantime, its value is not ours to remove.
  if (!(await ports.store.get(key))) await ports.secrets.remove(secretPath(ref, name));
}
