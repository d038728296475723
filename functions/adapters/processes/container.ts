/** Keeps one container of a replica running: starts it, probes it, starts it again when it ends. */
import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceRef } from '../../core/model/index.ts';
import { KEPT_LINES } from '../../ports/rules/telling-lines.ts';
import type { ContainerSpec, ExecSession } from '../../ports/workloads.ts';
import type { ContainerOutput, RunningContainer, Usage } from '../containers/run-container.ts';
import type { Exit, RunningProgram } from '../system/program.ts';
import type { Context } from './context.ts';
import { LOOPBACK } from './network/port-pool.ts';
import { type Crash, describeExit } from './programs/explain-exit.ts';
import type { Start } from './programs/explain-start.ts';
import { type Exec, type ProbeTarget, runProbe } from './programs/probe.ts';
import type { Mask } from './spec-mask.ts';

export type ContainerState =
  | 'waiting'
  | 'starting'
  | 'ready'
  | 'unready'
  | 'restarting'
  | 'complete'
  | 'stopped';

/** A process, or a container of the engine. */
export type Running = RunningProgram & { exec: Exec } & Partial<
    Pick<RunningContainer, 'started' | 'gone' | 'address' | 'usage' | 'open'>
  >;

export interface Launch {
  words: string[];
  /** What is started as a process of this machine; undefined in a container of the engine. */
  start?: Start;
  /** Whether it has a network of its own, with its own addresses. */
  enclosed: boolean;
  port(containerPort: number): number;
  run(output: ContainerOutput): Running;
}

export interface ContainerOptions {
  context: Context;
  ref: InstanceRef;
  number: number;
  spec: ContainerSpec;
  mask: Mask;
  /** Other containers wait for its end: it runs once, and code 0 is success. */
  init: boolean;
  /** How long it has to live to count as ready where it has no readiness probe, milliseconds. */
  settleMs: number;
  /** Called anew for each start. */
  launch(): Launch;
  /** Whether the replica as a whole is ready. */
  replicaReady(): boolean;
  onChange(): void;
  /** Called before it starts again. */
  onCrash(crash: Crash): Promise<void>;
}

export interface Container {
  spec: ContainerSpec;
  init: boolean;
  state: ContainerState;
  /** Unwanted ends since the count was last reset. */
  crashes: number;
  /** It could not even be started, and the next try will not be better. */
  hopeless: boolean;
  restarts: number;
  pid: number | undefined;
  /** Addresses at which its ports are reached from this machine. */
  hosts: readonly string[];
  /** What a container of the engine uses; undefined for processes, which are measured together. */
  usage(): Promise<Usage | undefined>;
  /** Starts a program in a container of the engine; undefined where it does not run now, and for processes. */
  open(words: readonly string[], tty: boolean): Promise<ExecSession | undefined>;
  startedAt: string | undefined;
  /** Why it is not ready, as a clause. */
  reason: string | undefined;
  lastCrash: Crash | undefined;
  /** Its last lines of output, masked. */
  tail: string[];
  start(): void;
  stop(graceMs: number): Promise<void>;
  /**
   * Ends its process, which then starts again as after a crash.
   * @param why the clause that the log shows, such as "out of memory: …"
   */
  kill(why: string): void;
}

const FAILURE_THRESHOLD = 3;
/** Ready must be seen within 100 ms while people wait; a start that takes long can be asked about less often. */
const POLL_MS = 25;
const POLL_SOON_MS = 90;
const POLL_LATER_MS = 1000;
const SOON_MS = 20_000;

/** False when the signal aborted first. */
const sleep = (ms: number, signal: AbortSignal): Promise<boolean> =>
  delay(ms, true, { signal }).catch(() => false);

