/**
 * A Berth in memory: the real commands, steps and workflow files over a real store, with secrets, databases and
 * workloads that are checked after each effect. Time is virtual, a crash cuts everything off at one effect, and what
 * had not ended then runs again from its first state.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { createSqliteStore } from '../../../functions/adapters/local/store/store.ts';
import { createEffects } from '../../../functions/adapters/system/effects.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import type { StepInput } from '../../../functions/workflows/step.ts';
import { runStepNamed } from '../../../functions/workflows/steps.ts';
import { loadStateMachine, stepsOf } from '../../../state-machines/load.ts';
import { createSimulatedDatabases } from '../../simulation/ports/databases.ts';
import { createSimulatedSecrets } from '../../simulation/ports/secrets.ts';
import { instanceKey, type Program, unlive } from './virtual-programs.ts';

class Crash extends Error {
  override name = 'Crash';
}

export const clock = { now: Date.parse('2026-01-01T00:00:00Z') };

interface Run {
  kind: string;
  id: string;
  status: 'running' | 'succeeded' | 'failed';
  done: Promise<void>;
}

export type World = Awaited<ReturnType<typeof openWorld>>;

export async function openWorld() {
  const store = createSqliteStore({ path: ':memory:' });
  let versions = 0;
  const secrets = createSimulatedSecrets(() => `version-${++versions}`);
  const programs = new Map<string, Program>();
  const fences = new Map<string, number>();
  const runs = new Map<string, Run>();
  const violations: string[] = [];
  let life = 0;
  let effects = 0;
  let hook: ((count: number) => Promise<void> | void) | undefined;
  /** Names of deployments' numbers that never become ready. */
  const broken = new Set<number>();

  const check = (): void => {
    for (const program of programs.values()) {
      const why = program.asleep ? undefined : unlive(program, databases, secrets);
      if (why) violations.push(`${program.spec.service} ${program.spec.number}: ${why}`);
    }
  };
  const effectOf = (mine: number) => async (): Promise<void> => {
    if (mine !== life) throw new Crash();
    await hook?.(++effects);
    if (mine !== life) throw new Crash();
  };
  let current: () => Promise<void> = effectOf(life);
  const databases = createSimulatedDatabases({
    async io(point, effect) {
      if (/^databases\.(?:create|comment|alter|drop)-/.test(point)) await current();
      return effect();
    },
    caller: () => undefined,
    isGone: () => false,
    onDeath: [],
  });

  function makePorts(): Ports {
    const effect = effectOf(life);
    const mine = life;
    current = effect;
    const checked = async <T>(work: () => Promise<T> | T): Promise<T> => {
      await effect();
      const result = await work();
      check();
      return result;
    };
    const alive = (): void => {
      if (mine !== life) throw new Crash();
    };
    const apply = async (spec: WorkloadSpec): Promise<void> => {
      const url = new URL(spec.containers[0]!.variables.find(({ name }) => name === 'DATABASE_URL')!.value);
      await checked(() => {
        const key = instanceKey(spec);
        if (spec.fence < (fences.get(key) ?? 0))
          throw new Problem('fenced', 'A newer one has taken over.', { hint: 'Wait.' });
        fences.set(key, spec.fence);
        if (broken.has(spec.number)) return;
        const apiKey = spec.containers[0]!.variables.find(({ name }) => name === 'API_KEY')!.value;
        const { username: role, password } = url;
        programs.set(key, { spec, role, password, apiKey, asleep: false });
      });
    };
    const ports = {
      store: {
        ...store,
        get: async (key) => {
          alive();
          return store.get(key);
        },
        transact: (writes) => checked(() => store.transact(writes)),
      },
      effects: { ...createEffects({ now: () => clock.now }), now: () => clock.now },
      secrets: {
        put: (path, value, options) => checked(() => secrets.put(path, value, options)),
        get: async (path, version) => {
          alive();
          return secrets.get(path, version);
        },
        revoke: (path, version) => checked(() => secrets.revoke(path, version)),
        remove: (path) => checked(() => secrets.remove(path)),
        list: secrets.list,
      },
      databases,
      workloads: {
        ensureEnvironment: async () => undefined,
        removeEnvironment: () => checked(() => programs.clear()),
        inventory: async () => [...programs.keys()],
        apply,
        endCommand: async () => undefined,
        awaitRollout: async (_ref, number) =>
          broken.has(number)
            ? { state: 'failed', error: { code: 'workload_crashed', cause: 'It crashed.', hint: 'Mend it.' } }
            : { state: 'ready' },
        scale: (ref, replicas) =>
          checked(() => {
            const program = programs.get(instanceKey(ref));
            if (program) program.asleep = replicas === 0;
          }),
        remove: (ref, fence) =>
          checked(() => {
            fences.set(instanceKey(ref), fence);
            programs.delete(instanceKey(ref));
          }),
        status: async (ref) => {
          alive();
          const { spec, asleep } = programs.get(instanceKey(ref)) ?? {};
          if (!spec) return undefined;
          const replicas = { desiredReplicas: 1, readyReplicas: 1, replicas: [] };
          return { ...replicas, ...(!asleep && { serving: spec.number }) };
        },
        url: async () => 'http://web',
      } as Partial<Ports['workloads']>,
      workflows: {
        async start(kind, id) {
          alive();
          if (!runs.has(id)) launch(ports as unknown as Ports, kind, id);
        },
        stop: async () => undefined,
        describe: async (_kind, id) => runs.get(id)?.status,
      } as Partial<Ports['workflows']>,
      registry: {
        resolve: async (_ref: unknown, digest: string) => ({ digest, size: 1, config: { labels: {} } }),
      } as unknown as Ports['registry'],
      activity: { lastRequests: async () => [undefined], forget: async () => undefined } as Partial<
        Ports['activity']
      >,
      logs: { append: () => undefined } as Partial<Ports['logs']>,
      anchors: { note: () => undefined } as Partial<Ports['anchors']>,
    } satisfies { [Name in keyof Ports]?: Partial<Ports[Name]> };
    return ports as unknown as Ports;
  }

  function launch(ports: Ports, kind: string, id: string): void {
    const run: Run = { kind, id, status: 'running', done: Promise.resolve() };
    runs.set(id, run);
    run.done = follow(ports, kind, id).then(
      () => void (run.status = 'succeeded'),
      (error: unknown) => {
        if (!(error instanceof Crash)) run.status = 'failed';
      },
    );
  }

  let ports = makePorts();
  return {
    get ports(): Ports {
      return ports;
    },
    programs,
    databases,
    violations,
    broken,
    effects: () => effects,
    /** Is called before each effect, with how many there were. */
    beforeEffects(next: typeof hook): void {
      hook = next;
      effects = 0;
    },
    crash(): void {
      life++;
      ports = makePorts();
      for (const run of [...runs.values()].filter(({ status }) => status === 'running'))
        void run.done.then(() => launch(ports, run.kind, run.id));
    },
    /** Until nothing runs any more. */
    async idle(): Promise<void> {
      for (let quiet = 0; quiet < 3; quiet++) {
        await Promise.all([...runs.values()].map(({ done }) => done));
        await turn();
        if ([...runs.values()].some(({ status }) => status === 'running')) quiet = 0;
      }
    },
  };
}

