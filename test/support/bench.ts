/** Steps by hand over a real Berth: commands are accepted and not started, so that a test says what runs, and when. */

import type { DeploymentRequest } from '../../functions/commands/deployments/deployment-content.ts';
import { createDeployment } from '../../functions/commands/deployments/deployments.ts';
import { eventsPartition, operationKey } from '../../functions/core/keys.ts';
import type {
  BerthEvent,
  Environment,
  EventFields,
  Instance,
  Operation,
  OperationOn,
  StepName,
} from '../../functions/core/model/index.ts';
import type { Ports } from '../../functions/ports/index.ts';
import type { Due, Item } from '../../functions/ports/store.ts';
import type { WorkloadSpec } from '../../functions/ports/workloads.ts';
import { instanceOf } from '../../functions/records/instances.ts';
import { getEnvironment, getOperation } from '../../functions/records/read.ts';
import { readAll } from '../../functions/records/read-all.ts';
import { runStep, type StepInput } from '../../functions/workflows/step.ts';
import { runStepNamed, steps } from '../../functions/workflows/steps.ts';
import { startBerth, type TestBerth } from './berth.ts';
import { type ProgramOptions, program } from './programs.ts';

export const caller = { actor: 'tester' };
export const PROJECT = '/v1/projects/shop';

export interface Bench {
  subject: TestBerth;
  /** The ports are Berth's own, but nothing starts by itself, and the clock can be moved. */
  ports: Ports;
  /** Every apply, in order. */
  applied: WorkloadSpec[];
  /** Names of operations in the order in which they were started. */
  started: string[];
  pass(milliseconds: number): void;
  ref(environment: string): { project: string; environment: string; service: string };
  /** A ready environment. */
  environment(name: string, options?: Record<string, unknown>): Promise<void>;
  build(name: string, options?: ProgramOptions): Promise<string>;
  /** Accepts a deployment of service `web`. */
  accept(environment: string, request: DeploymentRequest): Promise<OperationOn<'deployment'>>;
  /** Runs steps of an operation. */
  run(operation: { id: string }, ...names: StepName[]): Promise<void>;
  /** All steps of a deployment up to its end. */
  deploy(environment: string, version: string): Promise<number>;
  operation(id: string): Promise<Operation>;
  instance(environment: string): Promise<Instance>;
  environmentOf(environment: string): Promise<Item<Environment>>;
  events(operation: string): Promise<(EventFields & { actor: string })[]>;
  makeDue(item: Item, due: Due): Promise<void>;
  close(): Promise<void>;
}

export const DEPLOY: StepName[] = [
  'prepareDeployment',
  'ensureResources',
  'runRelease',
  'applyWorkload',
  'awaitRollout',
];

/** Runs steps with the ports of a test. */
export const recoveriesBy =
  (ports: () => Ports): Ports['workflows']['runStep'] =>
  async (name, input, signal) =>
    void (await runStepNamed(ports(), name, input as unknown as StepInput, signal));

export async function openBench(): Promise<Bench> {
  const subject = await startBerth({ sweepSeconds: 3600 });
  const real = subject.berth.ports;
  let shift = 0;
  const applied: WorkloadSpec[] = [];
  const started: string[] = [];
  const ports: Ports = {
    ...real,
    effects: { ...real.effects, now: () => real.effects.now() + shift },
    workflows: {
      ...real.workflows,
      start: async (_kind, name) => void started.push(name),
      runStep: recoveriesBy(() => ports),
    },
    workloads: {
      ...real.workloads,
      apply(spec) {
        applied.push(spec);
        return real.workloads.apply(spec);
      },
    },
  };
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', `${PROJECT}/services`, { name: 'web' });
  const bench: Bench = {
    subject,
    ports,
    applied,
    started,
    pass: (milliseconds) => void (shift += milliseconds),
    ref: (environment) => ({ project: 'shop', environment, service: 'web' }),
    async environment(name, options = {}) {
      await subject.operation('POST', `${PROJECT}/environments`, { name, ...options });
    },
    async build(name, options) {
      const source = await program(name, options);
      return (await subject.operation('POST', `${PROJECT}/services/web/builds`, source)).result.version;
    },
    async accept(environment, request) {
      return (await createDeployment(ports, caller, bench.ref(environment), request)).operation;
    },
    async run({ id }, ...names) {
      const signal = AbortSignal.timeout(60_000);
      for (const name of names) await runStep(ports, name, steps[name], { operation: id }, signal);
    },
    async deploy(environment, version) {
      const operation = await bench.accept(environment, { version });
      await bench.run(operation, ...DEPLOY, 'finishDeployment');
      return operation.number;
    },
    operation: async (id) => (await getOperation(ports.store, id)).data,
    instance: async (environment) =>
      instanceOf((await bench.environmentOf(environment)).data, bench.ref(environment).service),
    environmentOf: (environment) => getEnvironment(ports.store, bench.ref(environment)),
    events: async (operation) =>
      (await readAll<BerthEvent>(ports.store, eventsPartition('shop')))
        .map(({ data }) => data)
        .filter((event) => event.operation === operation),
    makeDue: ({ pk, sk, data }, due) => ports.store.transact([{ put: { pk, sk, data, due } }]),
    close: () => subject.close(),
  };
  return bench;
}

/** What the store keeps of an operation, changed behind everybody's back. */
export async function changeOperation(ports: Ports, id: string, change: Partial<Operation>): Promise<void> {
  const item = await getOperation(ports.store, id);
  const put = { ...operationKey(id), data: { ...item.data, ...change }, ...(item.due && { due: item.due }) };
  await ports.store.transact([{ put }]);
}
