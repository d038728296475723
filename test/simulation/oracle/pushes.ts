/** What must hold of pushes and pull requests: the newest wins, each is told its end, and a preview ends with its pull request. */
import { deliveriesPartition, laneKey, previewsPartition } from '../../../functions/core/keys.ts';
import {
  type Delivery,
  type Environment,
  hasEnded,
  type Lane,
  type Preview,
} from '../../../functions/core/model/index.ts';
import type { SimulatedGitHost } from '../ports/git-host.ts';
import type { Changed } from '../ports/records.ts';
import type { World } from '../world.ts';

const BRANCH = 'refs/heads/main';
const PROJECT = 'mill';

interface Observed {
  git: SimulatedGitHost;
  environments: ReadonlyMap<string, Environment>;
}

export function createPushOracle(world: World, { git, environments }: Observed) {
  const deliveries = new Map<number, Delivery>();
  const previews = new Map<number, Preview>();
  let head: string | undefined;

  /** What is lost is found by asking the provider, which takes its time. */
  const isHeardOf = (): boolean => git.commits().length === 0 || head === git.commits().at(-1);

  function checkOrder(): void {
    // An environment that was made anew counts its deployments from one; ids end in a counter of the whole world.
    const begun = ({ operation = '' }: Delivery): number => Number(operation.slice(-16));
    const deployed = [...deliveries.values()]
      .filter(({ ref, deployment }) => ref === BRANCH && deployment !== undefined)
      .sort((a, b) => begun(a) - begun(b));
    for (const [at, { commit = '', number }] of deployed.entries()) {
      const before = deployed[at - 1]?.commit;
      if (before !== undefined && git.pushedAt(commit) < git.pushedAt(before))
        world.violate(`I5: delivery #${number} of an older commit was deployed over a newer one`);
    }
  }

  function checkNewest(): void {
    const newest = git.commits().at(-1);
    const its = [...deliveries.values()].filter(({ commit, ref }) => ref === BRANCH && commit === newest);
    // What was deployed gives way to what a person deploys.
    if (its.length > 0 && its.every(({ state, deployment }) => state === 'superseded' && !deployment))
      world.violate(`I1: the newest commit was passed over for an older one`);
  }

  function checkPreviews(): void {
    const failed = new Set(
      [...deliveries.values()].flatMap(({ state, pullRequest }) => (state === 'failed' ? [pullRequest] : [])),
    );
    for (const number of git.closed()) {
      const preview = previews.get(number);
      const environment = preview && environments.get(`${PROJECT}/${preview.environment}`);
      if (!environment || failed.has(number)) continue;
      if (environment.id === preview.environmentId)
        world.violate(`I4: pull request ${number} is closed, and its environment is ${environment.state}`);
    }
  }

  return {
    note(changed: readonly Changed[]): void {
      const id = git.hook()?.id;
      if (id === undefined) return;
      const lane = laneKey(id, BRANCH);
      for (const { pk, sk, after } of changed) {
        if (after === undefined) continue;
        if (pk === deliveriesPartition(id) && sk.startsWith('delivery#')) {
          const delivery = JSON.parse(after) as Delivery;
          deliveries.set(delivery.number, delivery);
        } else if (pk === lane.pk && sk === lane.sk) head = (JSON.parse(after) as Lane).head?.commit;
        else if (pk === previewsPartition(PROJECT)) {
          const preview = JSON.parse(after) as Preview;
          previews.set(preview.number, preview);
        }
      }
    },
    isQuiet: (): boolean =>
      isHeardOf() && [...deliveries.values()].every(hasEnded) && git.pending().length === 0,
    atQuiet(): void {
      for (const delivery of deliveries.values())
        if (!hasEnded(delivery)) world.violate(`I3: delivery #${delivery.number} is ${delivery.state}`);
      if (!isHeardOf()) world.violate('I1: the newest commit was never heard of');
      for (const commit of git.pending())
        world.violate(`I3: the last word of commit ${commit} is that it is pending`);
      checkOrder();
      checkNewest();
      checkPreviews();
    },
  };
}
