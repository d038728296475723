import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEnvironment } from '../../functions/commands/environments/environments.ts';
import { OPERATIONS_QUEUE, operationKey } from '../../functions/core/keys.ts';
import type { Operation, OperationKind } from '../../functions/core/model/index.ts';
import { TransientError } from '../../functions/core/problem.ts';
import { costOf } from '../../functions/core/units.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { getOperation } from '../../functions/records/read.ts';
import { sweep } from '../../functions/sweep/sweep.ts';
import { runStep } from '../../functions/workflows/step.ts';
import { steps } from '../../functions/workflows/steps.ts';
import { loadStateMachine, stepsOf } from '../../state-machines/load.ts';
import { startBerth, type TestBerth } from '../support/berth.ts';
import { program } from '../support/programs.ts';

const PROJECT = '/v1/projects/shop';
const DEPLOYMENTS = `${PROJECT}/environments/dev/services/web/deployments`;
let subject: TestBerth;
const ended: Partial<Record<OperationKind, Operation>> = {};

/** As a client would do it: each request is answered with an operation, which ends well. */
beforeAll(async () => {
  subject = await startBerth({ sweepSeconds: 3600 });
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', `${PROJECT}/services`, { name: 'web' });
  const run = async (method: string, path: string, body?: unknown): Promise<Operation> => {
    const operation = (await subject.operation(method, path, body)) as unknown as Operation;
    ended[operation.kind] = operation;
    return operation;
  };
  await run('POST', `${PROJECT}/environments`, { name: 'dev' });
  const { result } = await run('POST', `${PROJECT}/services/web/builds`, await program('one'));
  await run('POST', DEPLOYMENTS, { version: result?.version });
  await run('POST', DEPLOYMENTS, { rollbackTo: 1 });
  await run('POST', `${PROJECT}/environments/dev/hibernate`);
  await run('POST', `${PROJECT}/environments/dev/wake`);
  await run('DELETE', `${PROJECT}/environments/dev`);
});
afterAll(() => subject?.close());

/** States on the way that ends well. */
function statesOf(kind: OperationKind): number {
  const { definition } = loadStateMachine(
    kind,
    Object.fromEntries(stepsOf(kind).map((step) => [step, step])),
  );
  let states = 1;
  for (let state = definition.States[definition.StartAt]!; state.Type === 'Task' && state.Next; states++) {
    state = definition.States[state.Next]!;
  }
  return states;
}

const kinds: OperationKind[] = [
  'build',
  'provision-environment',
  'deploy',
  'rollback',
  'hibernate',
  'wake',
  'destroy-environment',
];

describe('The bill of an operation', () => {
  it.each(kinds)('%s: what AWS would ask for, with a transition for each of its states', (kind) => {
    const { cost, status } = ended[kind]!;
    expect(status).toBe('succeeded');
    const { units, usd } = cost!;
    expect(units['states.transition']).toBe(statesOf(kind));
    // One for each state, and one that accepted it.
    expect(units['lambda.request']).toBe(statesOf(kind) + 1);
    expect(units['apigateway.httpRequest']).toBe(1);
    expect(units['lambda.gbSecondArm']).toBeGreaterThan(0);
    expect(units['dynamodb.readRequestUnit']).toBeGreaterThan(statesOf(kind));
    expect(units['dynamodb.writeRequestUnit']).toBeGreaterThan(statesOf(kind));
    expect(usd).toBeGreaterThan(statesOf(kind) * 25e-6);
    expect(usd).toBe(costOf(units).usd);
  });

  it('of a deployment and a rollback: no more of DynamoDB than docs/adr/0060 says', () => {
    const of = (kind: OperationKind) => ended[kind]!.cost!.units;
    // The first one checks its service, too. Two more reads than it says tell whether the
    // environment is awake, and what the deployment would be refused with. It says of its version that it takes it, and
    // has its environment watched for alerts, where each asks whether that is done. A step
    // that is told of a change while it works reads its operation once more.
    expect(of('deploy')['dynamodb.writeRequestUnit']).toBeLessThanOrEqual(28 + 2 + 2 + 2);
    expect(of('deploy')['dynamodb.readRequestUnit']).toBeLessThanOrEqual(26 + 3 + 1 + 1);
    // What it leaves warm has the sweep told when that ends.
    expect(of('rollback')['dynamodb.writeRequestUnit']).toBeLessThanOrEqual(26 + 2 + 2);
    expect(of('rollback')['dynamodb.readRequestUnit']).toBeLessThanOrEqual(19 + 2 + 2 + 1 + 1);
  });

  it('of a build has its minutes and its storage', () => {
    // Upload and outcome, and the audit's head with each of three changes.
    const storage = { 's3.read': 4, 's3.write': 6 + 3 };
    expect(ended.build!.cost!.units).toMatchObject({ 'codebuild.armSmallMinute': 1, ...storage });
  });
});

