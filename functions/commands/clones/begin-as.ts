/** How an environment begins as another one: with its variables and secrets, and what serves there. Clones and previews share it. */
import { servicesAskedFor } from '../../core/clones/clone-step.ts';
import { environmentPartition, SECRET_PREFIX, secretPath } from '../../core/keys.ts';
import type { ClonedService, Environment, EnvironmentRef, SecretRecord } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Store } from '../../ports/store.ts';
import type { Caller } from '../../records/commit.ts';
import { instancesOf } from '../../records/instances.ts';
import { getDeployment } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { workloadOf } from '../../records/workloads.ts';
import { putSecret } from '../secrets/secrets.ts';
import { changeVariables, readVariables } from '../variables/variables.ts';

const refOf = ({ project, name }: Environment): EnvironmentRef => ({ project, environment: name });

export async function secretsOf(store: Store, environment: Environment): Promise<SecretRecord[]> {
  const items = await readAll<SecretRecord>(store, environmentPartition(refOf(environment)), SECRET_PREFIX);
  return items.map(({ data }) => data);
}

/** Gives an environment the variables, and the secrets, of another one, but for those that it has. It can be run again. */
export async function copySettings(
  ports: Ports,
  caller: Caller,
  { from, to, secrets }: { from: Environment; to: Environment; secrets: boolean },
): Promise<void> {
  const [{ data: theirs }, { data: ours }] = await Promise.all([
    readVariables(ports, from),
    readVariables(ports, to),
  ]);
  const some = new Map(
    Object.entries(theirs.variables)
      .filter(([name]) => !Object.hasOwn(ours.variables, name))
      .map(([name, { value }]) => [name, value]),
  );
  if (some.size > 0) await changeVariables(ports, caller, refOf(to), { some });
  if (secrets) await copySecrets(ports, caller, from, to);
}

async function copySecrets(ports: Ports, caller: Caller, from: Environment, to: Environment): Promise<void> {
  const known = new Set((await secretsOf(ports.store, to)).map(({ name }) => name));
  for (const secret of await secretsOf(ports.store, from)) {
    if (known.has(secret.name)) continue;
    const path = secretPath(refOf(from), secret.name);
    const source = secret.versions.find(({ version }) => version === secret.version)?.source;
    const value = source ? undefined : await ports.secrets.get(path, secret.version);
    const input = source ? { source } : value === undefined ? undefined : { value };
    if (input) await putSecret(ports, caller, { ...refOf(to), name: secret.name }, input);
  }
}

/** What serves in an environment, or did before it fell asleep, with what each service refers to. */
export async function servingIn(store: Store, environment: Environment): Promise<ClonedService[]> {
  const services: ClonedService[] = [];
  for (const instance of instancesOf(environment)) {
    const { service, current, state } = instance;
    if (current === undefined || state !== undefined) continue;
    const { data: deployment } = await getDeployment(store, instance, current);
    const { version } = deployment;
    const after = servicesAskedFor(await workloadOf(store, deployment));
    services.push({ service, version, after, state: 'waiting' });
  }
  return services;
}
