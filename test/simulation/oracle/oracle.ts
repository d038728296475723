/** What must hold: after each event, when all has come to rest, and when everything was destroyed. */
import { eventsPartition } from '../../../functions/core/keys.ts';
import {
  type BerthEvent,
  type Deployment,
  type Environment,
  HOME,
  isTerminal,
  type Operation,
  PLATFORM,
} from '../../../functions/core/model/index.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import { verifyChain } from '../../../functions/records/audit-trail.ts';
import { instancesOf } from '../../../functions/records/instances.ts';
import { getDeployment } from '../../../functions/records/read.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import type { Client } from '../clients.ts';
import { monotonicNow } from '../clock.ts';
import type { SimulatedDatabases } from '../ports/databases.ts';
import type { SimulatedKeeper } from '../ports/keeper.ts';
import type { SimulatedPlaces } from '../ports/places.ts';
import type { Records } from '../ports/records.ts';
import type { SimulatedSecrets } from '../ports/secrets.ts';
import { PROJECTS, projectPath } from '../setting.ts';
import { pause, type World } from '../world.ts';
import type { createBackupOracle } from './backups.ts';
import type { createCloneOracle } from './clones.ts';
import type { createDrainOracle } from './drains.ts';
import { deploymentName, type Ledger } from './ledger.ts';
import { createProcessOracle } from './processes.ts';
import type { createPromotionOracle } from './promotions.ts';
import type { createPushOracle } from './pushes.ts';
import type { createRecipeOracle } from './recipes.ts';
import type { createVersionsOracle } from './versions.ts';

const projects = PROJECTS.map(({ name }) => name);

interface Observed {
  /** Without faults: the oracle looks at what is kept, and not through Berth's network. */
  kept: Records;
  ledger: Ledger;
  secrets: SimulatedSecrets;
  /** All values that were ever kept as secrets, with the ids of the environments for which that was. */
  values: ReadonlyMap<string, ReadonlySet<string | undefined>>;
  pushes: ReturnType<typeof createPushOracle>;
  versions: ReturnType<typeof createVersionsOracle>;
  promotions: ReturnType<typeof createPromotionOracle>;
  clones: ReturnType<typeof createCloneOracle>;
  drains: ReturnType<typeof createDrainOracle>;
  recipes: ReturnType<typeof createRecipeOracle>;
  databases: SimulatedDatabases;
  backups: ReturnType<typeof createBackupOracle>;
  keeper: SimulatedKeeper;
  places(): SimulatedPlaces;
}

/** States in which nothing goes on. */
const SETTLED: ReadonlySet<string> = new Set(['ready', 'hibernated', 'failed']);

/** What makes the place of an environment. */
const PROVISIONING: ReadonlySet<string> = new Set(['provision-environment', 'provision-with-data']);

const STARTING_MS = 240_000;
/** How much longer than its bound an operation may take where nothing fails: the sweep waits an hour after a jump. */
const GRACE_MS = 75 * 60_000;

