/** What must hold of clones: each service begins once, in a place that is ready, and no masked data are there unmasked. */
import { environmentPartition, isCloneKey, RESOURCE_PREFIX } from '../../../functions/core/keys.ts';
import {
  type Clone,
  type ClonedService,
  type Deployment,
  isTerminal,
  isUnderWay,
  type Resource,
} from '../../../functions/core/model/index.ts';
import type { SimulatedDatabases } from '../ports/databases.ts';
import type { Changed, Records } from '../ports/records.ts';
import type { World } from '../world.ts';
import { deploymentName, type Ledger } from './ledger.ts';

interface Observed {
  ledger: Ledger;
  kept(): Pick<Records, 'all'>;
  databases(): Pick<SimulatedDatabases, 'isUnmaskedCopy'>;
}

export function createCloneOracle(world: World, { ledger, kept, databases }: Observed) {
  const { operations, deployments, environments } = ledger;
  /** By partition of the environment. */
  const clones = new Map<string, Clone>();

  const awaits = ({ operation = '' }: ClonedService): boolean =>
    operations.get(operation)?.approval?.state === 'pending';
  const goesOn = (clone: Clone): boolean => isUnderWay(clone) && !clone.services.some(awaits);
  const nameOf = ({ project, environment, from }: Clone): string =>
    `the clone ${project}/${environment} of ${from}`;

  /** What one transaction did to a clone. @param deployed names of the deployments that it accepted */
  function noteChange(was: Clone, is: Clone, deployed: ReadonlySet<string>): void {
    const name = nameOf(is);
    if (!isUnderWay(was)) world.violate(`I1: ${name} had ended as ${was.state}, and goes on`);
    for (const { service, version, state, deployment = 0 } of is.services) {
      const before = was.services.find((one) => one.service === service);
      if (before?.deployment !== undefined && before.deployment !== deployment)
        world.violate(`I2: ${service} of ${name} was deployed twice`);
      if (before?.version !== version) world.violate(`${service} of ${name} has another version than before`);
      if (before?.state !== 'waiting' || state !== 'deploying') continue;
      if (!deployed.has(deploymentName({ ...is, service, number: deployment })))
        world.violate(`I9: ${name} tells of ${service} #${deployment}, which was not begun with it`);
    }
    if (was.state === 'provisioning' && is.state === 'deploying') {
      if (operations.get(is.operation)?.status !== 'succeeded')
        world.violate(`${name} is deployed to, and was not made`);
      checkMasked(is);
    }
  }

  /** Where whoever asked may have the data masked alone, nothing of the origin is there as it was. */
  function checkMasked({ operation, ...clone }: Clone): void {
    const made = operations.get(operation);
    if (made?.kind !== 'provision-with-data' || !made.input.masked) return;
    const partition = environmentPartition(clone);
    for (const { pk, sk, json } of kept().all()) {
      if (pk !== partition || !sk.startsWith(RESOURCE_PREFIX)) continue;
      const { uid, outputs } = JSON.parse(json) as Resource;
      if (databases().isUnmaskedCopy(String(outputs.values.name)))
        world.violate(`I10: ${uid} of ${nameOf({ ...clone, operation })} is not masked`);
    }
  }

  return {
    note(changed: readonly Changed[]): void {
      const changes = changed.filter(isCloneKey);
      if (changes.length === 0) return;
      const deployed = new Set(
        changed.flatMap(({ pk, before, after }) =>
          pk.startsWith('deployments#') && before === undefined && after !== undefined
            ? [deploymentName(JSON.parse(after) as Deployment)]
            : [],
        ),
      );
      for (const { pk, before, after } of changes) {
        if (after === undefined) {
          clones.delete(pk);
          continue;
        }
        const is = JSON.parse(after) as Clone;
        clones.set(pk, is);
        if (before !== undefined) noteChange(JSON.parse(before) as Clone, is, deployed);
        else if (environments.get(`${is.project}/${is.environment}`)?.id !== is.environmentId)
          world.violate(`I9: ${nameOf(is)} is told of, and there is no such environment`);
      }
    },
    /** What waits for a person may wait for days. */
    isQuiet: (): boolean => ![...clones.values()].some(goesOn),
    atQuiet(): void {
      for (const clone of clones.values()) {
        const { project, environment, state } = clone;
        const name = nameOf(clone);
        if (goesOn(clone)) world.violate(`I3: ${name} is ${state}, and nothing goes on`);
        if (state === 'succeeded' && clone.services.some((one) => one.state !== 'succeeded'))
          world.violate(`I1: ${name} is said to have succeeded, and something of it has not`);
        checkMasked(clone);
        for (const { service, version, deployment, operation = '' } of clone.services) {
          if (deployment === undefined) continue;
          if (!isUnderWay(clone) && !isTerminal(operations.get(operation)?.status ?? 'failed'))
            world.violate(`I1: ${name} has ended, and ${service} goes on`);
          const made = deployments.get(deploymentName({ project, environment, service, number: deployment }));
          if (made?.operation === operation && made.version !== version)
            world.violate(`${name} deployed ${made.version} of ${service} in place of ${version}`);
        }
      }
    },
  };
}
