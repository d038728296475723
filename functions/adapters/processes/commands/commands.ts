/** The commands that run now: release commands, and runs that are found by their operations. */
import { join } from 'node:path';
import type { InstanceRef } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import type { CommandRun, ReleaseResult, WorkloadSpec } from '../../../ports/workloads.ts';
import type { Context } from '../context.ts';
import { runProgram } from './command.ts';
import { runRelease } from './release.ts';

interface Running {
  ref: InstanceRef;
  controller: AbortController;
  done: Promise<unknown>;
}

export interface Commands {
  release(spec: WorkloadSpec, command: string[], signal: AbortSignal): Promise<ReleaseResult>;
  run(spec: WorkloadSpec, run: CommandRun, signal: AbortSignal): Promise<{ exitCode: number } | undefined>;
  end(operation: string): Promise<void>;
  /** Ends all commands of the instances that the filter takes. */
  abort(filter: (ref: InstanceRef) => boolean): Promise<void>;
}

const interrupted = (why: string): Problem =>
  new Problem('run_interrupted', `The command was interrupted: ${why}.`, {
    hint: 'Look at its log for how far it came, then run it again if it can be.',
  });

/** @param check throws where nothing may run for the spec */
export function createCommands(context: Context, check: (spec: WorkloadSpec) => void): Commands {
  const running = new Set<Running>();
  const runs = new Map<string, Running & { done: Promise<number> }>();

  function track<T>(
    ref: InstanceRef,
    work: (signal: AbortSignal) => Promise<T>,
  ): Running & { done: Promise<T> } {
    const controller = new AbortController();
    const entry = { ref, controller, done: work(controller.signal) };
    running.add(entry);
    const forget = (): void => void running.delete(entry);
    entry.done.then(forget, forget);
    return entry;
  }

  async function end({ controller, done }: Running): Promise<void> {
    controller.abort();
    await done.catch(() => undefined);
  }

  function begin(spec: WorkloadSpec, run: CommandRun): Running & { done: Promise<number> } {
    const { operation } = spec;
    if (run.again) throw interrupted('Berth ended while it ran');
    check(spec);
    const place = {
      what: 'The command',
      code: 'run_failed' as const,
      directory: join(context.layout.instance(spec), `run-${operation.toLowerCase()}`),
      say: (line: Parameters<Context['log']>[1]): void =>
        run.onLine({ at: new Date(context.effects.now()).toISOString(), ...line }),
    };
    const entry = track(spec, async (signal) => {
      const exitCode = await runProgram(context, spec, run.command, place, signal);
      if (signal.aborted) throw interrupted('what it ran in was stopped or removed');
      return exitCode;
    });
    runs.set(operation, entry);
    return entry;
  }

  return {
    release(spec, command, signal) {
      check(spec);
      return track(spec, (own) => runRelease(context, spec, command, AbortSignal.any([signal, own]))).done;
    },
    async run(spec, run, signal) {
      const { done }: { done: Promise<number> } = runs.get(spec.operation) ?? begin(spec, run);
      const aborted = Promise.withResolvers<undefined>();
      const onAbort = (): void => aborted.resolve(undefined);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        return await Promise.race([done.then((exitCode) => ({ exitCode })), aborted.promise]);
      } finally {
        signal.removeEventListener('abort', onAbort);
        // Whoever asks again after an abort finds the end of it.
        done.catch(() => undefined);
      }
    },
    async end(operation) {
      const present = runs.get(operation);
      if (!present) return;
      await end(present);
      runs.delete(operation);
    },
    async abort(filter) {
      await Promise.all([...running].filter(({ ref }) => filter(ref)).map(end));
    },
  };
}
