/** Deployments: put a version into an environment, promote it from another one, or go back to an earlier one. */
import { deploymentKey, environmentKey, serviceKey } from '../../core/keys.ts';
import {
  type Deployment,
  type DeploymentDetail,
  type DeploymentKind,
  type Environment,
  type EnvironmentState,
  type Instance,
  type InstanceRef,
  isFor,
  isSameAgain,
  type Operation,
  type OperationOn,
  type Processes,
} from '../../core/model/index.ts';
import type { KindOn } from '../../core/operations/index.ts';
import { Problem } from '../../core/problem.ts';
import { withVariables } from '../../core/score/all-variables.ts';
import { processesOf } from '../../core/score/processes.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import { revisionOf } from '../../core/source/revision.ts';
import type { Ports } from '../../ports/index.ts';
import type { Write } from '../../ports/store.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instanceIn, instanceOf, pastInstanceIn, withStanding } from '../../records/instances.ts';
import { getDeployment, getEnvironment, getService } from '../../records/read.ts';
import { getDeploymentDetail, workloadOf, workloadOfVersion } from '../../records/workloads.ts';
import { environmentUse, notReady, RUNS_IN } from '../environments/environments.ts';
import { wakingFor } from '../environments/waking-for.ts';
import { enforcePolicies } from '../guardrails/policies.ts';
import { acceptWrites, newOperation, startOperation } from '../operations/operations.ts';
import { type MadeNow, madeNow } from '../recipes/made-now.ts';
import { takingNow } from '../variables/taken-variables.ts';
import { versionOf, versionUse } from '../versions/version-use.ts';
import { findVersion } from '../versions/versions.ts';
import { approvalNeeded, nextNumber } from './approvals.ts';
import { repinned } from './rollback-pins.ts';

export type DeploymentRequest =
  | { version: string }
  | { fromEnvironment: string }
  | { rollbackTo: number }
  /** What served in that environment when a promotion of it began. */
  | { version: string; fromEnvironment: string };

export interface AcceptedDeployment {
  deployment: Deployment;
  operation: OperationOn<'deployment'>;
}

/** The part of a new deployment that is taken from its source: a version or an earlier deployment. */
export type Content = Pick<DeploymentDetail, 'kind' | 'version' | 'digest' | 'workload'> &
  Partial<
    Pick<
      Deployment,
      | 'revision'
      | 'outputs'
      | 'variables'
      | 'recipes'
      | 'replicas'
      | 'processes'
      | 'rollbackTo'
      | 'fromEnvironment'
      | 'rotation'
    >
  > & {
    /** Keeps the version from being deleted meanwhile; what runs once more is held by what runs. */
    use?: Write;
  };

/** Content that a plan tells of, and that may be none that is accepted. */
export type ProposedContent = Content & Pick<MadeNow, 'refused'>;

/**
 * Accepts a deployment. It gets the next number, and with it the fence (I5), and an earlier deployment that is still
 * going on ends as superseded. Where the environment asks for approval, the deployment waits for that first and holds
 * no fence.
 * @throws Problem not_found | environment_not_ready | ambiguous_version | conflict | policy_violation
 */
export async function createDeployment(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  request: DeploymentRequest,
): Promise<AcceptedDeployment> {
  return acceptDeployment(ports, caller, ref, RUNS_IN, async (instance) => {
    const { refused, ...content } = await contentOf(ports, ref, request);
    if (refused?.[0]) throw refused[0];
    const scaled = { ...content, ...scaleOf(instance) };
    await enforcePolicies(ports, caller, ref, scaled);
    return scaled;
  });
}

/** The scale that people set, which a deployment takes over. */
export const scaleOf = (instance: Instance | undefined): Pick<Content, 'replicas' | 'processes'> => ({
  ...(instance?.replicas !== undefined && { replicas: instance.replicas }),
  ...(instance?.processes && { processes: instance.processes }),
});

/**
 * Deploys what serves once more, with the credentials as they are now. Such a deployment changes nothing that
 * somebody would have to approve or that a policy is about.
 * @param rotation the operation that asks for it
 * @throws Problem not_found | environment_not_ready
 */
