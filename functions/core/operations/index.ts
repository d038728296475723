/** Every kind of operation. All other lists of kinds and steps are derived from this one. */
import { backup, restore } from './kinds/backup.ts';
import { build } from './kinds/build.ts';
import { deploy, deployInSteps } from './kinds/deploy.ts';
import { destroyEnvironment } from './kinds/destroy-environment.ts';
import { gameDay } from './kinds/game-day.ts';
import { hibernate } from './kinds/hibernate.ts';
import { provisionEnvironment } from './kinds/provision-environment.ts';
import { provisionWithData } from './kinds/provision-with-data.ts';
import { removeService } from './kinds/remove-service.ts';
import { rollback } from './kinds/rollback.ts';
import { rotateSecret } from './kinds/rotate-secret.ts';
import { run } from './kinds/run.ts';
import { stop } from './kinds/stop.ts';
import { wake } from './kinds/wake.ts';
import type { InputType, OperationKindDeclaration, StepDeclaration, Targets } from './operation-kind.ts';

const kinds = {
  build,
  'provision-environment': provisionEnvironment,
  'provision-with-data': provisionWithData,
  deploy,
  'deploy-in-steps': deployInSteps,
  rollback,
  hibernate,
  wake,
  'destroy-environment': destroyEnvironment,
  'rotate-secret': rotateSecret,
  stop,
  'remove-service': removeService,
  'game-day': gameDay,
  run,
  backup,
  restore,
};

type Kinds = typeof kinds;
export type OperationKind = keyof Kinds;

/** The kinds that are carried out on one of these targets. */
export type KindOn<Target extends keyof Targets> = {
  [Kind in OperationKind]: Kinds[Kind]['target'] extends Target ? Kind : never;
}[OperationKind];

/** The names of the steps of all kinds. */
export type StepName = { [Kind in OperationKind]: keyof Kinds[Kind]['steps'] }[OperationKind];

type InputField<Kind extends OperationKind> = Kinds[Kind] extends { input: InputType<infer Input> }
  ? { input: Input }
  : { input?: never };

/** The fields that an operation of a kind is asked for with. */
export type OperationRequest<Kind extends OperationKind = OperationKind> = {
  [K in Kind]: { kind: K; project: string } & Targets[Kinds[K]['target']] & InputField<K>;
}[Kind];

export const operationKinds: Readonly<Record<OperationKind, OperationKindDeclaration>> = kinds;

export const kindNames = Object.keys(kinds) as OperationKind[];

/** Every step, with the function that runs it on AWS. */
export const declaredSteps = Object.fromEntries(
  kindNames.flatMap((kind) => {
    const { runsOn, steps } = operationKinds[kind];
    return Object.entries(steps).map(([name, step]) => [name, { runsOn, ...step }]);
  }),
) as Readonly<Record<StepName, StepDeclaration & Required<Pick<StepDeclaration, 'runsOn'>>>>;

export const isStepName = (name: string): name is StepName => Object.hasOwn(declaredSteps, name);

/** The step that ends an operation of a kind when its workflow fails. */
export const recoveryOf = (kind: OperationKind): StepName => kinds[kind].recovery;
