/** Accepts a deployment of any kind: the one write by which it exists, and holds the fence (I5). */
import { deploymentKey, serviceKey } from '../../core/keys.ts';
import {
  type Deployment,
  type EnvironmentState,
  type Instance,
  type InstanceRef,
  isSameAgain,
  type Operation,
  type OperationOn,
  type Processes,
} from '../../core/model/index.ts';
import type { KindOn } from '../../core/operations/index.ts';
import { mainProcess, processesOf, WEB } from '../../core/score/processes.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import type { Ports } from '../../ports/index.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instanceIn, pastInstanceIn, withStanding } from '../../records/instances.ts';
import { getEnvironment, getService } from '../../records/read.ts';
import { approvalNeeded, nextNumber } from '../approvals/approvals.ts';
import { environmentUse, notReady } from '../environments/environments.ts';
import { wakingFor } from '../environments/waking-for.ts';
import { acceptWrites, newOperation, startOperation } from '../operations/operations.ts';
import type { Content } from './deployment-content.ts';
import { beingRemoved } from './deployment-fence.ts';

export interface AcceptedDeployment {
  deployment: Deployment;
  operation: OperationOn<'deployment'>;
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
    const main = mainProcess(workload);
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
      ...(main !== WEB && { main }),
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

const pick = ({ project, environment, service }: InstanceRef): InstanceRef => ({
  project,
  environment,
  service,
});
