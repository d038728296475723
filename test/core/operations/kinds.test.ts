/** What does not compile: `npm run check` refuses an expectation that is not met. */
import { expect, expectTypeOf, it } from 'vitest';
import type { Operation, OperationStep } from '../../../functions/core/model/index.ts';
import type { OperationRequest } from '../../../functions/core/operations/index.ts';
import { operationKind } from '../../../functions/core/operations/operation-kind.ts';
import type { ProblemDetail } from '../../../functions/core/problem.ts';

it('A kind is what it declares, and its recovery one of its steps', () => {
  const declaration = {
    target: 'environment',
    boundSeconds: 60,
    cancelable: false,
    runsOn: 'workloads',
    words: 'Trying {environment}',
    steps: { recoverTry: { summary: 'Nothing is left.' } },
  } as const;
  const kind = { ...declaration, recovery: 'recoverTry' } as const;
  expect(operationKind(kind)).toBe(kind);
  // @ts-expect-error there is no such step
  operationKind({ ...declaration, recovery: 'recoverTyr' });
  // @ts-expect-error there is no such function
  operationKind({ ...kind, runsOn: 'machines' });
});

it('An operation has the target and the input of its kind, and no other', () => {
  const wake: OperationRequest = { kind: 'wake', project: 'demo', environment: 'dev', generation: 1 };
  const requests: OperationRequest[] = [
    wake,
    // @ts-expect-error an environment can not be built
    { ...wake, kind: 'build' },
    // @ts-expect-error a deployment has a service and a number
    { ...wake, kind: 'deploy' },
    // @ts-expect-error it needs a reason
    { ...wake, kind: 'hibernate' },
    // @ts-expect-error waking is given nothing
    { ...wake, input: { reason: 'idle' } },
  ];
  expect(requests).toHaveLength(5);
  expectTypeOf<Operation<'build'>['service']>().toEqualTypeOf<string>();
  expectTypeOf<Operation<'rotate-secret'>['environment']>().toEqualTypeOf<string>();
});

it('Names of steps and codes of problems are types where they are stored', () => {
  const step: OperationStep = { name: 'awaitRollout', startedAt: '', attempt: 1 };
  const error: ProblemDetail = { code: 'build_failed', cause: '', hint: '' };
  // @ts-expect-error a name that is misspelt
  const other: OperationStep = { ...step, name: 'awaitRolout' };
  // @ts-expect-error a code that is misspelt
  const failed: ProblemDetail = { ...error, code: 'build_faild' };
  expect([other, failed]).toHaveLength(2);
});