export async function createRedeployment(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  rotation: string,
): Promise<AcceptedDeployment> {
  return acceptDeployment(ports, caller, ref, ['ready'], async (instance) => ({
    ...(await sameAgain(ports, ref, instance?.current ?? 0, 'redeploy')),
    ...scaleOf(instance),
    rotation,
  }));
}

/**
 * The content of a deployment that runs once more what another one put there, with variables as they are now. Where nobody asked
 * for more, or somebody would have to approve it, a workload that takes all variables takes none that it did not have.
 * @param into where it runs, if not where that one did
 */
export async function sameAgain(
  ports: Ports,
  ref: InstanceRef,
  number: number,
  kind: DeploymentKind,
  into: InstanceRef = ref,
): Promise<ProposedContent> {
  const { data: deployment } = await getDeployment(ports.store, ref, number);
  const { version, digest, revision, variables } = deployment;
  // What a promotion brings is a version; what runs once more is as it was.
  const { workload, recipes, refused }: MadeNow =
    kind === 'promote'
      ? await madeNow(ports, await workloadOfVersion(ports.store, deployment))
      : {
          workload: await workloadOf(ports.store, deployment),
          ...(deployment.recipes && { recipes: deployment.recipes }),
        };
  // What ends a service starts nothing that could read them; going back to it brings what it had.
  const taking =
    kind === 'stop' || kind === 'remove'
      ? { workload, ...(variables && { variables }) }
      : await takingNow(ports, into, workload, (await mayGrow(ports, into, kind)) ? undefined : variables);
  return {
    kind,
    version,
    digest,
    ...taking,
    ...(recipes && { recipes }),
    ...(refused && { refused }),
    ...(revision && { revision }),
  };
}

/** Whether a deployment of this kind, of what runs already, brings names of variables that are new to it. */
async function mayGrow({ store }: Ports, ref: InstanceRef, kind: DeploymentKind): Promise<boolean> {
  if (kind === 'promote') return true;
  if (kind !== 'restart' && kind !== 'start') return false;
  return !(await getEnvironment(store, ref)).data.protection?.approval;
}

/** The kind of operation that carries out a deployment. */
function operationFor(
  { kind, workload }: Pick<Content, 'kind' | 'workload'>,
  instance: Instance | undefined,
): KindOn<'deployment'> {
  if (kind === 'stop' || kind === 'rollback') return kind;
  if (kind === 'remove') return 'remove-service';
  // What is tried needs something beside it that serves; and what runs once more is not new.
  const serves = instance?.current !== undefined && instance.state === undefined;
  return serves && !isSameAgain(kind) && workloadSettings(workload).rollout ? 'deploy-in-steps' : 'deploy';
}

const replicasByProcess = (processes: Processes): Record<string, number> =>
  Object.fromEntries(Object.entries(processes).map(([name, { replicas }]) => [name, replicas]));

/** What a deployment changes at once in the standing of its service. */
function standingFor(
  { kind, replicas }: Pick<Content, 'kind' | 'replicas'>,
  number: number,
  processes: Processes,
): Parameters<typeof withStanding>[2] {
  if (kind === 'stop') return { newest: number, state: 'stopped' };
  if (kind === 'remove') return { newest: number, state: 'removing' };
  return kind === 'scale' ? { newest: number, replicas, processes } : { newest: number, processes };
}

/**
 * Accepts a deployment of any kind, and starts it.
 * @param states of the environment in which it may come; one that sleeps is woken by what runs
 * @param contentFor is called again with each try
 */
export async function acceptDeployment(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  states: readonly EnvironmentState[],
  contentFor: (instance: Instance | undefined) => Promise<Content>,
): Promise<AcceptedDeployment> {
  const { waking, ...accepted } = await accept(ports, caller, ref, states, contentFor);
  if (waking) await startOperation(ports, waking);
  await startOperation(ports, accepted.operation);
  return accepted;
}

