/** Berth as a process that dies and is started again: the real API, commands, steps, sweep and interpreter. */

import {
  createLocalWorkflows,
  type LocalWorkflows,
} from '../../functions/adapters/local/workflows/workflows.ts';
import { createByPlace } from '../../functions/adapters/placement/by-place.ts';
import { type App, createApp } from '../../functions/api/http/app.ts';
import type { Route } from '../../functions/api/http/route-spec.ts';
import { Problem, TransientError } from '../../functions/core/problem.ts';
import { startDraining } from '../../functions/hosts/machine/draining.ts';
import { createResuming } from '../../functions/hosts/machine/places/resume.ts';
import { startSweeping } from '../../functions/hosts/machine/sweeping.ts';
import { silentLog } from '../../functions/hosts/machine/terminal-log.ts';
import type { Ports } from '../../functions/ports/index.ts';
import type { StepInput } from '../../functions/workflows/step.ts';
import { runStepNamed } from '../../functions/workflows/steps.ts';
import { loadStateMachine, stepsOf, workflowNames } from '../../state-machines/load.ts';
import { authenticatorOf } from './clients.ts';
import { type Mortal, runAs } from './clock.ts';
import type { SimulatedPlaces } from './ports/places.ts';
import { pause, type World } from './world.ts';

export interface SimulatedBerth {
  /** The process that runs now; undefined while it is down. */
  process(): (Mortal & { app: App; died: Promise<void> }) | undefined;
}

/** How often it is swept: as on one machine, or as on AWS. */
const SWEEP_MS = { machine: 15_000, aws: 60_000 };
const unbounded = { perSecond: 1e9, burst: 1e9 };

const machines = workflowNames().map((name) =>
  loadStateMachine(name, Object.fromEntries(stepsOf(name).map((step) => [step, step]))),
);

export function createSimulatedBerth(
  world: World,
  around: Omit<Ports, 'workflows'>,
  { home, open }: Pick<SimulatedPlaces, 'home' | 'open'>,
  workflowsPath: string,
  routes: readonly Route[],
): SimulatedBerth {
  let running: ReturnType<SimulatedBerth['process']>;

  function start(): void {
    const death = Promise.withResolvers<void>();
    const mortal: Mortal = { dead: false };
    runAs(mortal, () => {
      const lost = new Map<string, string>();
      const workflows = createLocalWorkflows({
        path: workflowsPath,
        machines,
        now: world.effects.now,
        onFailure: ({ name, error }) => lost.set(name, error instanceof Error ? error.name : 'Error'),
        runStep: (name, input, signal) =>
          delivered(name, () =>
            runStepNamed(ports, name, input as unknown as StepInput, signal).then(
              (used) => {
                note(`${name} of ${input.operation} is done`);
                return used;
              },
              (error: unknown) => {
                note(`${name} of ${input.operation}: ${error}`);
                report(`step ${name}`, error);
                throw error;
              },
            ),
          ),
      });
      // What a process remembers of its store, such as whose turn it is to write, dies with it; so does what it knows
      // of places.
      const store = { ...around.store };
      const { effects } = world;
      const byPlace = createByPlace({ home, store, effects, accept: () => undefined, open });
      const ports: Ports & { workflows: LocalWorkflows } = {
        ...around,
        ...byPlace,
        store,
        workflows: far(workflows, mortal),
      };
      const app = createApp({
        routes,
        rates: { principal: unbounded, operations: unbounded, address: unbounded },
        ports,
        authenticate: authenticatorOf(ports),
        onError: (error) => report('request', error),
      });
      running = Object.assign(mortal, { app, died: death.promise });
      // Each second, as on one machine, would be most of what a schedule costs. It does not wait for what is resumed.
      startDraining(ports, { error: report }, SWEEP_MS.machine);
      const databases = { ...ports.databases, resume: async () => undefined };
      void createResuming({ atOnce: 4 })
        .run({ ...ports, databases }, silentLog)
        .then(() => {
          note('it is up again');
          startSweeping(ports, world.pauses ? SWEEP_MS.aws : SWEEP_MS.machine, silentLog, lost);
        });
    });
    world.crash = () => {
      if (mortal.dead) return;
      mortal.dead = true;
      running = undefined;
      note('crash');
      death.resolve();
      for (const tell of world.onDeath) tell(mortal);
      runAs(undefined, () => setTimeout(start, 500 + world.random.below(5_000)));
    };
  }

  const note = (what: string): void => void world.trace.push(`${world.effects.now()} ${what}`);

  /** Workflows as a service of its own, which is reached by a network and goes on in this process. */
  function far(workflows: LocalWorkflows, mortal: Mortal): LocalWorkflows {
    const call = <T>(point: string, work: () => Promise<T>): Promise<T> =>
      world.io(`workflows.${point}`, () => runAs(mortal, work), point === 'start', {
        writes: point === 'start',
      });
    return {
      ...workflows,
      ...(world.pauses && { pauses: true as const }),
      start: (...run) => call('start', () => workflows.start(...run)),
      stop: (...run) => call('stop', () => workflows.stop(...run)),
      describe: (...run) => call('describe', () => workflows.describe(...run)),
    };
  }

  /**
   * A task is handed to a step at least once: its answer may be lost, and a second one may begin beside the first, where another
   * service hands them out.
   */
  async function delivered<T>(name: string, step: () => Promise<T>): Promise<T> {
    const possible = ['lost-answer', ...(world.pauses ? ['twice' as const] : [])] as const;
    const { fault, amount = 0 } = world.fate(`step.${name}`, possible) ?? {};
    if (fault === 'twice') {
      step().catch(() => undefined);
      await pause(amount * 5_000);
    }
    const result = await step();
    if (fault === 'lost-answer') throw new TransientError(`The answer of step ${name} was lost`);
    return result;
  }

  /** Problems and faults of the world are expected; every other error is one of Berth's own. */
  function report(what: string, error: unknown): void {
    if (error instanceof Problem || error instanceof TransientError) return;
    if (error instanceof Error && error.name === 'Berth.StillProgressing') return;
    world.violate(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  start();
  return { process: () => running };
}
