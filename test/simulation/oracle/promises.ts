/** What was promised to the clients, beside the invariants of the oracle: looked at when all has come to rest. */
import { eventsPartition } from '../../../functions/core/keys.ts';
import {
  type BerthEvent,
  type Deployment,
  type Environment,
  HOME,
  isFor,
  type Operation,
} from '../../../functions/core/model/index.ts';
import { workloadSettings } from '../../../functions/core/score/settings.ts';
import type { Store } from '../../../functions/ports/store.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import { instancesOf } from '../../../functions/records/instances.ts';
import { getDeployment } from '../../../functions/records/read.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import { getDeploymentDetail } from '../../../functions/records/workloads.ts';
import { onlyParted } from '../faults.ts';
import type { SimulatedKeeper } from '../ports/keeper.ts';
import type { SimulatedPlaces } from '../ports/places.ts';
import type { SimulatedReceivers } from '../ports/receivers.ts';
import type { Changed } from '../ports/records.ts';
import type { SimulatedSecrets } from '../ports/secrets.ts';
import { hookOf, MOST_REPLICAS, PROJECTS } from '../setting.ts';
import type { World } from '../world.ts';
import type { Ledger } from './ledger.ts';

interface Observed {
  kept: Store;
  ledger: Ledger;
  secrets: SimulatedSecrets;
  keeper: SimulatedKeeper;
  places(): SimulatedPlaces;
  receivers: SimulatedReceivers;
}

export function createPromises(world: World, observed: Observed) {
  const { kept, ledger, secrets, keeper, places, receivers } = observed;

  /** What a text holds that nobody may read; undefined where that is nothing. */
  function leaks(text: string): string | undefined {
    const value = [...secrets.values(), ...keeper.values()].find(
      (one) => one.length > 8 && text.includes(one),
    );
    return value && `the secret value ${value}`;
  }

  /** What an operation is said to have failed of is so. */
  function checkCause(operation: Operation): void {
    const { kind, id, error, project, environment, service, number } = operation;
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
      isFor(operation, now)
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
    const asked = places()
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
      const serving = places()
        .serving()
        .find((one) => one.project === project && one.environment === name && one.service === service);
      if (standing === 'stopped' && serving)
        world.violate(`${project}/${name}/${service} was stopped, and #${serving.number} runs`);
      if (standing !== undefined || current === undefined || !serving) continue;
      const { data } = await getDeploymentDetail(kept, instance, current);
      const wanted = replicas ?? workloadSettings(data.workload).replicas;
      const has = places().replicas(serving);
      if (has !== wanted)
        world.violate(`${project}/${name}/${service} should have ${wanted} replicas, and has ${has}`);
      if (project === 'shop' && has > MOST_REPLICAS)
        world.violate(`${name}/${service} has ${has} replicas, more than its policy allows`);
      if (serving.number === current)
        await checkToken(`${project}/${name}/${service} #${current}`, data, serving);
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

  /** What a deployment takes of an entry is its newest version at some moment since the deployment was accepted. */
  function checkPinned({ before, after }: Changed): void {
    // What is there from the beginning was taken over from an earlier deployment.
    if (after === undefined || before === undefined || before.includes('"source"')) return;
    const deployment = JSON.parse(after) as Deployment;
    const source = deployment.outputs?.env?.secrets.TOKEN?.source;
    const since = ledger.accepted.get(deployment.operation);
    // What a workload does not use it does not pin.
    if (source?.version === undefined || since === undefined) return;
    const { entry, version } = source;
    const name = `${deployment.project}/${deployment.environment}/${deployment.service} #${deployment.number}`;
    if (!keeper.newestSince(entry, since).includes(version))
      world.violate(`${name} pins version ${version} of ${entry}, which was not the newest then`);
  }

  /** What runs has the value that its deployment has pinned, wherever it is kept. */
  async function checkToken(
    name: string,
    { outputs }: Deployment,
    { containers }: WorkloadSpec,
  ): Promise<void> {
    const pin = outputs?.env?.secrets.TOKEN;
    const file = containers[0]?.files.find(({ target }) => target === '/app/token');
    if (!pin || !file) return;
    const { secret, version, source } = pin;
    const value =
      source?.version === undefined
        ? await secrets.get(secret, version)
        : keeper.held({ ...source, version: source.version });
    if (Buffer.from(file.content).toString() !== `the token is ${value}`)
      world.violate(`${name} does not have the token that it pinned`);
  }

  /** A place that is away concerns its own environments. */
  function checkReach({ kind, id, environmentId = '', error }: Operation): void {
    // A command that runs has a time of its own.
    if (kind === 'run' && error?.code === 'deadline_exceeded') return;
    const isHome = (ledger.placements.get(environmentId) ?? HOME) === HOME;
    if (isHome && onlyParted(world) && UNREACHED.includes(error?.code ?? ''))
      world.violate(`${kind} ${id} failed for a place that it does not concern: ${error?.cause}`);
  }

  return {
    leaks,
    isHere(path: string, body: unknown): boolean {
      const [, project, environment] = /^\/v1\/projects\/([^/]+)\/environments\/([^/?]+)/.exec(path) ?? [];
      const at = ledger.environments.get(`${project}/${environment}`)?.placement ?? HOME;
      return at === HOME && path !== '/mcp' && !JSON.stringify(body ?? {}).includes('"placement"');
    },
    /** Now and then somebody asks for an environment at the very moment at which it is put to sleep. */
    note(changed: readonly Changed[]): void {
      for (const one of changed) {
        const { pk, after } = one;
        if (pk.startsWith('deployments#')) checkPinned(one);
        if (!pk.startsWith('audit#') || after === undefined || !after.includes('environment.hibernating'))
          continue;
        const {
          project,
          environment = '',
          data,
        } = JSON.parse(after) as BerthEvent & { data?: { reason?: string } };
        if (data?.reason === 'idle' && world.random.chance(0.3))
          setTimeout(() => places().touch({ project, environment }), world.random.below(40));
      }
    },
    async atQuiet(): Promise<void> {
      const isClockRight = !world.fates.happened.some(({ fault }) => fault === 'jump');
      for (const operation of ledger.operations.values()) {
        const key = `${operation.kind} ${operation.status}`;
        world.operations.set(key, (world.operations.get(key) ?? 0) + 1);
        checkCause(operation);
        checkReach(operation);
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

/** What an operation fails with that could not reach something. */
const UNREACHED: readonly string[] = ['unavailable', 'deadline_exceeded', 'internal'];
const APPROVED_KINDS: readonly string[] = ['deploy', 'promote', 'rollback'];