function accept(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  states: readonly EnvironmentState[],
  contentFor: (instance: Instance | undefined) => Promise<Content>,
): Promise<AcceptedDeployment & { waking: Operation<'wake'> | undefined }> {
  return changingEnvironment(ports.store, ref, async () => {
    const { store, effects } = ports;
    const environment = await getEnvironment(store, ref);
    if (!states.includes(environment.data.state)) throw notReady(environment.data, states);
    const instance = instanceIn(environment.data, ref.service);
    // A service that has an instance exists: it can not be deleted before the instance is gone.
    if (!instance) await getService(store, ref);
    if (instance?.state === 'removing') throw beingRemoved(ref);
    const content = await contentFor(instance);
    const { workload, use, processes: scales, ...pins } = content;
    const running = instance?.processes;
    const own = processesOf(workload, scales ?? running);
    const at = new Date(effects.now()).toISOString();
    // Behind those of before a removal, whose records are still there.
    const past = pastInstanceIn(environment.data, ref.service);
    const number = nextNumber(past);
    // What was removed is there again from now on.
    const isBack = past?.state === 'removed';
    const ends = content.kind === 'stop' || content.kind === 'remove';
    const concerned = ends ? { ...running, ...own } : own;
    const approval =
      ends || isSameAgain(content.kind)
        ? undefined
        : approvalNeeded(ports, caller, environment.data, content.kind);
    const awake =
      ends || approval
        ? { environment: environment.data, writes: [], events: [] }
        : wakingFor(ports, caller, environment.data);
    const operation = newOperation(ports, caller.actor, {
      kind: operationFor(content, instance),
      ...pick(ref),
      environmentId: environment.data.id,
      number,
      generation: awake.environment.generation,
      ...(concerned && { processes: concerned }),
      ...(approval && { approval }),
    });
    const deployment: Deployment = {
      ...pick(ref),
      environmentId: environment.data.id,
      number,
      // Without resources, nothing has to be resolved later, unless there are variables to take once it is approved.
      ...(Object.keys(workload.resources ?? {}).length === 0 &&
        !(approval && content.variables) && { outputs: {} }),
      ...(Object.keys(workload.service?.ports ?? {}).length === 0 && { portless: true as const }),
      ...pins,
      ...(own && { processes: own }),
      // The operation record tells whether the work has begun; keeping that here too would cost another write.
      status: approval ? 'queued' : 'running',
      ...(approval && { approval }),
      ...(operation.kind === 'deploy-in-steps' && { rollout: { stage: 0 } }),
      operation: operation.id,
      createdAt: at,
      createdBy: caller.actor,
    };
    const result = { deployment, operation };
    await commit(ports, caller, {
      writes: [
        // A deployment is activity: an idle rule starts anew, and a cleanup decided before it does nothing (I8).
        environmentUse(
          environment,
          withStanding({ ...awake.environment, lastActivityAt: at }, ref, {
            ...(isBack && { state: undefined }),
            ...(approval ? { highest: number } : standingFor(content, number, { ...running, ...own })),
          }),
        ),
        ...awake.writes,
        { put: { ...deploymentKey(ref, number), data: deployment }, if: 'absent' },
        // A service that has an instance can not be deleted, so only a first deployment checks that the service
        // exists.
        ...(instance ? [] : [{ check: serviceKey(ref), if: 'present' as const }]),
        ...(use ? [use] : []),
        ...acceptWrites(ports, operation),
      ],
      events: [
        ...awake.events,
        {
          ...pick(ref),
          operation: operation.id,
          type: 'deployment.created',
          data: {
            number,
            kind: content.kind,
            version: content.version,
            ...(content.rollbackTo && { rollbackTo: content.rollbackTo }),
            ...(content.fromEnvironment && { fromEnvironment: content.fromEnvironment }),
            ...(content.rotation && { rotation: content.rotation }),
            ...(content.kind === 'scale' && { replicas: content.replicas ?? 'as in the Score file' }),
            ...(content.kind === 'scale' && own && { processes: replicasByProcess(own) }),
            ...(approval && { awaits: 'approval' }),
          },
        },
      ],
      result,
    });
    return { ...result, waking: awake.operation };
  });
}

export const environmentGone = ({ environment }: Pick<InstanceRef, 'environment'>): Problem =>
  new Problem('environment_gone', `Environment "${environment}" is being destroyed, or was.`, {
    hint: 'Create another environment and deploy there.',
  });

export const beingRemoved = ({ service, environment }: InstanceRef): Problem =>
  new Problem(
    'operation_in_progress',
    `Service "${service}" is being removed from environment "${environment}".`,
    { hint: 'Follow its newest deployment, and deploy it again when that has ended.' },
  );

