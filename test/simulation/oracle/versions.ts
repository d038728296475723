/** Versions and their images: neither goes under somebody who needs it, and none is there without the other. */
import { REMOVAL_PREFIX, VERSION_PREFIX } from '../../../functions/core/keys.ts';
import { limits } from '../../../functions/core/limits.ts';
import { type Deployment, isTerminal, type Version } from '../../../functions/core/model/index.ts';
import type { RepositoryRef } from '../../../functions/ports/registry.ts';
import type { Changed } from '../ports/records.ts';
import type { SimulatedRegistry } from '../ports/registry.ts';
import { KNOWN_DIGESTS, PROJECTS } from '../setting.ts';
import type { World } from '../world.ts';
import { deploymentName, type Ledger } from './ledger.ts';

interface Observed {
  ledger: Ledger;
  registry(): Pick<SimulatedRegistry, 'has' | 'isPushed'>;
}

export function createVersionsOracle(world: World, { ledger, registry }: Observed) {
  /** Those that are there, by partition and sort key. */
  const versions = new Map<string, Version>();
  /** Images that are to be removed. */
  const removals = new Set<string>();

  const find = ({ project, service }: RepositoryRef, is: (version: Version) => boolean): boolean =>
    [...versions.values()].some((one) => one.project === project && one.service === service && is(one));

  /** Why a deployment needs its version; undefined where it does not. */
  function needOf(deployment: Deployment): string | undefined {
    const { project, environment, service, number, status, environmentId } = deployment;
    const now = ledger.environments.get(`${project}/${environment}`);
    const standing = now?.services[service];
    if (!now || !standing || (environmentId ?? now.id) !== now.id) return undefined;
    if (standing.current === number) return 'serves';
    if (!isTerminal(status)) return `is ${status}`;
    if (status !== 'succeeded') return undefined;
    const later = [...ledger.deployments.values()].filter(
      (one) =>
        one.project === project &&
        one.environment === environment &&
        one.service === service &&
        one.environmentId === environmentId &&
        one.status === 'succeeded' &&
        one.number > number,
    );
    return later.length < limits.deploymentsHeld.value ? 'can be gone back to' : undefined;
  }

  function noteDeleted({ project, service, id }: Version): void {
    for (const one of ledger.deployments.values()) {
      if (one.project !== project || one.service !== service || one.version !== id) continue;
      const need = needOf(one);
      if (need) world.violate(`Version ${id} is deleted, and ${deploymentName(one)} ${need}`);
    }
  }

  const isQuiet = (): boolean =>
    removals.size === 0 && [...versions.values()].every(({ deletingBy }) => deletingBy === undefined);

  return {
    note(changed: readonly Changed[]): void {
      for (const { pk, sk, before, after } of changed) {
        if (!pk.startsWith('versions#')) continue;
        if (sk.startsWith(REMOVAL_PREFIX)) {
          if (after === undefined || after.includes('removedAt')) removals.delete(`${pk} ${sk}`);
          else removals.add(`${pk} ${sk}`);
        }
        if (!sk.startsWith(VERSION_PREFIX)) continue;
        const was = versions.get(`${pk} ${sk}`);
        if (after === undefined) {
          versions.delete(`${pk} ${sk}`);
          if (was) noteDeleted(was);
          continue;
        }
        const is = JSON.parse(after) as Version;
        versions.set(`${pk} ${sk}`, is);
        if (before === undefined && !registry().has(is, is.digest))
          world.violate(`Version ${is.id} of ${is.project}/${is.service} is made, and there is no image`);
      }
      for (const { pk, before, after } of changed) {
        if (!pk.startsWith('deployments#') || before !== undefined || after === undefined) continue;
        const made = JSON.parse(after) as Deployment;
        if (!find(made, ({ id }) => id === made.version))
          world.violate(`${deploymentName(made)} brings version ${made.version}, which is not there`);
      }
    },
    /** What is removed no version has. */
    noteRemoval(ref: RepositoryRef, digest: string): void {
      if (find(ref, (version) => version.digest === digest))
        world.violate(
          `The image ${digest} of ${ref.project}/${ref.service} is removed, and a version has it`,
        );
    },
    isQuiet,
    atQuiet(): void {
      if (!isQuiet()) world.violate('A version is half deleted, and nobody goes on with it');
      for (const { name: project, services } of PROJECTS)
        for (const service of services) {
          const ref = { project, service };
          for (const digest of KNOWN_DIGESTS) {
            const isVersion = find(ref, (version) => version.digest === digest);
            if (isVersion && !registry().has(ref, digest))
              world.violate(`A version of ${project}/${service} has no image ${digest}`);
            if (!isVersion && registry().has(ref, digest) && !registry().isPushed(ref, digest))
              world.violate(`The image ${digest} of ${project}/${service} is there, and no version has it`);
          }
        }
    },
  };
}
