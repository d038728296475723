/** What was promised to the clients, beside the invariants of the oracle: looked at when all has come to rest. */
import {
  ENVIRONMENT_PREFIX,
  environmentPartition,
  eventsPartition,
  operationKey,
  operationsPartition,
  projectPartition,
  RESOURCE_PREFIX,
} from '../../functions/core/keys.ts';
import type { BerthEvent, Deployment, Environment, Operation } from '../../functions/core/model/index.ts';
import { recoveryOf } from '../../functions/core/operations/index.ts';
import { workloadSettings } from '../../functions/core/score/settings.ts';
import type { Store } from '../../functions/ports/store.ts';
import { instancesOf } from '../../functions/records/instances.ts';
import { getDeployment } from '../../functions/records/read.ts';
import { readAll } from '../../functions/records/read-all.ts';
import { getDeploymentDetail } from '../../functions/records/workloads.ts';
import type { SimulatedLogs } from './ports/logs.ts';
import type { SimulatedReceivers } from './ports/receivers.ts';
import type { SimulatedSecrets } from './ports/secrets.ts';
import type { SimulatedActivity } from './ports/small.ts';
import type { SimulatedWorkloads } from './ports/workloads.ts';
import { hookOf, MOST_REPLICAS, PROJECTS } from './setting.ts';
import type { World } from './world.ts';

interface Observed {
  kept: Store;
  secrets: SimulatedSecrets;
  workloads(): SimulatedWorkloads;
  activity: SimulatedActivity;
  logs: SimulatedLogs;
  receivers: SimulatedReceivers;
}

const ENDED_LATE_MS = 120_000;

