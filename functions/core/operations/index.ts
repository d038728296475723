/** Every kind of operation. What else is known of kinds and steps anywhere follows from this list. */
import { build } from './build.ts';
import { deploy } from './deploy.ts';
import { destroyEnvironment } from './destroy-environment.ts';
import { hibernate } from './hibernate.ts';
import type { InputType, OperationKindDeclaration, StepDeclaration, Targets } from './operation-kind.ts';
import { provisionEnvironment } from './provision-environment.ts';
import { rollback } from './rollback.ts';
import { rotateSecret } from './rotate-secret.ts';
import { wake } from './wake.ts';

const kinds = {
  build,
  'provision-environment': provisionEnvironment,
  deploy,
  rollback,
  hibernate,
  wake,
  'destroy-environment': destroyEnvironment,
  'rotate-secret': rotateSecret,
};

type Kinds = typeof kinds;
export type OperationKind = keyof Kinds;

/** The kinds that are carried out on one of these. */
export type KindOn<Target extends keyof Targets> = {
  [Kind in OperationKind]: Kinds[Kind]['target'] extends Target ? Kind : never;
}[OperationKind];

/** The step names of a kind. */
export type StepOf<Kind extends OperationKind> = { [K in Kind]: keyof Kinds[K]['steps'] }[Kind];
export type StepName = StepOf<OperationKind>;

type InputField<Kind extends OperationKind> = Kinds[Kind] extends { input: InputType<infer Input> }
  ? { input: Input }
  : { input?: never };

/** What an operation of a kind is asked for with. */
export type OperationRequest<Kind extends OperationKind = OperationKind> = {
  [K in Kind]: { kind: K; project: string } & Targets[Kinds[K]['target']] & InputField<K>;
}[Kind];

export const operationKinds: Readonly<Record<OperationKind, OperationKindDeclaration>> = kinds;

export const kindNames = Object.keys(kinds) as OperationKind[];

/** Every step, with the function that runs it. */
export const declaredSteps = Object.fromEntries(
  kindNames.flatMap((kind) => {
    const { runsOn, steps } = operationKinds[kind];
    return Object.entries(steps).map(([name, step]) => [name, { runsOn, ...step }]);
  }),
) as Readonly<Record<StepName, Required<StepDeclaration>>>;

export const isStepName = (name: string): name is StepName => Object.hasOwn(declaredSteps, name);

/** The step that ends an operation of a kind when its workflow can not. */
export const recoveryOf = (kind: OperationKind): StepName => kinds[kind].recovery;
