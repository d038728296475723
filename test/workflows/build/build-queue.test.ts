/** Many builds at once, through their workflow: what builds is a stand-in that ends when the test says so. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLocalWorkflows } from '../../../functions/adapters/local/workflows/workflows.ts';
import { cancelOperation } from '../../../functions/commands/operations/operations.ts';
import { createBuild } from '../../../functions/commands/versions/builds.ts';
import { limits } from '../../../functions/core/limits.ts';
import type { Operation } from '../../../functions/core/model/index.ts';
import { BUILD_SECONDS } from '../../../functions/core/operations/kinds/build.ts';
import { BuilderBusy, type BuildResult } from '../../../functions/ports/builder.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { BUILD_QUEUE, readQueue } from '../../../functions/records/build-queue-record.ts';
import { runStepNamed } from '../../../functions/workflows/steps.ts';
import { loadStateMachine, stepsOf } from '../../../state-machines/load.ts';
import { type Bench, caller, openBench, PROJECT } from '../../support/bench.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const PROJECTS = ['shop', 'forge', 'press', 'mill', 'yard'];
const REPOSITORY = { project: 'shop', service: 'web' };
const makeDirectory = temporaryDirectories();
let bench: Bench;
let digest: string;
let path: string;
let ports: Ports;
let life: { ports: Ports; resume(): Promise<unknown>; close(): Promise<void> };
/** Projects in the order in which their builds began, and what ends each build. */
let begun: string[];
let running: Map<string, { succeed(): void; fail(error: Error): void }>;

/** A Berth of its own on the same records: its workflows go on with what the one before it left. */
function start(): typeof life {
  const names = Object.fromEntries(stepsOf('build').map((step) => [step, step]));
  const machine = loadStateMachine('build', names);
  // A step that waits hands over a tenth of a second before its time is over, and is called again a second later.
  const { AwaitTurn } = machine.definition.States;
  if (AwaitTurn?.Type === 'Task') {
    AwaitTurn.TimeoutSeconds = 1;
    for (const retrier of AwaitTurn.Retry) Object.assign(retrier, { IntervalSeconds: 1, BackoffRate: 1 });
  }
  const here: Ports = {
    ...bench.ports,
    registry: {
      ...bench.ports.registry,
      resolve: (_, named) => bench.ports.registry.resolve(REPOSITORY, named),
    },
    builder: {
      ...bench.ports.builder,
      removeSource: async () => undefined,
      build: ({ operation, repository }, _log, signal) =>
        new Promise<BuildResult>((resolve, reject) => {
          begun.push(repository.project);
          const source = { kind: 'upload' as const, sha256: 'a'.repeat(64), bytes: 1 };
          const succeed = () => resolve({ digest, files: {}, source, detected: 'a program' });
          running.set(operation, { succeed, fail: reject });
          signal.addEventListener('abort', () => reject(signal.reason));
        }).finally(() => running.delete(operation)),
    },
  };
  const workflows = createLocalWorkflows({
    path,
    machines: [machine],
    runStep: (step, input, signal) => runStepNamed(here, step, input as { operation: string }, signal),
    now: here.effects.now,
  });
  return { ports: Object.assign(here, { workflows }), resume: workflows.resume, close: workflows.close };
}

const build = (project = 'shop'): Promise<Operation<'build'>> =>
  createBuild(ports, caller, { project, service: 'web', source: { kind: 'upload', id: 'any' } });
const waiting = async (): Promise<string[]> =>
  (await readQueue(ports)).waiting.map(({ operation }) => operation);
const held = async (): Promise<number> => (await readQueue(ports)).running.length;
const status = async (id: string): Promise<string> => (await bench.operation(id)).status;

/** Builds that are in the queue, each behind those before it. */
async function line(count: number, project?: string): Promise<string[]> {
  const ids: string[] = [];
  for (let nth = 0; nth < count; nth++) {
    const { id } = await build(project);
    await expect
      .poll(async () => running.has(id) || (await waiting()).includes(id), { interval: 5, timeout: 5_000 })
      .toBe(true);
    ids.push(id);
  }
  return ids;
}

beforeAll(async () => {
  bench = await openBench();
  const version = await bench.build('one');
  digest = (await bench.subject.api('GET', `${PROJECT}/services/web/versions/${version}`)).body.digest;
  for (const project of PROJECTS.slice(1)) {
    await bench.subject.api('POST', '/v1/projects', { name: project });
    await bench.subject.api('POST', `/v1/projects/${project}/services`, { name: 'web' });
  }
});
afterAll(() => bench?.close());

beforeEach(async () => {
  await bench.ports.store.transact([{ delete: BUILD_QUEUE }]);
  [begun, running, path] = [[], new Map(), `${makeDirectory()}/runs`];
  life = start();
  ({ ports } = life);
  await life.resume();
});
afterEach(() => life.close());

