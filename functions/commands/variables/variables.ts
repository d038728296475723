/** Variables of an environment: plain settings, kept in one record. Deployments pin those that they refer to. */

import { environmentKey, environmentPartition, SECRET_PREFIX, variablesKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type {
  Environment,
  EnvironmentRef,
  SecretRecord,
  Variable,
  Variables,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, missing } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { getEnvironment } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { notReady } from '../environments/environments.ts';

/** The most variables of an environment, and the most bytes of their names and values together. */
export const VARIABLES_MAX = limits.variables.value;
export const VARIABLES_MAX_BYTES = limits.variablesTogether.value;

/** The variables of an environment; version 0 where there never were any. */
export async function readVariables(
  ports: Ports,
  { project, name: environment, id: environmentId }: Environment,
): Promise<Item<Variables>> {
  const key = variablesKey({ project, environment });
  const { data, version } = (await ports.store.get<Variables>(key)) ?? { data: undefined, version: 0 };
  return { ...key, data: { project, environment, environmentId, variables: data?.variables ?? {} }, version };
}

/** The write that keeps the record as it is, and fails where somebody else has written it meanwhile. */
export const variablesWrite = (item: Item<Variables>): Write => ({
  put: { pk: item.pk, sk: item.sk, data: item.data },
  if: item.version === 0 ? 'absent' : { version: item.version },
});

export const nameTaken = (
  name: string,
  by: 'secret' | 'variable',
  { environment }: EnvironmentRef,
): Problem =>
  new Problem(
    'conflict',
    `Environment "${environment}" has a ${by} "${name}" already: a name is one or the other.`,
    {
      hint: `Choose another name, or delete the ${by} first.`,
    },
  );

/**
 * Sets all variables at once, so that those which are not named go, or changes some.
 * @param change the values by name; undefined removes one
 * @throws Problem not_found | environment_not_ready | conflict (a secret has the name) | invalid_request | precondition_failed
 */
export function changeVariables(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  change: { all: ReadonlyMap<string, string> } | { some: ReadonlyMap<string, string | undefined> },
  options: { ifMatch?: string } = {},
): Promise<Item<Variables>> {
  const { project, environment } = ref;
  return changingEnvironment(ports.store, ref, async () => {
    const parent = await getEnvironment(ports.store, ref);
    if (parent.data.state === 'destroying') throw notReady(parent.data, ['ready', 'hibernated']);
    const item = await readVariables(ports, parent.data);
    checkIfMatch(item, options.ifMatch);
    const before = new Map(Object.entries(item.data.variables));
    const after = new Map('all' in change ? [] : before);
    const at = new Date(ports.effects.now()).toISOString();
    for (const [name, value] of 'all' in change ? change.all : change.some) {
      const known = before.get(name);
      if (value === undefined) after.delete(name);
      else
        after.set(name, known?.value === value ? known : { value, updatedAt: at, updatedBy: caller.actor });
    }
    checkSize(after);
    const set = [...after].filter(([name, one]) => before.get(name) !== one).map(([name]) => name);
    const removed = [...before.keys()].filter((name) => !after.has(name));
    await refuseSecrets(ports, ref, set);
    const data = { ...item.data, variables: Object.fromEntries(after) };
    const result = { ...item, data, version: item.version + 1 };
    await commit(ports, caller, {
      writes: [
        variablesWrite({ ...item, data }),
        // Variables that are written while their environment is being destroyed would stay for good.
        { check: environmentKey(ref), if: { version: parent.version } },
      ],
      events: [{ project, environment, type: 'variables.changed', data: { set, removed } }],
      result,
    });
    return result;
  });
}

/** @throws Problem not_found, and as a change of variables */
export async function removeVariable(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  name: string,
): Promise<void> {
  const environment = await getEnvironment(ports.store, ref);
  const { data } = await readVariables(ports, environment.data);
  if (!Object.hasOwn(data.variables, name)) {
    throw missing(
      `variable "${name}" in environment "${ref.environment}"`,
      'List them with GET .../variables.',
    );
  }
  await changeVariables(ports, caller, ref, { some: new Map([[name, undefined]]) });
}

/** A new secret writes the record of the variables too, so that one which comes meanwhile makes this be tried again. */
async function refuseSecrets(ports: Ports, ref: EnvironmentRef, names: readonly string[]): Promise<void> {
  const secrets = await readAll<SecretRecord>(ports.store, environmentPartition(ref), SECRET_PREFIX);
  const taken = secrets.find(({ data }) => names.includes(data.name));
  if (taken) throw nameTaken(taken.data.name, 'secret', ref);
}

function checkSize(variables: ReadonlyMap<string, Variable>): void {
  const bytes = [...variables].reduce(
    (sum, [name, { value }]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (variables.size <= VARIABLES_MAX && bytes <= VARIABLES_MAX_BYTES) return;
  throw new Problem(
    'invalid_request',
    `The environment would have ${variables.size} variables of ${bytes} bytes together; ${VARIABLES_MAX} and ${VARIABLES_MAX_BYTES} are the most.`,
    { hint: 'Put large content into a file of the image, or into a volume.' },
  );
}
