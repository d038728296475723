/** Berth as a process that dies and is started again: the real API, commands, steps, sweep and interpreter. */

import {
  createLocalWorkflows,
  type LocalWorkflows,
} from '../../functions/adapters/local/workflows/workflows.ts';
import { type App, createApp } from '../../functions/api/http/app.ts';
import type { Route } from '../../functions/api/http/route-spec.ts';
import { Problem, TransientError } from '../../functions/core/problem.ts';
import { createResuming } from '../../functions/hosts/machine/places/resume.ts';
import { startSweeping } from '../../functions/hosts/machine/sweeping.ts';
import { silentLog } from '../../functions/hosts/machine/terminal-log.ts';
import type { Ports } from '../../functions/ports/index.ts';
import type { StepInput } from '../../functions/workflows/step.ts';
import { runStepNamed } from '../../functions/workflows/steps.ts';
import { loadStateMachine, stepsOf, workflowNames } from '../../state-machines/load.ts';
import { authenticatorOf } from './clients.ts';
import { type Mortal, runAs } from './clock.ts';
import type { World } from './world.ts';

export interface SimulatedBerth {
  /** The process that runs now; undefined while it is down. */
  process(): (Mortal & { app: App; died: Promise<void> }) | undefined;
}

const SWEEP_MS = 15_000;
const unbounded = { perSecond: 1e9, burst: 1e9 };

const machines = workflowNames().map((name) =>
  loadStateMachine(name, Object.fromEntries(stepsOf(name).map((step) => [step, step]))),
);

export function createSimulatedBerth(
  world: World,
  around: Omit<Ports, 'workflows'>,
  workflowsPath: string,
  routes: readonly Route[],
): SimulatedBerth {
  let running: ReturnType<SimulatedBerth['process']>;

  function start(): void {
    const death = Promise.withResolvers<void>();
    const mortal: Mortal = { dead: false };
    runAs(mortal, () => {
      const workflows = createLocalWorkflows({
        path: workflowsPath,
        machines,
        now: world.effects.now,
        runStep: (name, input, signal) =>
          runStepNamed(ports, name, input as unknown as StepInput, signal).catch((error: unknown) => {
            report(`step ${name}`, error);
            throw error;
          }),
      });
      // What a process remembers of its store, such as whose turn it is to write, dies with it.
      const store = { ...around.store };
      const ports: Ports & { workflows: LocalWorkflows } = { ...around, store, workflows };
      const app = createApp({
        routes,
        rates: { principal: unbounded, operations: unbounded, address: unbounded },
        ports,
        authenticate: authenticatorOf(ports),
        onError: (error) => report('request', error),
      });
      running = Object.assign(mortal, { app, died: death.promise });
      const databases = { ...ports.databases, resume: async () => undefined };
      void createResuming({ atOnce: 4 })
        .run({ ...ports, databases }, silentLog)
        .then(() => {
          startSweeping(ports, SWEEP_MS, silentLog, new Map());
        });
    });
    world.crash = () => {
      if (mortal.dead) return;
      mortal.dead = true;
      running = undefined;
      world.trace.push(`${world.effects.now()} crash`);
      death.resolve();
      for (const tell of world.onDeath) tell(mortal);
      runAs(undefined, () => setTimeout(start, 500 + world.random.below(5_000)));
    };
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