export function createOracle(world: World, observed: Observed) {
  const { kept, ledger, secrets, values, databases, backups, keeper, places } = observed;
  const { pushes, promotions, versions, clones, drains, recipes } = observed;
  const processes = createProcessOracle(world, { deployments: ledger.deployments, places });

  /** Why a program with these variables can not work; undefined where it can. */
  function faultOf(spec: WorkloadSpec): string | undefined {
    for (const { name, value } of spec.containers.flatMap(({ variables }) => variables)) {
      if (name === 'API_KEY' && value !== '' && !secrets.isGood(value)) return 'its API key was revoked';
      if (name !== 'DATABASE') continue;
      const { username, password } = new URL(value);
      if (!databases.admits(decodeURIComponent(username), decodeURIComponent(password)))
        return 'its database refuses its password';
    }
    return undefined;
  }

  /** What there was at the last look: where nothing has changed, nothing is new. */
  let seen = -1;
  let boundsSeen = 0;
  const served = new Map<string, WorkloadSpec>();
  const nothingSince = new Map<string, number>();

  /** Looks at what stands in the world beyond Berth: I4 and I6. */
  function look(): void {
    const state = world.changes + world.trace.length;
    if (state === seen) return;
    seen = state;
    const serving = places().serving();
    for (const spec of serving) {
      const fault = faultOf(spec);
      if (fault !== undefined)
        world.violate(`I6: ${spec.environment}/${spec.service} #${spec.number} serves, and ${fault}`);
    }
    for (const spec of serving) {
      const environment = ledger.environments.get(`${spec.project}/${spec.environment}`);
      if (environment) lookAtOrder(environment, spec);
      if (environment) lookAtOrigin(environment, spec);
      if (environment) recipes.look(environment, spec);
    }
    for (const made of places().environments())
      if (!isOwned(made) && !isBeingMade(made.name))
        world.violate(`I4: namespace ${made.name} in ${made.place} has no owner`);
    let owners = 0;
    for (const known of ledger.owners.values())
      for (const key of known) if (key.includes('postgres')) owners++;
    const made = databases
      .inventory()
      .filter((name) => /^database (?!.*_(?:new|old|sna)_)/.test(name)).length;
    if (made > owners) world.violate(`I4: there are ${made} databases, and owner records of ${owners}`);
    for (const environment of ledger.environments.values()) {
      if (environment.state !== 'ready') continue;
      for (const { service, current, state } of instancesOf(environment))
        lookForNothing(
          `${environment.name}/${service} #${current}`,
          current !== undefined &&
            state === undefined &&
            !isTakenAway(environment, service, current) &&
            !serving.some((spec) => isOf(spec, environment, service)),
        );
    }
  }

  /** Nothing of an environment is in a place that is not its own, nor of an earlier one of its name. */
  function isOwned({ place, name, id }: ReturnType<SimulatedPlaces['environments']>[number]): boolean {
    const owner = ledger.environments.get(name);
    return owner !== undefined && (id ?? owner.id) === owner.id && (owner.placement ?? HOME) === place;
  }

  /** What is made for an environment that was destroyed meanwhile is removed by the operation that made it. */
  const isBeingMade = (name: string): boolean =>
    [...ledger.operations.values()].some(
      ({ kind, project, environment, status }) =>
        PROVISIONING.has(kind) && !isTerminal(status) && `${project}/${environment}` === name,
    );

  /** What a deployment has pinned elsewhere was taken away there: it can not be started again. */
  function isTakenAway(
    { project, name: environment }: Environment,
    service: string,
    number: number,
  ): boolean {
    const { outputs } =
      ledger.deployments.get(deploymentName({ project, environment, service, number })) ?? {};
    const source = outputs?.env?.secrets.TOKEN?.source;
    return source?.version !== undefined && !keeper.has({ ...source, version: source.version });
  }

  /** I6: what is put back, or woken though the waking failed, may take as long as the slowest program. */
  function lookForNothing(name: string, isNothing: boolean): void {
    // As long as a place, the store or the disk is away, nobody can put anything back.
    const since = (world.isHindered() ? undefined : nothingSince.get(name)) ?? monotonicNow();
    if (isNothing) nothingSince.set(name, since);
    else nothingSince.delete(name);
    if (isNothing && monotonicNow() - since > STARTING_MS)
      world.violate(`I6: ${name} is current, and nothing serves`);
  }

  /** I5: what serves gives way to an older one only where it did not succeed. */
  function lookAtOrder({ id }: Environment, spec: WorkloadSpec): void {
    const name = `${id} ${spec.service}`;
    const before = served.get(name);
    served.set(name, spec);
    if (before === undefined || before.number <= spec.number) return;
    if (ledger.deployments.get(deploymentName(before))?.status === 'succeeded')
      world.violate(`I5: ${deploymentName(before)} succeeded, and gave way to #${spec.number}`);
  }

  /** I10: nothing comes from an earlier environment of the same name. */
  function lookAtOrigin({ id, name }: Environment, spec: WorkloadSpec): void {
    for (const { name: variable, value } of spec.containers.flatMap(({ variables }) => variables)) {
      const secret = variable === 'DATABASE' ? decodeURIComponent(new URL(value).password) : value;
      const origins = values.get(secret);
      if (origins && !origins.has(undefined) && !origins.has(id))
        world.violate(`I10: ${name}/${spec.service} has the ${variable} of an earlier environment ${name}`);
    }
  }

  const isOf = (spec: WorkloadSpec, { project, name }: Environment, service: string): boolean =>
    spec.project === project && spec.environment === name && spec.service === service;

  return {
    faultOf,
    look,
    isQuiet: () =>
      [...ledger.operations.values()].every(hasEnded) &&
      [...ledger.environments.values()].every(({ state }) => SETTLED.has(state)) &&
      pushes.isQuiet() &&
      versions.isQuiet() &&
      promotions.isQuiet() &&
      clones.isQuiet() &&
      drains.isQuiet(),
    /** I3, where nothing fails any more. */
    lookAtBounds(): void {
      if (world.effects.now() < boundsSeen + 60_000) return;
      boundsSeen = world.effects.now();
      for (const operation of ledger.operations.values()) {
        const { id, kind, status, deadline } = operation;
        const bound = Math.max(Date.parse(deadline), world.healedAt);
        if (!hasEnded(operation) && world.effects.now() > bound + GRACE_MS)
          world.violate(`I3: ${kind} ${id} is ${status} long after its bound`);
      }
    },
    /** @param ports of Berth, when no faults happen any more */
    async atQuiet(ports: Omit<Ports, 'workflows'>, clients: readonly Client[]): Promise<void> {
      for (const operation of ledger.operations.values()) {
        const { id, kind, status, project } = operation;
        if (!hasEnded(operation)) world.violate(`I3: ${kind} ${id} of ${project} is ${status}`);
      }
      // While clients are asked time goes on, and what is due begins.
      for (const one of [versions, pushes, promotions, clones, drains]) one.atQuiet();
      for (const client of clients) await checkTold(client);
      const told = new Set<string | undefined>();
      for (const project of [...projects, PLATFORM]) {
        const report = await verifyChain({ ...ports, store: kept }, project);
        if ('problem' in report || JSON.stringify(report).includes('"valid":false'))
          world.violate(`I9: the audit chain does not verify: ${JSON.stringify(report)}`);
        for (const { data } of await readAll<BerthEvent>(kept, eventsPartition(project)))
          told.add(data.operation);
      }
      for (const { id, kind } of ledger.operations.values())
        if (!told.has(id)) world.violate(`I9: no event tells of ${kind} ${id}`);
      for (const environment of ledger.environments.values()) await checkEnvironment(environment);
      await checkSecrets();
      backups.atQuiet();
    },
    /** I4: nothing is left of what was destroyed. */
    async afterDestroy(client: Client): Promise<void> {
      for (const { project, name } of [...ledger.environments.values()]) {
        const path = `${projectPath(project)}/environments/${name}`;
        await client.ask('DELETE', `${path}/protection`, undefined, { patient: true });
        for (let tries = 0; tries < 100; tries++) {
          const told = await client.ask('DELETE', path, undefined, { patient: true });
          if (told?.status === 404) break;
          await pause(60_000);
        }
      }
      const left = [
        ...places()
          .environments()
          .map(({ place, name }) => `namespace ${name} in ${place}`),
        ...databases.inventory(),
        ...(await environmentSecrets()).map((path) => `secret ${path}`),
        ...[...ledger.environments.values()].map(({ name, state }) => `record of ${name}, ${state}`),
        ...kept
          .all()
          .flatMap(({ pk, sk }) =>
            /^(?:environment|deployments|placed)#/.test(pk) ? [`record ${pk} ${sk}`] : [],
          ),
      ];
      for (const one of left) world.violate(`I4: ${one} is left`);
    },
  };

  /** What a client was told is true: what was accepted is there, and its end is told to everyone alike. */
  async function checkTold(client: Client): Promise<void> {
    for (const id of client.accepted) {
      const operation = ledger.operations.get(id);
      if (!operation) {
        world.violate(`I1: operation ${id} was accepted and is not there`);
        continue;
      }
      const told = await client.ask('GET', `/v1/operations/${id}`, undefined, { patient: true });
      if (told?.body.status !== operation.status)
        world.violate(
          `I1: ${operation.kind} ${id} is ${operation.status}, and a client is told ${told?.body.status}`,
        );
    }
  }

  /**
   * I7, and I4 for what is kept as a secret. A value that a person gave is kept before its record is, so that until then
   * the environment is its owner.
   */
  async function checkSecrets(): Promise<void> {
    const text = [...kept.all().map(({ json }) => json), JSON.stringify(places().lines())].join('\n');
    for (const value of [...values.keys(), ...keeper.values()])
      if (text.includes(value)) world.violate(`I7: ${value} is in a record or a log`);
    const owned = new Set(kept.all().map(({ pk, sk }) => `${pk} ${sk}`));
    for (const path of await environmentSecrets()) {
      const [project = '', environment = '', kind, name = ''] = path.split('/');
      const hasOwner =
        kind === 'env'
          ? ledger.environments.has(`${project}/${environment}`)
          : owned.has(`environment#${project}#${environment} resource#${name}`);
      if (!hasOwner) world.violate(`I4: the secret ${path} has no owner`);
    }
  }

  /** Those of webhooks, drains and connections are kept beside the environments. */
  async function environmentSecrets(): Promise<string[]> {
    return (await secrets.list('')).filter(
      (path) => !/^-builds\/|^[^/]+\/-(?:webhooks|connections|drains)\//.test(path),
    );
  }

  /** Where a place can not be reached until the bound is over, an environment is said to sleep, and is woken by requests. */
  function wentWell({ id }: Environment): boolean {
    const changes = [...ledger.operations.values()].filter(
      ({ kind, environmentId }) => environmentId === id && (kind === 'hibernate' || kind === 'wake'),
    );
    return changes.at(-1)?.status === 'succeeded';
  }

  async function checkEnvironment(environment: Environment): Promise<void> {
    const { id, project, name, state } = environment;
    // Its time may be over at this very moment.
    const goesOn = [...ledger.operations.values()].some((one) => one.environmentId === id && !hasEnded(one));
    if (!SETTLED.has(state) && !goesOn)
      world.violate(`I3: environment ${name} is ${state}, and nothing goes on`);
    const serving = places()
      .serving()
      .filter((spec) => spec.project === project && spec.environment === name);
    for (const instance of instancesOf(environment)) {
      const { service, current, newest, state: standing } = instance;
      const up = serving.find((spec) => spec.service === service)?.number;
      if (
        state === 'ready' &&
        standing === undefined &&
        current !== undefined &&
        up !== current &&
        !isTakenAway(environment, service, current)
      )
        world.violate(
          `I6: ${name}/${service}: #${current} should serve, and ${up === undefined ? 'nothing' : `#${up}`} does`,
        );
      if (state === 'hibernated' && up !== undefined && wentWell(environment))
        world.violate(`${name} sleeps, and ${service} #${up} runs`);
      let last: Deployment | undefined;
      for (let number = newest; number > 0 && !last; number--) {
        const { data } = await getDeployment(kept, instance, number);
        if (!isTerminal(data.status) && data.approval?.state !== 'pending')
          world.violate(`I3: deployment #${number} of ${name}/${service} is ${data.status}`);
        if (data.status === 'succeeded') last = data;
      }
      if (last && current !== undefined && last.number > current)
        world.violate(`I5: ${name}/${service}: #${last.number} succeeded, and #${current} is current`);
    }
    if (state === 'ready' || (state === 'hibernated' && wentWell(environment)))
      processes.check(
        environment,
        ({ service, current }) => current === undefined || !isTakenAway(environment, service, current),
      );
  }
}

/** What waits for a person may wait for days. */
const hasEnded = ({ status, approval }: Operation): boolean =>
  isTerminal(status) || approval?.state === 'pending';