export function createPromises(world: World, observed: Observed) {
  const { kept, secrets, workloads, activity, logs, receivers } = observed;

  async function operationsOf(project: string): Promise<Operation[]> {
    const lines = await readAll(kept, operationsPartition(project));
    const items = await kept.getMany<Operation>(lines.map(({ sk }) => operationKey(sk)));
    return items.flatMap((item) => (item ? [item.data] : []));
  }

  const leaked = (where: string, what: unknown): void => {
    const leak = leaks(JSON.stringify(what));
    if (leak !== undefined) world.violate(`I7: ${where} holds ${leak}`);
  };

  /** What a text holds that nobody may read; undefined where that is nothing. */
  function leaks(text: string): string | undefined {
    const value = secrets.values().find((one) => one.length > 8 && text.includes(one));
    return value && `the secret value ${value}`;
  }

  function checkCancel(operation: Operation, events: readonly BerthEvent[]): void {
    if (!operation.cancelRequested) return;
    const { id, kind, steps, endedAt, status } = operation;
    const at = events.find(
      (event) => event.type === 'operation.cancel-requested' && event.operation === id,
    )?.at;
    if (at === undefined) return;
    const late = steps.find(({ name, startedAt }) => name !== recoveryOf(kind) && startedAt > at);
    if (late) world.violate(`${kind} ${id} was canceled, and ${late.name} began after that`);
    if (
      status === 'succeeded' &&
      kind !== 'build' &&
      Date.parse(endedAt ?? at) - Date.parse(at) > ENDED_LATE_MS
    )
      world.violate(`${kind} ${id} was canceled, and succeeded long after that`);
  }

  /** I8: what is in use does not go to sleep for having been idle. */
  function checkIdle(operation: Operation, all: readonly Operation[]): void {
    if (operation.kind !== 'hibernate' || operation.input.reason !== 'idle') return;
    const { project, environment, id, createdAt, steps, status } = operation;
    const recent = all.find(
      (other) =>
        other.environment === environment &&
        other.number !== undefined &&
        other.createdAt < createdAt &&
        Date.parse(other.createdAt) > Date.parse(createdAt) - LEAST_IDLE_MS,
    );
    if (recent)
      world.violate(
        `I8: ${project}/${environment} was idle for ${id}, and ${recent.id} was accepted just before`,
      );
    const stopped = steps.find(({ name }) => name === 'stopWorkloads')?.startedAt;
    const asked = activity
      .touches(project, environment)
      .some((time) => time > Date.parse(createdAt) && stopped !== undefined && time < Date.parse(stopped));
    if (status === 'succeeded' && asked)
      world.violate(`I8: ${project}/${environment} went to sleep by ${id}, though a request came before`);
  }

  function checkApproval({ data }: { data: Deployment }): void {
    const { project, environment, service, number, kind, approval, status } = data;
    const name = `${project}/${environment}/${service} #${number}`;
    const needsOne = project === 'shop' && environment === 'prod' && APPROVED_KINDS.includes(kind);
    if (needsOne && !approval) world.violate(`${name} was not asked to be approved`);
    if (approval && approval.state !== 'approved' && !['queued', 'canceled'].includes(status))
      world.violate(`${name} is ${status}, and its approval ${approval.state}`);
    if (approval?.state === 'approved' && approval.decidedBy === approval.requestedBy)
      world.violate(`${name} was approved by who asked for it`);
  }

  async function checkEnvironment(environment: Environment): Promise<void> {
    const { project, name, state } = environment;
    leaked(
      `a resource of ${project}/${name}`,
      await readAll(kept, environmentPartition(environmentRef(environment)), RESOURCE_PREFIX),
    );
    for (const instance of instancesOf(environment)) {
      const { service, current, newest, replicas, state: standing } = instance;
      for (let number = 1; number <= newest; number++) {
        const item = await getDeployment(kept, instance, number).catch(() => undefined);
        if (item) checkApproval(item);
      }
      if (state !== 'ready') continue;
      const serving = workloads()
        .serving()
        .find((one) => one.project === project && one.environment === name && one.service === service);
      if (standing === 'stopped' && serving)
        world.violate(`${project}/${name}/${service} was stopped, and #${serving.number} runs`);
      if (standing !== undefined || current === undefined || !serving) continue;
      const { data } = await getDeploymentDetail(kept, instance, current);
      const wanted = replicas ?? workloadSettings(data.workload).replicas;
      const has = workloads().replicas(serving);
      if (has !== wanted)
        world.violate(`${project}/${name}/${service} should have ${wanted} replicas, and has ${has}`);
      if (project === 'shop' && has > MOST_REPLICAS)
        world.violate(`${name}/${service} has ${has} replicas, more than its policy allows`);
      const pin = data.outputs?.env?.secrets.API_KEY;
      const value = serving.containers[0]?.variables.find((one) => one.name === 'API_KEY')?.value;
      if (
        pin &&
        value !== undefined &&
        serving.number === current &&
        value !== (await secrets.get(pin.secret, pin.version))
      )
        world.violate(`${project}/${name}/${service} #${current} does not have the API key that it pinned`);
    }
  }

  /** Events come in their order, each once, but for the newest that may come again after a crash. */
  function checkWebhook(project: string, events: readonly BerthEvent[]): void {
    const taken = receivers.taken(hookOf(project)).filter((id, at, all) => id !== all[at - 1]);
    const selected = events.filter(({ type }) => type.startsWith('deployment.')).map(({ id }) => id);
    const from = selected.indexOf(taken[0] ?? '');
    for (const [at, id] of taken.entries())
      if (selected[from + at] !== id) {
        world.violate(`The webhook of ${project} was told of ${id} in place of ${selected[from + at]}`);
        return;
      }
  }

  return {
    leaks,
    async atQuiet(): Promise<void> {
      for (const { name: project } of PROJECTS) {
        const all = await operationsOf(project);
        const events = (await readAll<BerthEvent>(kept, eventsPartition(project))).map(({ data }) => data);
        for (const operation of all) {
          const key = `${operation.kind} ${operation.status}`;
          world.operations.set(key, (world.operations.get(key) ?? 0) + 1);
          checkCancel(operation, events);
          checkIdle(operation, all);
          if (
            operation.kind === 'destroy-environment' &&
            operation.environment === 'prod' &&
            operation.input.reason !== 'requested'
          )
            world.violate(`I8: ${project}/prod is protected, and was destroyed: ${operation.input.reason}`);
        }
        leaked(`an operation of ${project}`, all);
        leaked(`an event of ${project}`, events);
        checkWebhook(project, events);
        for (const { data } of await readAll<Environment>(
          kept,
          projectPartition(project),
          ENVIRONMENT_PREFIX,
        ))
          await checkEnvironment(data);
      }
      leaked('a log', logs.lines());
    },
  };
}

/** The least time after which any environment of the clients goes to sleep, less what reading may take. */
const LEAST_IDLE_MS = 4 * 60_000;

const APPROVED_KINDS: readonly string[] = ['deploy', 'promote', 'rollback'];

const environmentRef = ({ project, name }: Environment) => ({ project, environment: name });