const pick = ({ project, environment, service }: InstanceRef): InstanceRef => ({
  project,
  environment,
  service,
});

/** @throws Problem not_found | ambiguous_version | conflict (there is nothing to go back to) */
export async function contentOf(
  ports: Ports,
  ref: InstanceRef,
  request: DeploymentRequest,
): Promise<ProposedContent> {
  if ('rollbackTo' in request) return rollbackContent(ports, ref, request.rollbackTo);
  if (!('version' in request)) return promotionContent(ports, ref, request.fromEnvironment);
  if (!('fromEnvironment' in request)) return versionContent(ports, ref, request.version, 'deploy');
  const { version, fromEnvironment } = request;
  return { ...(await versionContent(ports, ref, version, 'promote')), fromEnvironment };
}

async function versionContent(
  ports: Ports,
  ref: InstanceRef,
  wanted: string,
  kind: DeploymentKind,
): Promise<ProposedContent> {
  const item = await findVersion(ports.store, ref, wanted);
  const { workload: ofVersion, ...data } = item.data;
  const { workload, recipes, refused } = await madeNow(ports, ofVersion);
  const revision = revisionOf(data, wanted);
  return {
    kind,
    use: versionUse({ ...item, data }, ports.effects.now()),
    version: data.id,
    digest: data.digest,
    ...(await takingNow(ports, ref, workload)),
    ...(recipes && { recipes }),
    ...(refused && { refused }),
    ...(revision && { revision }),
  };
}

async function promotionContent(
  ports: Ports,
  ref: InstanceRef,
  fromEnvironment: string,
): Promise<ProposedContent> {
  const source = { ...ref, environment: fromEnvironment };
  const { data: environment } = await getEnvironment(ports.store, source);
  const { current } = instanceOf(environment, ref.service);
  if (current === undefined) {
    throw new Problem(
      'not_found',
      `Service "${ref.service}" has no working deployment in environment "${fromEnvironment}".`,
      {
        hint: `Deploy it to "${fromEnvironment}" first, or name a version.`,
      },
    );
  }
  const content = await sameAgain(ports, source, current, 'promote', ref);
  return { ...content, fromEnvironment, use: await keeping(ports, ref, content.version) };
}

const keeping = async ({ store, effects }: Ports, ref: InstanceRef, version: string): Promise<Write> =>
  versionUse(await versionOf(store, ref, version), effects.now());

/**
 * The content of a rollback: everything that was pinned (digest, workload, resolved settings), and the pinned secret
 * versions as far as they are still good.
 */
async function rollbackContent(ports: Ports, ref: InstanceRef, number: number): Promise<Content> {
  const { data } = await getDeploymentDetail(ports.store, ref, number);
  if (data.status !== 'succeeded' || !data.outputs || data.kind === 'remove') {
    throw new Problem(
      'conflict',
      data.kind === 'remove'
        ? `Deployment ${number} removed the service, so there is nothing to go back to.`
        : `Deployment ${number} did not succeed (it is ${data.status}), so there is nothing to go back to.`,
      {
        hint: 'List the deployments and choose one whose status is "succeeded".',
      },
    );
  }
  const { version, digest, revision, recipes } = data;
  const use = await keeping(ports, ref, version);
  const pins = await repinned(ports, ref, data, data.outputs);
  const made = await workloadOf(ports.store, data);
  return {
    kind: 'rollback',
    use,
    version,
    digest,
    workload: withVariables(made, pins.variables ?? []),
    ...pins,
    ...(recipes && { recipes }),
    rollbackTo: number,
    ...(revision && { revision }),
  };
}

/** Tells whether a deployment is still the newest of its instance, in the environment that it was for. */
export async function deploymentFence(
  ports: Ports,
  ref: InstanceRef & { number: number; environmentId?: string },
): Promise<Problem | undefined> {
  const environment = await ports.store.get<Environment>(environmentKey(ref));
  const instance =
    environment && isFor(ref, environment.data) && pastInstanceIn(environment.data, ref.service);
  if (!instance || environment.data.state === 'destroying') return environmentGone(ref);
  const { newest } = instance;
  if (newest === ref.number) return undefined;
  return new Problem('superseded', `Deployment ${newest} is newer than ${ref.number}.`, {
    hint: `Follow deployment ${newest} instead.`,
  });
}