describe('Of an operation that does not run straight', () => {
  let ports: Ports;
  const signal = AbortSignal.timeout(60_000);
  const accept = async (name: string) => {
    const input = { project: 'shop', name, kind: 'persistent' as const };
    return (await createEnvironment(ports, { actor: 'tester' }, input)).operation.id;
  };
  const costOfOperation = async (id: string) => (await getOperation(ports.store, id)).data.cost!;
  beforeAll(() => {
    const { workflows, ...others } = subject.berth.ports;
    ports = { ...others, workflows: { ...workflows, start: async () => undefined } };
  });

  it('each attempt counts, also one that failed after its record was written', async () => {
    const operation = await accept('twice');
    let tries = 0;
    const faulty: Ports = {
      ...ports,
      workloads: {
        ...ports.workloads,
        async ensureEnvironment() {
          for (let reads = 0; reads < 50; reads++) await ports.store.get(operationKey(operation));
          if (tries++ === 0) throw new TransientError('not now');
        },
      },
    };
    const name = 'provisionEnvironment';
    const attempt = () => runStep(faulty, name, steps[name], { operation }, signal);
    await expect(attempt()).rejects.toThrow(TransientError);
    const used = await attempt();
    await runStep(ports, 'finishProvisioning', steps.finishProvisioning, { operation, used }, signal);
    const { units } = await costOfOperation(operation);
    expect(units).toMatchObject({ 'states.transition': 3, 'lambda.request': 3 });
    expect(units['dynamodb.readRequestUnit']).toBeGreaterThan(100);
    expect(units['dynamodb.readRequestUnit']).toBeLessThan(120);
  });

  it('a run that starts over counts on, though its input is the one of the first', async () => {
    const operation = await accept('again');
    const input = { operation, used: { 'apigateway.httpRequest': 1 } };
    const name = 'provisionEnvironment';
    for (let run = 0; run < 3; run++) await runStep(ports, name, steps[name], input, signal);
    const used = await runStep(ports, name, steps[name], input, signal);
    expect(used).toMatchObject({ 'apigateway.httpRequest': 1, 'states.transition': 4 });
  });

  it('a failed one goes through its compensation to the state that says so', async () => {
    const operation = await accept('failed');
    const error = { Error: 'States.Timeout', Cause: '' };
    await runStep(ports, 'recoverProvisioning', steps.recoverProvisioning, { operation, error }, signal);
    const { units, usd } = await costOfOperation(operation);
    expect(units['states.transition']).toBe(2);
    expect(usd).toBeGreaterThan(0);
  });

  it('one that the sweep ends has what its records cost, and the call of its compensation', async () => {
    const operation = await accept('overrun');
    const item = await getOperation(ports.store, operation);
    const data = { ...item.data, deadline: item.data.createdAt };
    const due = { queue: OPERATIONS_QUEUE, at: ports.effects.now() - 1 };
    await ports.store.transact([{ put: { ...operationKey(operation), data, due } }]);
    expect(await sweep(ports)).toMatchObject({ ended: 1 });
    const { units, usd } = await costOfOperation(operation);
    expect(units['lambda.request']).toBe(1);
    expect(units['dynamodb.writeRequestUnit']).toBeGreaterThan(0);
    expect(usd).toBeGreaterThan(0);
  });
});
