/** What was promised to the clients, beside the invariants of the oracle: looked at when all has come to rest. */
import { eventsPartition } from '../../../functions/core/keys.ts';
import type { BerthEvent, Deployment, Environment, Operation } from '../../../functions/core/model/index.ts';
import { workloadSettings } from '../../../functions/core/score/settings.ts';
import type { Store } from '../../../functions/ports/store.ts';
import { instancesOf } from '../../../functions/records/instances.ts';
import { getDeployment } from '../../../functions/records/read.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import { getDeploymentDetail } from '../../../functions/records/workloads.ts';
import type { SimulatedReceivers } from '../ports/receivers.ts';
import type { Changed } from '../ports/records.ts';
import type { SimulatedSecrets } from '../ports/secrets.ts';
import type { SimulatedActivity } from '../ports/small.ts';
import type { SimulatedWorkloads } from '../ports/workloads.ts';
import { hookOf, MOST_REPLICAS, PROJECTS } from '../setting.ts';
import type { World } from '../world.ts';
import type { Ledger } from './ledger.ts';

interface Observed {
  kept: Store;
  ledger: Ledger;
  secrets: SimulatedSecrets;
  workloads(): SimulatedWorkloads;
  activity: SimulatedActivity;
  receivers: SimulatedReceivers;
}

export function createPromises(world: World, observed: Observed) {
  const { kept, ledger, secrets, workloads, activity, receivers } = observed;

  /** What a text holds that nobody may read; undefined where that is nothing. */
  function leaks(text: string): string | undefined {
    const value = secrets.values().find((one) => one.length > 8 && text.includes(one));
    return value && `the secret value ${value}`;
  }

  /** What an operation is said to have failed of is so. */
  function checkCause({
    kind,
    id,
    error,
    project,
    environment,
    service,
    number,
    createdAt,
  }: Operation): void {
    if (error?.code === 'fenced') world.violate(`${kind} ${id} does not say what overtook it`);
    // The credentials of today are there whatever was revoked.
    if (kind === 'rollback' && error?.code === 'unresolved_placeholder')
      world.violate(`rollback ${id} failed: ${error.cause}`);
    const now = ledger.environments.get(`${project}/${environment}`);
    const newest = service !== undefined ? now?.services[service]?.newest : undefined;
    if (
      error?.code === 'superseded' &&
      number !== undefined &&
      newest === number &&
      now &&
      now.createdAt < createdAt
    )
      world.violate(
        `${kind} ${id} is said to be superseded, and ${project}/${environment}/${service} #${number} is the newest`,
      );
  }

  /** I8: whoever asks for an environment before its workloads were stopped keeps it awake. */
  function checkIdle(operation: Operation): void {
    if (operation.kind !== 'hibernate' || operation.input.reason !== 'idle') return;
    const { project, environment, id, createdAt, steps, status } = operation;
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
    for (const instance of instancesOf(environment)) {
      const { service, current, newest, highest = 0, replicas, state: standing } = instance;
      for (let number = 1; number <= Math.max(newest, highest); number++) {
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
    /** Now and then somebody asks for an environment at the very moment at which it is put to sleep. */
    note(changed: readonly Changed[]): void {
      for (const { pk, after } of changed) {
        if (!pk.startsWith('audit#') || after === undefined || !after.includes('environment.hibernating'))
          continue;
        const {
          project,
          environment = '',
          data,
        } = JSON.parse(after) as BerthEvent & { data?: { reason?: string } };
        if (data?.reason === 'idle' && world.random.chance(0.3))
          setTimeout(() => activity.touch(project, environment), world.random.below(40));
      }
    },
    async atQuiet(): Promise<void> {
      const isClockRight = !world.fates.happened.some(({ fault }) => fault === 'jump');
      for (const operation of ledger.operations.values()) {
        const key = `${operation.kind} ${operation.status}`;
        world.operations.set(key, (world.operations.get(key) ?? 0) + 1);
        checkCause(operation);
        if (isClockRight) checkIdle(operation);
      }
      for (const { name: project } of PROJECTS) {
        const events = await readAll<BerthEvent>(kept, eventsPartition(project));
        checkWebhook(
          project,
          events.map(({ data }) => data),
        );
      }
      for (const environment of ledger.environments.values()) await checkEnvironment(environment);
    },
  };
}

const APPROVED_KINDS: readonly string[] = ['deploy', 'promote', 'rollback'];
