/** What must hold of promotions: each deployment once, in the order of the stages, and none after a failure or a cancel. */
import { isPromotionKey, PROMOTION_PREFIX } from '../../../functions/core/keys.ts';
import {
  type Deployment,
  isTerminal,
  type Operation,
  type Promotion,
  type PromotionTarget,
} from '../../../functions/core/model/index.ts';
import type { Changed } from '../ports/records.ts';
import type { World } from '../world.ts';
import { deploymentName } from './ledger.ts';

interface Observed {
  operations: ReadonlyMap<string, Operation>;
  deployments: ReadonlyMap<string, Deployment>;
}

const targetsOf = ({ stages }: Promotion): PromotionTarget[] => stages.flatMap(({ targets }) => targets);

export function createPromotionOracle(world: World, { operations, deployments }: Observed) {
  const promotions = new Map<string, Promotion>();

  const ended = ({ operation = '' }: PromotionTarget): boolean =>
    isTerminal(operations.get(operation)?.status ?? 'failed');
  const awaits = ({ operation = '' }: PromotionTarget): boolean =>
    operations.get(operation)?.approval?.state === 'pending';

  /** What one transaction did to a promotion. @param deployed names of the deployments that it accepted */
  function noteChange(was: Promotion, is: Promotion, deployed: ReadonlySet<string>): void {
    const name = `promotion ${is.id} of ${is.service}`;
    if (was.state !== 'running') world.violate(`I1: ${name} had ended as ${was.state}, and goes on`);
    for (const [at, stage] of is.stages.entries()) {
      const before = was.stages[at];
      for (const [place, target] of stage.targets.entries()) {
        const then = before?.targets[place];
        if (then?.deployment !== undefined && then.deployment !== target.deployment)
          world.violate(`I2: ${name} was deployed to ${target.environment} twice`);
        if (then?.state !== 'waiting' || target.state !== 'deploying') continue;
        const { environment, deployment = 0 } = target;
        if (!deployed.has(deploymentName({ ...is, environment, number: deployment })))
          world.violate(`I9: ${name} tells of deployment #${deployment}, which was not begun with it`);
        if (was.cancelRequested) world.violate(`${name} was canceled, and begins in ${environment}`);
        if (targetsOf(was).some(({ state }) => state === 'failed'))
          world.violate(`${name} has failed somewhere, and begins in ${environment}`);
        if (was.stages.slice(0, at).some(({ passedAt }) => passedAt === undefined))
          world.violate(`${name} begins in ${environment}, and the stage before has not passed`);
      }
      if (before?.passedAt === undefined && stage.passedAt !== undefined)
        for (const { environment, operation } of stage.targets)
          if (operation !== undefined && operations.get(operation)?.status !== 'succeeded')
            world.violate(`${name} passes ${stage.name}, and ${environment} did not succeed`);
      if (stage.bakesUntil !== undefined && stage.passedAt !== undefined && stage.passedAt < stage.bakesUntil)
        world.violate(`${name} passes ${stage.name} before its time`);
    }
  }

  return {
    note(changed: readonly Changed[]): void {
      if (!changed.some(isPromotionKey)) return;
      const deployed = new Set(
        changed.flatMap(({ pk, before, after }) =>
          pk.startsWith('deployments#') && before === undefined && after !== undefined
            ? [deploymentName(JSON.parse(after) as Deployment)]
            : [],
        ),
      );
      for (const change of changed) {
        const { sk, before, after } = change;
        if (!isPromotionKey(change) || !sk.startsWith(PROMOTION_PREFIX) || after === undefined) continue;
        const is = JSON.parse(after) as Promotion;
        promotions.set(is.id, is);
        if (before !== undefined) noteChange(JSON.parse(before) as Promotion, is, deployed);
        else if (deployed.size > 0) world.violate(`promotion ${is.id} begins before it is accepted`);
        if (before !== undefined) continue;
        const others = [...promotions.values()].filter(
          ({ id, project, service, state }) =>
            id !== is.id && project === is.project && service === is.service && state === 'running',
        );
        if (others.length > 0) world.violate(`${is.project}/${is.service} has two promotions at a time`);
      }
    },
    /** What waits for a person may wait for days. */
    isQuiet: (): boolean =>
      [...promotions.values()].every((one) => one.state !== 'running' || targetsOf(one).some(awaits)),
    atQuiet(): void {
      for (const one of promotions.values()) {
        const { id, state, version, project, service } = one;
        if (state === 'running' && !targetsOf(one).some(awaits))
          world.violate(`I3: promotion ${id} is running, and nothing goes on`);
        if (state === 'succeeded' && one.stages.some(({ passedAt }) => passedAt === undefined))
          world.violate(`I1: promotion ${id} is said to have succeeded, and has not passed everywhere`);
        if (
          state !== 'running' &&
          !targetsOf(one).every((target) => target.state === 'waiting' || ended(target))
        )
          world.violate(`I1: promotion ${id} has ended, and something of it goes on`);
        for (const { environment, deployment, operation } of targetsOf(one)) {
          if (deployment === undefined || operation === undefined) continue;
          const made = deployments.get(deploymentName({ project, environment, service, number: deployment }));
          if (made?.operation === operation && made.version !== version)
            world.violate(
              `promotion ${id} deployed ${made.version} to ${environment} in place of ${version}`,
            );
        }
      }
    },
  };
}
