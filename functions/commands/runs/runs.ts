/** Runs: a command beside a service, with the image, variables and secrets of what serves. */
import { limits } from '../../core/limits.ts';
import type { Environment, EventFields, Instance, InstanceRef, Operation } from '../../core/model/index.ts';
import type { OperationRequest } from '../../core/operations/index.ts';
import { RUN_AROUND_SECONDS, type RunInput } from '../../core/operations/kinds/run.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Write } from '../../ports/store.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { beingRemoved } from '../deployments/deployment-fence.ts';
import { environmentUse, notReady, RUNS_IN } from '../environments/environments.ts';
import { processOf } from '../environments/process-of.ts';
import { wakingFor } from '../environments/waking-for.ts';
import { acceptWrites, newOperation, startOperation } from '../operations/operations.ts';

/** What is shown of a command in an event. */
const SHOWN = 200;

export type RunRequest = Omit<RunInput, 'deployment'>;

/** What a run changes beside the environment, in the same transaction; made anew for each try. */
export type Beside = (operation: Operation<'run'>) => Promise<{ writes: Write[]; events?: EventFields[] }>;

/**
 * Runs a command. An environment that sleeps is woken for it, and does not go to sleep while it runs.
 * @throws Problem not_found (the service does not run there, or has no such process) | environment_not_ready |
 * operation_in_progress (the service is being removed) | too_many_requests
 */
export async function startRun(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  request: RunRequest,
  beside?: Beside,
): Promise<Operation<'run'>> {
  const { operation, waking } = await changingEnvironment(ports.store, ref, () =>
    accept(ports, caller, ref, request, beside),
  );
  if (waking) await startOperation(ports, waking);
  await startOperation(ports, operation);
  return operation;
}

async function accept(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  wanted: RunRequest,
  beside: Beside | undefined,
): Promise<{ operation: Operation<'run'>; waking: Operation<'wake'> | undefined }> {
  const { project, environment: name, service } = ref;
  const item = await getEnvironment(ports.store, ref);
  if (!RUNS_IN.includes(item.data.state)) throw notReady(item.data, RUNS_IN);
  const { deployment, instance } = runnable(item.data, ref);
  const { process: asked, ...request } = wanted;
  const process = await processOf(ports.store, instance, asked);
  if (isCrowded(item.data)) throw crowded(item.data);
  // What is due by a schedule is no use by anybody: an environment that has jobs goes to sleep as any other.
  const isUse = request.job?.scheduledFor === undefined;
  const awake = wakingFor(ports, caller, item.data, isUse);
  const operation = planned(ports, caller, {
    kind: 'run',
    project,
    environment: name,
    environmentId: item.data.id,
    service,
    input: { ...request, deployment, ...(process !== undefined && { process }) },
  });
  const more = await beside?.(operation);
  const at = new Date(ports.effects.now()).toISOString();
  await commit(ports, caller, {
    writes: [
      environmentUse(item, {
        ...awake.environment,
        ...(isUse && { lastActivityAt: at }),
        runs: { ...item.data.runs, [operation.id]: service },
      }),
      ...awake.writes,
      ...acceptWrites(ports, operation),
      ...(more?.writes ?? []),
    ],
    events: [
      ...awake.events,
      ...(more?.events ?? []),
      {
        project,
        environment: name,
        service,
        operation: operation.id,
        type: 'run.started',
        data: {
          command: request.command.join(' ').slice(0, SHOWN),
          deployment,
          ...(process !== undefined && { process }),
          ...(request.job && { job: request.job.name }),
        },
      },
    ],
    result: operation,
  });
  return { operation, waking: awake.operation };
}

/** It has ended soon after its time-out, and not only after the longest that there is. */
function planned(ports: Ports, caller: Caller, request: OperationRequest<'run'>): Operation<'run'> {
  const seconds = request.input.timeoutSeconds + RUN_AROUND_SECONDS;
  const deadline = new Date(ports.effects.now() + seconds * 1000).toISOString();
  return { ...newOperation(ports, caller.actor, request), deadline };
}

/** The service, and the deployment whose content a command has. @throws Problem not_found | operation_in_progress */
function runnable(environment: Environment, ref: InstanceRef): { instance: Instance; deployment: number } {
  const instance = instanceOf(environment, ref.service);
  if (instance.state === 'removing') throw beingRemoved(ref);
  if (instance.current !== undefined) return { instance, deployment: instance.current };
  throw new Problem(
    'not_found',
    `Service "${ref.service}" has no working deployment in environment "${ref.environment}".`,
    { hint: 'Deploy a version of it there first.' },
  );
}

export const isCrowded = ({ runs = {} }: Environment): boolean =>
  Object.keys(runs).length >= limits.runsAtOnce.value;

const crowded = ({ name }: Environment): Problem =>
  new Problem(
    'too_many_requests',
    `Environment "${name}" has ${limits.runsAtOnce.value} runs under way, which is as many as it may have.`,
    { hint: 'Wait until one has ended, or cancel one.' },
  );