export function createContainer(options: ContainerOptions): Container {
  const { context, ref, number, spec } = options;
  const { timing } = context;
  let wanted = false;
  let halt = new AbortController();
  let current: Running | undefined;
  let killed: string | undefined;
  let supervising: Promise<void> = Promise.resolve();

  function set(state: ContainerState, reason?: string): void {
    if (container.state === state && container.reason === reason) return;
    container.state = state;
    container.reason = reason;
    options.onChange();
  }

  function say(message: string): void {
    context.log(ref, {
      message: options.mask(message),
      source: 'berth',
      deployment: number,
      container: spec.name,
    });
  }

  async function becomeReady(launch: ProbeTarget, life: AbortSignal): Promise<boolean> {
    const probe = spec.readinessProbe;
    if (!probe) return options.settleMs === 0 || sleep(options.settleMs, life);
    const from = performance.now();
    for (let wait = POLL_MS; !life.aborted; wait *= 1.5) {
      const finding = await runProbe(probe, launch);
      if (life.aborted) return false;
      if (finding === undefined) return true;
      set('starting', `the readiness probe ${finding}`);
      const most = performance.now() - from < SOON_MS ? POLL_SOON_MS : POLL_LATER_MS;
      await sleep(Math.min(wait, most), life);
    }
    return false;
  }

  /** Takes it out of the traffic while its readiness probe fails. */
  async function watchReadiness(launch: ProbeTarget, life: AbortSignal): Promise<void> {
    const probe = spec.readinessProbe;
    for (
      let failures = 0;
      probe &&
      (await sleep(failures > 0 ? Math.min(timing.readinessMs, POLL_LATER_MS) : timing.readinessMs, life));
    ) {
      const finding = await runProbe(probe, launch);
      if (life.aborted) return;
      failures = finding ? failures + 1 : 0;
      if (!finding) set('ready');
      else if (failures >= FAILURE_THRESHOLD) set('unready', `the readiness probe ${finding}`);
    }
  }

  async function watchLiveness(launch: ProbeTarget, life: AbortSignal): Promise<void> {
    const probe = spec.livenessProbe;
    let started = false;
    for (let failures = 0; probe && (await sleep(timing.livenessMs, life)); ) {
      // A slow start is no reason to start it again.
      started ||= options.replicaReady();
      if (!started) continue;
      const finding = await runProbe(probe, launch);
      if (life.aborted) return;
      failures = finding ? failures + 1 : 0;
      if (finding && failures >= FAILURE_THRESHOLD) {
        container.kill(`because the liveness probe failed ${failures} times: ${finding}`);
        return;
      }
    }
  }

  async function watch(launch: ProbeTarget, life: AbortSignal): Promise<void> {
    if (options.init || !(await becomeReady(launch, life)) || life.aborted) return;
    set('ready');
    await Promise.all([watchReadiness(launch, life), watchLiveness(launch, life)]);
  }

  async function runOnce(
    launch: Launch,
  ): Promise<{ exit: Exit; ranMs: number; command: string; start: Start | undefined }> {
    const from = performance.now();
    killed = undefined;
    container.tail = [];
    const { start, port } = launch;
    const child = launch.run({
      mask: options.mask,
      onLine(source, message) {
        container.tail.push(message);
        if (container.tail.length > KEPT_LINES) container.tail.shift();
        context.log(ref, { message, source, deployment: number, container: spec.name });
      },
    });
    current = child;
    container.pid = child.pid;
    container.startedAt = new Date(context.effects.now()).toISOString();
    if (child.pid !== undefined) context.runs.add(child.pid, ref, number);
    const life = new AbortController();
    set('starting');
    const target = { port, hosts: () => container.hosts, exec: child.exec };
    void Promise.resolve(child.started).then(() => watch(target, life.signal));
    void child.gone?.then(() => {
      life.abort();
      if (current === child) set('starting');
    });
    const exit = await child.ended;
    life.abort();
    if (child.pid !== undefined) context.runs.remove(child.pid);
    container.pid = undefined;
    current = undefined;
    return { exit, ranMs: performance.now() - from, command: launch.words[0] ?? '', start };
  }

  async function supervise(): Promise<void> {
    let backoff = timing.backoffMs;
    while (wanted) {
      const { exit, ranMs, command, start } = await runOnce(options.launch());
      if (!wanted) break;
      if (options.init && exit.code === 0 && !killed) return set('complete');
      const ended = killed ?? exit.why;
      const { why, hint } = describeExit(exit, options.mask(command), ranMs, ended, start, container.tail);
      const crash: Crash = {
        container: spec.name,
        why: options.mask(why),
        hint: options.mask(hint),
        tail: container.tail,
      };
      container.lastCrash = crash;
      container.crashes++;
      container.hopeless = exit.error !== undefined;
      if (ranMs >= timing.healthyMs) backoff = timing.backoffMs;
      await options.onCrash(crash);
      const { project, environment, service } = ref;
      const { why: reason } = crash;
      context.crashed?.({
        project,
        environment,
        service,
        deployment: number,
        container: spec.name,
        why: reason,
      });
      say(`Container "${spec.name}" ${why}; it starts again in ${backoff / 1000} s.`);
      set('restarting', `container "${spec.name}" ${crash.why}`);
      if (!(await sleep(backoff, halt.signal))) break;
      backoff = Math.min(backoff * 2, timing.backoffMaxMs);
      container.restarts++;
    }
    set('stopped');
  }

  const container: Container = {
    spec,
    init: options.init,
    state: 'waiting',
    crashes: 0,
    hopeless: false,
    restarts: 0,
    pid: undefined,
    get hosts() {
      if (!current?.address) return LOOPBACK;
      const address = current.address();
      return address === undefined ? [] : [address];
    },
    usage: async () => current?.usage?.(),
    open: async (words, tty) => current?.open?.(words, tty),
    startedAt: undefined,
    reason: undefined,
    lastCrash: undefined,
    tail: [],
    start() {
      if (wanted) return;
      wanted = true;
      halt = new AbortController();
      supervising = supervise().catch((error: Error) => {
        container.hopeless = true;
        const why = `could not be started: ${options.mask(error.message)}`;
        container.lastCrash = { container: spec.name, why, hint: 'Try again.', tail: [] };
        set('restarting', `container "${spec.name}" ${why}`);
      });
    },
    async stop(graceMs) {
      wanted = false;
      halt.abort();
      await current?.stop(graceMs);
      await supervising;
      container.state = 'stopped';
    },
    kill(why) {
      killed = why;
      say(`Container "${spec.name}" is stopped ${why}.`);
      current?.kill();
    },
  };
  return container;
}