/** Goes through the states of a workflow as its file says, without its waits. */
async function follow(ports: Ports, kind: string, id: string): Promise<void> {
  const machine = loadStateMachine(kind, Object.fromEntries(stepsOf(kind).map((step) => [step, step])));
  const tries = new Map<string, number>();
  let input: StepInput = { operation: id };
  for (let name: string | undefined = machine.definition.StartAt; name !== undefined; ) {
    const state = machine.definition.States[name] as unknown as State;
    if (state.Type === 'Fail') throw new Error(`${kind} failed`);
    try {
      await runStepNamed(ports, machine.tasks[name]!, input, new AbortController().signal);
      name = state.Next;
    } catch (error) {
      if (!(error instanceof Error) || error instanceof Crash) throw error;
      const retry = state.Retry?.find(({ ErrorEquals }) => ErrorEquals.includes(error.name));
      const tried = (tries.get(`${name} ${retry?.ErrorEquals[0]}`) ?? 0) + 1;
      tries.set(`${name} ${retry?.ErrorEquals[0]}`, tried);
      if (retry && tried <= retry.MaxAttempts) continue;
      const next = state.Catch?.[0]?.Next;
      if (next === undefined) throw error;
      input = { operation: id, error: { Error: error.name, Cause: error.message } };
      name = next;
    }
  }
}

interface State {
  Type: string;
  Next?: string;
  Retry?: Retry[];
  Catch?: { Next: string }[];
}

interface Retry {
  ErrorEquals: string[];
  MaxAttempts: number;
}
