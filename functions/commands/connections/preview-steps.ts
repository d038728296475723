/** The steps of a delivery that are those of a preview alone: its environment begins, is filled, and ends. */
import { inOrder } from '../../core/clones/clone-step.ts';
import { environmentKey, operationKey, previewKey } from '../../core/keys.ts';
import {
  type Environment,
  HOME,
  isTerminal,
  type Operation,
  type Preview,
  type PreviewRules,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { commit, missing } from '../../records/commit.ts';
import { getEnvironment } from '../../records/read.ts';
import { copySettings, servingIn } from '../clones/begin-as.ts';
import { maskedDataOf } from '../clones/masking.ts';
import { createDeployment } from '../deployments/deployments.ts';
import {
  type Accepted,
  changeEnvironment,
  createEnvironment,
  notReady,
  RUNS_IN,
} from '../environments/environments.ts';
import { destroyEnvironment } from '../environments/transitions.ts';
import { finish, later, type Run } from './delivery-run.ts';
import { previewEvent, previewWrite, refuseProtectedBase } from './preview-plan.ts';

const previewOf = async ({ ports, item }: Run): Promise<Item<Preview>> => {
  const found = await ports.store.get<Preview>(previewKey(item.data, item.data.pullRequest ?? 0));
  if (found) return found;
  throw missing('preview of the pull request', 'Deliver it once more.');
};

/**
 * Makes the environment of a preview, or has it stay for as long again.
 * @throws Problem not_found (base) | already_exists | environment_not_ready | masking_required
 */
export async function openPreview(run: Run): Promise<void> {
  const { ports, connection } = run;
  const { previews: rules, project } = connection;
  if (!rules) throw missing('rule for previews', 'Set "previews" of the connection.');
  const base = (await getEnvironment(ports.store, { project, environment: rules.base })).data;
  refuseProtectedBase(base);
  const preview = await previewOf(run);
  const ref = { project, environment: preview.data.environment };
  const found = await ports.store.get<Environment>(environmentKey(ref));
  if (!found) await make(run, rules, preview, base);
  else if (found.data.id !== preview.data.environmentId) throw isNone(found.data);
  else if (found.data.state === 'destroying') throw notReady(found.data, RUNS_IN);
  else if (found.data.expiresAt !== undefined)
    await changeEnvironment(ports, run.caller, 'developer', ref, { ttlSeconds: rules.ttlSeconds });
  const { data: environment } = await getEnvironment(ports.store, ref);
  // Until something is deployed, a step that ran before may not have come as far.
  if (Object.keys(environment.services).length === 0)
    await copySettings(ports, run.caller, { from: base, to: environment, secrets: true });
}

const isNone = ({ name }: Environment): Problem =>
  new Problem(
    'already_exists',
    `There is an environment "${name}" that is no preview of this pull request.`,
    {
      hint: 'Destroy it, or let it be and deploy the branch elsewhere; then deliver this once more.',
    },
  );

async function make(
  { ports, caller }: Run,
  rules: PreviewRules,
  preview: Item<Preview>,
  base: Environment,
): Promise<void> {
  const { project, environment: name } = preview.data;
  const { ttlSeconds, idleAfterSeconds, withData } = rules;
  // A maintainer lets in the code of a fork, and no data to who wrote it.
  const data = withData && !preview.data.isFork ? await maskedDataOf(ports.store, base) : undefined;
  const together = ({ environment }: Accepted) => [
    previewWrite(ports, { ...preview.data, environmentId: environment.id }, { version: preview.version }),
  ];
  await createEnvironment(
    ports,
    { ...caller, together },
    {
      project,
      name,
      kind: 'ephemeral',
      ttlSeconds,
      idleAfterSeconds,
      // Data are copied within a place.
      ...(data && { data: { ...data, mayBeOld: true }, placement: base.placement ?? HOME }),
    },
  );
}

/** Whether the data of the base are still being copied. @throws Problem by which they did not come */
async function awaitsData({ store }: Ports, { operation }: Environment): Promise<boolean> {
  const made = operation === undefined ? undefined : await store.get<Operation>(operationKey(operation));
  if (made?.data.kind !== 'provision-with-data') return false;
  const { status, error } = made.data;
  if (error) throw new Problem(error.code, error.cause, { hint: error.hint });
  return !isTerminal(status);
}

/**
 * Deploys beside the service of the pull request what runs in the base.
 * @returns false while its data are still being copied, which may take longer than anything else is waited for
 * @throws Problem environment_not_ready, by which its data did not come, and as a deployment
 */
export async function deployBeside({ ports, connection, caller, item }: Run): Promise<boolean> {
  const { project, service: own, previews } = connection;
  const { environment = '' } = item.data;
  const { data: here } = await getEnvironment(ports.store, { project, environment });
  if (!RUNS_IN.includes(here.state)) {
    if (await awaitsData(ports, here)) return false;
    throw notReady(here, RUNS_IN);
  }
  const base = await ports.store.get<Environment>(
    environmentKey({ project, environment: previews?.base ?? '' }),
  );
  if (!base) return true;
  for (const { service } of inOrder(await servingIn(ports.store, base.data))) {
    if (service === own || Object.hasOwn(here.services, service)) continue;
    const ref = { project, environment, service };
    await createDeployment(ports, caller, ref, { fromEnvironment: base.data.name });
  }
  return true;
}

/** Destroys the environment of a preview, and ends the delivery when nothing of it is left. */
export async function closePreview(run: Run): Promise<void> {
  const { ports, caller, item } = run;
  const { data: preview } = await previewOf(run);
  const ref = { project: preview.project, environment: preview.environment };
  const found = await ports.store.get<Environment>(environmentKey(ref));
  if (!found || found.data.id !== preview.environmentId) return finish(ports, item, { state: 'succeeded' });
  if (found.data.state !== 'destroying') await destroyEnvironment(ports, caller, ref);
  return later(run);
}

/** Sees whether the environment of a preview went without a word, as when its time was over. */
export async function lookAtPreview(ports: Ports, { data, version }: Item<Preview>): Promise<void> {
  const ref = { project: data.project, environment: data.environment };
  const found = await ports.store.get<Environment>(environmentKey(ref));
  const isThere = data.environmentId === undefined || found?.data.id === data.environmentId;
  if (isThere || data.state === 'opening' || data.state === 'closing')
    return ports.store.transact([previewWrite(ports, data, { version })]);
  const { environmentId: _gone, error: _error, ...rest } = data;
  const closed: Preview = {
    ...rest,
    state: 'closed',
    updatedAt: new Date(ports.effects.now()).toISOString(),
  };
  await commit(
    ports,
    { actor: `connection:${data.connection}` },
    { writes: [previewWrite(ports, closed, { version })], events: [previewEvent(closed)] },
  );
}
