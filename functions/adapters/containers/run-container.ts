/** One container, run once: made, started, read to its end, and removed. */
import { access, readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../core/problem.ts';
import type { Mask } from '../../core/secrets/mask.ts';
import type { ExecSession } from '../../ports/workloads.ts';
import { readLines } from '../system/output-lines.ts';
import type { Exit, RunningProgram } from '../system/program.ts';
import { openSession } from './container-session.ts';
import { type Engine, EngineError, isGone } from './engine.ts';
import { splitFrames } from './frames.ts';
import { isIn } from './host-processes.ts';

export interface ContainerOutput {
  mask?: Mask;
  onLine(source: 'stdout' | 'stderr', line: string): void;
}

export interface Usage {
  /** Which container, among all that ever ran. */
  id: string;
  /** CPU time used since its start, seconds. */
  cpuSeconds: number;
  memoryBytes: number;
}

export interface RunningContainer extends RunningProgram {
  /** Settles when its program runs: never where it could not be started. */
  started: Promise<void>;
  /** May settle before `exited`, when its process is not there any more and how it ended is not known yet. */
  gone: Promise<void>;
  /** Its address in the environment's network; undefined before it has started. */
  address(): string | undefined;
  /** Undefined where the engine does not say. */
  usage(): Promise<Usage | undefined>;
  /** Runs a command inside. @returns why it failed, as a clause; undefined when it ended with 0 */
  exec(command: readonly string[], timeoutMs: number): Promise<string | undefined>;
  /** Starts a program inside, as `openSession` does; undefined where it does not run. @throws Problem unavailable */
  open(command: readonly string[], tty: boolean): Promise<ExecSession | undefined>;
}

export interface ContainerRequest {
  /** The body of the call that makes it. */
  body(): Promise<object>;
  /** Asked once it is made. */
  networkOf(): string;
  /** Runs when it is in its network and has not started. */
  beforeStart(): Promise<void>;
}

interface Inspected {
  State: { ExitCode: number; OOMKilled: boolean; Pid: number; Running: boolean };
  NetworkSettings: { Networks?: Record<string, { IPAddress?: string }> };
  HostConfig: { Memory: number };
}

interface Stats {
  cpu_stats?: { cpu_usage?: { total_usage?: number } };
  memory_stats?: { usage?: number };
}

const KILLED = 137;
const TRIES = 40;
const TRY_MS = 50;
/** What Podman's and Docker's first process say where the program can not be begun. */
const NOT_BEGUN =
  /^(?:ERROR \(catatonit:\d+\): failed to exec pid1|\[FATAL tini \(\d+\)\] exec .* failed): (.+)$/;

/** How long it is left alone before its output is taken anew, milliseconds. */
const REATTACH_MS = 1_000;

const isRunning = (pid: number): Promise<boolean> =>
  access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );

/** Whether a process ends within two seconds. */
async function isGoneSoon(pid: number): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (!(await isRunning(pid))) return true;
    await sleep(TRY_MS);
  }
  return false;
}

/** A user that an image names can have any id. */
async function isAdministrator(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^Uid:\t(?:\d+\t)?0\t/m.test(status);
}

