/** Every kind of operation. All other lists of kinds and steps are derived from this one. */
import { build } from './build.ts';
import { deploy, deployInSteps } from './deploy.ts';
import { destroyEnvironment } from './destroy-environment.ts';
import { gameDay } from './game-day.ts';
import { hibernate } from './hibernate.ts';
import type { InputType, OperationKindDeclaration, StepDeclaration, Targets } from './operation-kind.ts';
import { provisionEnvironment } from './provision-environment.ts';
import { removeService } from './remove-service.ts';
import { rollback } from './rollback.ts';
import { rotateSecret } from './rotate-secret.ts';
import { run } from './run.ts';
import { stop } from './stop.ts';
import { wake } from './wake.ts';

const kinds = {
  build,
  'provision-environment': provisionEnvironment,
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
) as Readonly<Record<StepName, Required<StepDeclaration>>>;

export const isStepName = (name: string): name is StepName => Object.hasOwn(declaredSteps, name);

/** The step that ends an operation of a kind when its workflow fails. */
export const recoveryOf = (kind: OperationKind): StepName => kinds[kind].recovery;
