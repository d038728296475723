/** What must hold: after each event, when all has come to rest, and when everything was destroyed. */
import {
  ENVIRONMENT_PREFIX,
  eventsPartition,
  operationKey,
  operationsPartition,
  projectPartition,
} from '../../functions/core/keys.ts';
import {
  type BerthEvent,
  type Deployment,
  type Environment,
  isTerminal,
  type Operation,
} from '../../functions/core/model/index.ts';
import type { Ports } from '../../functions/ports/index.ts';
import type { Store } from '../../functions/ports/store.ts';
import type { WorkloadSpec } from '../../functions/ports/workloads.ts';
import { verifyChain } from '../../functions/records/audit-trail.ts';
import { instancesOf } from '../../functions/records/instances.ts';
import { getDeployment } from '../../functions/records/read.ts';
import { readAll } from '../../functions/records/read-all.ts';
import type { Client } from './clients.ts';
import type { SimulatedDatabases } from './ports/databases.ts';
import type { SimulatedSecrets } from './ports/secrets.ts';
import type { SimulatedWorkloads } from './ports/workloads.ts';
import { PROJECTS, projectPath } from './setting.ts';
import { pause, type World } from './world.ts';

const projects = PROJECTS.map(({ name }) => name);

interface Observed {
  /** Without faults: the oracle looks at what is kept, and not through Berth's network. */
  kept: Store;
  secrets: SimulatedSecrets;
  databases: SimulatedDatabases;
  workloads(): SimulatedWorkloads;
}

export function createOracle(world: World, { kept, secrets, databases, workloads }: Observed) {
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

  const operations = async (): Promise<Operation[]> => {
    const lines = await Promise.all(projects.map((name) => readAll(kept, operationsPartition(name))));
    const items = await Promise.all(lines.flat().map(({ sk }) => kept.get<Operation>(operationKey(sk))));
    return items.flatMap((item) => (item ? [item.data] : []));
  };

  const environments = async (): Promise<Environment[]> => {
    const read = (name: string) => readAll<Environment>(kept, projectPartition(name), ENVIRONMENT_PREFIX);
    return (await Promise.all(projects.map(read))).flat().map(({ data }) => data);
  };

  let open = 1;
  let counting = false;
  /** Looks now and then whether something has not ended, and gives the newest answer. */
  function isQuiet(): boolean {
    if (!counting) {
      counting = true;
      void operations().then((all) => {
        open = all.filter((operation) => !hasEnded(operation)).length;
        counting = false;
      });
    }
    return open === 0;
  }

  return {
    faultOf,
    isQuiet,
    /** I6: what serves works, at each moment. */
    look(): void {
      for (const spec of workloads().serving()) {
        const fault = faultOf(spec);
        if (fault !== undefined)
          world.violate(`I6: ${spec.environment}/${spec.service} #${spec.number} serves, and ${fault}`);
      }
    },
    /** @param ports of Berth, when no faults happen any more */
    async atQuiet(ports: Omit<Ports, 'workflows'>, clients: readonly Client[]): Promise<void> {
      const all = await operations();
      for (const operation of all) {
        const { id, kind, status, environment, service } = operation;
        if (!hasEnded(operation))
          world.violate(`I3: ${kind} ${id} of ${environment}/${service ?? ''} is ${status}`);
      }
      const known = new Set(all.map(({ id }) => id));
      for (const id of clients.flatMap(({ accepted }) => [...accepted]))
        if (!known.has(id)) world.violate(`I1: operation ${id} was accepted and is not there`);
      for (const name of projects) {
        const report = await verifyChain({ ...ports, store: kept } as Ports, name);
        if ('problem' in report || JSON.stringify(report).includes('"valid":false'))
          world.violate(`I9: the audit chain does not verify: ${JSON.stringify(report)}`);
      }
      const events = await Promise.all(
        projects.map((name) => readAll<BerthEvent>(kept, eventsPartition(name))),
      );
      const told = new Set(events.flat().map(({ data }) => data.operation));
      for (const { id, kind } of all) if (!told.has(id)) world.violate(`I9: no event tells of ${kind} ${id}`);
      for (const environment of await environments()) await checkEnvironment(environment);
    },
    /** I4: nothing is left of what was destroyed. */
    async afterDestroy(client: Client): Promise<void> {
      for (const { project, name } of await environments()) {
        const path = `${projectPath(project)}/environments/${name}`;
        await client.ask('DELETE', `${path}/protection`, undefined, { patient: true });
        for (let tries = 0; tries < 100; tries++) {
          const told = await client.ask('DELETE', path, undefined, { patient: true });
          if (told?.status === 404) break;
          await pause(60_000);
        }
      }
      const left = [
        ...workloads()
          .environments()
          .map((name) => `namespace ${name}`),
        ...databases.inventory(),
        ...(await secrets.list('')).flatMap((path) =>
          path.split('/')[1] === '-webhooks' ? [] : [`secret ${path}`],
        ),
        ...(await environments()).map(({ name, state }) => `record of ${name}, ${state}`),
      ];
      for (const one of left) world.violate(`I4: ${one} is left`);
    },
  };

  async function checkEnvironment(environment: Environment): Promise<void> {
    const { project, name, state } = environment;
    if (!['ready', 'hibernated', 'failed'].includes(state))
      world.violate(`I3: environment ${name} is ${state}, and nothing goes on`);
    const serving = workloads()
      .serving()
      .filter((spec) => spec.project === project && spec.environment === name);
    for (const instance of instancesOf(environment)) {
      const { service, current, newest } = instance;
      const up = serving.find((spec) => spec.service === service)?.number;
      // Of what was stopped the promises tell.
      if (state === 'ready' && current !== undefined && instance.state === undefined && up !== current)
        world.violate(
          `I6: ${name}/${service}: #${current} should serve, and ${up === undefined ? 'nothing' : `#${up}`} does`,
        );
      if (state === 'hibernated' && up !== undefined)
        world.violate(`${name} sleeps, and ${service} #${up} runs`);
      let last: Deployment | undefined;
      for (let number = newest; number > 0 && !last; number--) {
        const { data } = await getDeployment(kept, instance, number);
        if (data.status === 'succeeded') last = data;
      }
      if (last && current !== undefined && last.number > current)
        world.violate(`I5: ${name}/${service}: #${last.number} succeeded, and #${current} is current`);
    }
  }
}

/** What waits for a person may wait for days. */
const hasEnded = ({ status, approval }: Operation): boolean =>
  isTerminal(status) || approval?.state === 'pending';