/** Never throws: one that can not be started has ended with an error. */
export function runContainer(
  engine: Engine,
  { body, networkOf, beforeStart }: ContainerRequest,
  { mask, onLine }: ContainerOutput,
): RunningContainer {
  let id: string | undefined;
  let address: string | undefined;
  let isStarted = false;
  let stopped = false;
  /** Why its first process could not begin, from the process that stands above it. */
  let refused: string | undefined;
  const started = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();

  let output: { socket?: Socket; read: Promise<unknown> } = { read: Promise.resolve() };

  const path = (action: string): string => `/containers/${id}${action}`;

  async function run(): Promise<Exit> {
    ({ Id: id } = await engine.call<{ Id: string }>('POST', '/containers/create', { body: await body() }));
    // The output is taken before the first line of it; the engine keeps none.
    await readOutput();
    try {
      await beforeStart();
      if (stopped) return { code: null, signal: 'SIGTERM' };
      await engine.call('POST', path('/start'));
      isStarted = true;
      if (stopped) void signal(0);
      const { NetworkSettings, State: begun } = await inspect();
      address = NetworkSettings.Networks?.[networkOf()]?.IPAddress || undefined;
      if (await isAdministrator(begun.Pid)) throw new Error('its user has the id of the administrator');
      started.resolve();
      await awaitEnd(begun.Pid);
      address = undefined;
      // What it printed last may still be on its way; a program that it left behind may hold its output.
      await Promise.race([output.read, new Promise((done) => setTimeout(done, 500).unref())]);
      const { State, HostConfig } = await inspect();
      if (refused !== undefined) throw new Error(refused);
      if (State.OOMKilled)
        return {
          code: State.ExitCode,
          signal: null,
          why: `because it was out of memory: it may use ${Math.round(HostConfig.Memory / 1024 ** 2)} MiB`,
        };
      if (State.ExitCode === KILLED && stopped) return { code: null, signal: 'SIGKILL' };
      return { code: State.ExitCode, signal: null };
    } finally {
      address = undefined;
      output.socket?.destroy();
    }
  }

  /** Takes what it prints from now on. */
  async function readOutput(): Promise<void> {
    const socket = await engine.attach(path('/attach'), { query: { stream: 1, stdout: 1, stderr: 1 } });
    const { stdout, stderr } = splitFrames(socket);
    readLines(stdout, (line) => onLine('stdout', line), mask);
    const onError = (line: string): void => {
      refused ??= NOT_BEGUN.exec(line)?.[1];
      onLine('stderr', line);
    };
    readLines(stderr, onError, mask);
    const read = Promise.all([stdout, stderr].map((part) => new Promise((done) => part.once('close', done))));
    output = { socket, read };
  }

  /**
   * Its output ends with it, and so does its process. The engine is asked to wait for it only then: Podman before 4.5 looks without a pause
   * as long as it waits, which takes a processor, and tells an end late on a busy machine.
   */
  async function awaitEnd(pid: number): Promise<void> {
    if (await isIn(pid, id ?? '')) {
      await output.read;
      while (!(await isGoneSoon(pid))) {
        // It has closed its output, or the engine was started anew.
        await readOutput().catch((error: unknown) => {
          if (!(error instanceof EngineError) || error.status === 0) throw error;
        });
        await Promise.all([output.read, sleep(REATTACH_MS)]);
      }
      address = undefined;
      gone.resolve();
    }
    await engine.call('POST', path('/wait'), { timeoutMs: 0 });
  }

  const inspect = (): Promise<Inspected> => engine.call<Inspected>('GET', path('/json'));

  async function remove(): Promise<void> {
    if (id === undefined) return;
    const query = { force: true, v: true };
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        return await engine.call('DELETE', path(''), { query });
      } catch (error) {
        // An engine that is started anew comes back; what it refuses now is found by its label later.
        if (!(error instanceof EngineError) || error.status > 0) return;
        await sleep(TRY_MS * 10);
      }
    }
  }

  const exited = run().catch((error: Error): Exit => {
    const exit = { code: null, signal: null };
    if (isStarted && error instanceof EngineError && error.status === 0)
      return { ...exit, why: `because ${error.message}` };
    return { ...exit, error: Object.assign(error, { code: 'ECONTAINER' }) };
  });
  const ended = exited.then(async (exit) => {
    await remove();
    return exit;
  });

  /** SIGTERM, or what the image names in its place, and SIGKILL after the grace. */
  async function signal(graceMs: number): Promise<void> {
    if (!isStarted) return;
    const query = { t: Math.ceil(graceMs / 1000) };
    await engine
      .call('POST', path(graceMs > 0 ? '/stop' : '/kill'), graceMs > 0 ? { query, timeoutMs: 0 } : {})
      .catch(() => undefined);
  }

  return {
    started: started.promise,
    gone: gone.promise,
    pid: undefined,
    stdout: undefined,
    exited,
    ended,
    async stop(graceMs) {
      stopped = true;
      void signal(graceMs);
      return ended;
    },
    kill() {
      void signal(0);
    },
    address: () => address,
    async usage() {
      if (!isStarted || id === undefined) return undefined;
      const query = { stream: false, 'one-shot': true };
      const stats = await engine.call<Stats>('GET', path('/stats'), { query }).catch(() => undefined);
      if (!stats) return undefined;
      return {
        id,
        cpuSeconds: (stats.cpu_stats?.cpu_usage?.total_usage ?? 0) / 1e9,
        memoryBytes: stats.memory_stats?.usage ?? 0,
      };
    },
    async exec(command, timeoutMs) {
      const what = `the command ${JSON.stringify(command[0] ?? '')}`;
      try {
        const create = { Cmd: command, AttachStdout: true, AttachStderr: true };
        const { Id } = await engine.call<{ Id: string }>('POST', path('/exec'), { body: create });
        const signal = AbortSignal.timeout(timeoutMs);
        const output = await engine.stream('POST', `/exec/${Id}/start`, { body: { Detach: false }, signal });
        for await (const _ of output) if (signal.aborted) break;
        if (signal.aborted) return `${what} did not end within ${timeoutMs / 1000} s`;
        const { ExitCode } = await engine.call<{ ExitCode: number }>('GET', `/exec/${Id}/json`);
        return ExitCode === 0 ? undefined : `${what} ended with code ${ExitCode}`;
      } catch (error) {
        if (isGone(error)) return `${what} could not be started: the container is not there`;
        if (error instanceof EngineError && error.status > 0)
          return `${what} could not be started (${error.message})`;
        return `${what} did not end within ${timeoutMs / 1000} s`;
      }
    },
    async open(command, tty) {
      if (id === undefined || address === undefined) return undefined;
      try {
        return await openSession(engine, id, command, tty);
      } catch (error) {
        // Engines have several answers for a container that has just ended.
        const isThere = await inspect().then(
          ({ State }) => State.Running,
          (why: unknown) => !isGone(why),
        );
        if (!isThere) return undefined;
        throw new Problem('unavailable', `The program was not started: ${(error as Error).message}.`, {
          hint: 'Try again; if it stays, look at the container engine.',
          cause: error,
        });
      }
    },
  };
}