describe('Where others use all machines', () => {
  it('a build says that it is next, holds back those behind it, and has all its time when it begins', async () => {
    const [first = ''] = await line(1);
    running.get(first)?.fail(new BuilderBusy());
    await expect.poll(async () => (await waiting())[0], { interval: 5, timeout: 5_000 }).toBe(first);
    await expect
      .poll(async () => (await bench.operation(first)).waitingFor, { interval: 5, timeout: 5_000 })
      .toBe(0);
    const { deadline, createdAt } = await bench.operation(first);
    expect(Date.parse(deadline) - Date.parse(createdAt)).toBeGreaterThan(BUILD_SECONDS * 1000);
    const { id: second } = await build('forge');
    await expect.poll(waiting, { interval: 5, timeout: 5_000 }).toEqual([first, second]);
    // The while is over.
    const { fullUntil: _, ...queue } = await readQueue(ports);
    await ports.store.transact([{ put: { ...BUILD_QUEUE, data: queue } }]);
    await expect.poll(() => [...running.keys()], { interval: 5, timeout: 5_000 }).toEqual([first, second]);
    expect(Date.parse((await bench.operation(first)).deadline)).toBeLessThanOrEqual(
      Date.now() + BUILD_SECONDS * 1000,
    );
    for (const { succeed } of running.values()) succeed();
    for (const id of [first, second])
      await expect.poll(() => status(id), { interval: 5, timeout: 5_000 }).toBe('succeeded');
  });
});

describe('Of builds that wait', () => {
  it('the project whose last turn was longest ago comes first, and all are built', async () => {
    // Two of each project run, eight in all; each project has one more that waits, and the first has three.
    for (const project of PROJECTS) await line(3, project);
    await line(2, 'shop');
    const before = begun.length;
    expect(before).toBe(limits.buildsAtOnce.value);
    let most = 0;
    for (let ended = 0; ended < 17; ended++) {
      // The next one has its turn before it has begun.
      await expect.poll(() => running.size, { interval: 5, timeout: 30_000 }).toBeGreaterThan(0);
      most = Math.max(most, running.size);
      const [id, first] = [...running][0] ?? [];
      first?.succeed();
      await expect.poll(() => status(id ?? ''), { interval: 5, timeout: 30_000 }).toBe('succeeded');
      await expect
        .poll(async () => (await held()) === running.size, { interval: 5, timeout: 30_000 })
        .toBe(true);
    }
    expect(most).toBe(limits.buildsAtOnce.value);
    expect(begun).toHaveLength(17);
    // The project that had none of the first eight comes before those that had two.
    expect(begun.slice(before, before + 2)).toContain('yard');
    expect(begun.lastIndexOf('shop')).toBe(begun.length - 1);
    expect(await readQueue(ports)).toEqual({ running: [], waiting: [], served: [] });
  }, 120_000);

  it('none fails because it waited longer than a step may take, and its time begins with its turn', async () => {
    const [first, , late = ''] = await line(3);
    await expect.poll(async () => (await bench.operation(late)).waitingFor, { timeout: 5_000 }).toBe(0);
    await expect
      .poll(
        async () => (await bench.operation(late)).steps.filter(({ name }) => name === 'awaitTurn').length,
        {
          timeout: 15_000,
        },
      )
      .toBeGreaterThan(2);
    running.get(first ?? '')?.succeed();
    await expect.poll(() => running.has(late), { timeout: 5_000 }).toBe(true);
    const operation = await bench.operation(late);
    expect(operation.waitingFor).toBeUndefined();
    const left = Date.parse(operation.deadline) - bench.ports.effects.now();
    expect(left).toBeGreaterThan((BUILD_SECONDS - 30) * 1000);
    expect(left).toBeLessThanOrEqual(BUILD_SECONDS * 1000);
  });

  it('a project has no more than its share, and one more is a 429 that says what to do', async () => {
    await line(limits.buildsAtOnceOfProject.value + limits.buildsWaiting.value);
    await expect(build()).rejects.toMatchObject({
      status: 429,
      code: 'too_many_requests',
      message: 'The build was not begun: 20 builds of the project wait already.',
      hint: expect.stringMatching(/cancel/),
    });
    await line(1, 'forge');
    expect(begun.at(-1)).toBe('forge');
  });

  it('one that is canceled leaves its place to the next', async () => {
    const [one = '', , canceled = '', next = ''] = await line(4);
    await cancelOperation(ports, caller, canceled);
    await expect.poll(() => status(canceled), { timeout: 5_000 }).toBe('canceled');
    expect(await waiting()).toEqual([next]);
    running.get(one)?.succeed();
    await expect.poll(() => running.has(next), { timeout: 5_000 }).toBe(true);
    expect(begun).toHaveLength(3);
  });
});

describe('The place of a build', () => {
  it('is free again when the build fails', async () => {
    const [one = '', , next = ''] = await line(3);
    running.get(one)?.fail(new Error('the builder broke'));
    await expect.poll(() => status(one), { timeout: 5_000 }).toBe('failed');
    await expect.poll(() => running.has(next), { timeout: 5_000 }).toBe(true);
    expect(await held()).toBe(2);
  });

  it('is kept over a crash by the build that is done again, and free when that has ended', async () => {
    const [one = '', two = '', next = ''] = await line(3);
    await life.close();
    running.clear();
    life = start();
    ({ ports } = life);
    await life.resume();
    await expect.poll(() => [...running.keys()].sort(), { timeout: 5_000 }).toEqual([one, two].sort());
    expect(await waiting()).toEqual([next]);
    for (const id of [one, two, next]) {
      await expect.poll(() => running.has(id), { timeout: 5_000 }).toBe(true);
      running.get(id)?.succeed();
      await expect.poll(() => status(id), { timeout: 5_000 }).toBe('succeeded');
    }
    expect(await held()).toBe(0);
  });

  it('is free again when its time is over, though nobody said that the build had ended', async () => {
    await line(2);
    await life.close();
    bench.pass(BUILD_SECONDS * 1000 + 1);
    path = `${makeDirectory()}/runs`;
    life = start();
    ({ ports } = life);
    await life.resume();
    begun = [];
    await line(2);
    expect(begun).toEqual(['shop', 'shop']);
    expect(await held()).toBe(2);
  });
});
