/** One replica: its containers, started in their order, with directories and ports of its own. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReplicaStatus, WorkloadSpec } from '../../ports/workloads.ts';
import { type Container, createContainer, type Launch } from './container.ts';
import type { Context, UnpackImage } from './context.ts';
import { listenerOf } from './network/port-pool.ts';
import { bindPorts, launchOf, type Place, prepareContainer } from './place-files.ts';
import type { Crash } from './programs/explain-exit.ts';
import { PROBE_TIMEOUT_MS } from './programs/probe.ts';
import type { Mask } from './spec-mask.ts';

export interface Replica {
  index: number;
  ready: boolean;
  crashes: number;
  /** A container can not be started at all. */
  hopeless: boolean;
  lastCrash: Crash | undefined;
  /** Why it is not ready, as a clause. */
  reason: string;
  tail: readonly string[];
  /** Aborts when it takes no more requests. */
  closed: AbortSignal;
  containers: readonly Container[];
  /** @throws Problem image_unavailable | invalid_score */
  prepare(): Promise<void>;
  start(): Promise<void>;
  /** Stops all containers. @param drain whether requests in flight are waited for first */
  stop(drain: boolean): Promise<void>;
  resetCrashes(): void;
  status(): ReplicaStatus;
  /** Another program beside its first container that runs on, and that container; undefined where it is not ready. */
  beside(words: readonly string[]): (Launch & Pick<Container, 'open'>) | undefined;
  /** Where the container's port is reached on this machine. */
  address(targetPort: number): { hostname: string; port: number } | undefined;
  /** Counts something in flight; the result ends it. */
  acquire(): () => void;
}

export interface ReplicaOptions {
  context: Context;
  spec: WorkloadSpec;
  index: number;
  directory: string;
  unpackImage: UnpackImage;
  mask: Mask;
  onChange(): void;
}

/** After so long without a listener the log says what is waited for. */
const SILENT_MS = 3000;

const idOf = ({ service, number }: WorkloadSpec, index: number): string => `${service}-${number}-${index}`;

export function createReplica(options: ReplicaOptions): Replica {
  const { spec, index, mask, onChange } = options;
  // Its lines say which replica they are of.
  const context: Context = {
    ...options.context,
    log: (ref, line) => options.context.log(ref, { ...line, replica: idOf(spec, index) }),
  };
  const { timing } = context;
  const places = new Map<string, Place>();
  let bound = new Map<number, number>();
  let prepared: Promise<void> | undefined;
  let wanted = false;
  let running = false;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  let wasReady = false;
  /** Where someone listens, as the gate has found it. */
  let listening: string | undefined;
  let inFlight = 0;
  let idle: (() => void) | undefined;
  let closed = new AbortController();
  let gate = new AbortController();
  let gateState: 'shut' | 'checking' | 'open' = 'shut';
  let gateReason: string | undefined;

  const initNames = new Set<string>();
  for (const { name, before } of spec.containers) {
    if (Object.values(before).includes('complete')) initNames.add(name);
  }
  const main = spec.ports[0];
  // With no probe to ask, what makes it ready is that someone listens where requests will go.
  const gatePort =
    main?.protocol === 'TCP' && !spec.containers.some((container) => container.readinessProbe)
      ? main.targetPort
      : undefined;
  const soleContainer = spec.containers.length === 1;

  const containers = spec.containers.map((container) =>
    createContainer({
      context,
      ref: spec,
      number: spec.number,
      spec: container,
      mask,
      init: initNames.has(container.name),
      settleMs: gatePort === undefined ? timing.settleMs : 0,
      launch() {
        const place = places.get(container.name);
        if (!place) throw new Error(`Container ${container.name} was started before it was prepared.`);
        return launchOf(context, spec, container, place, bound);
      },
      replicaReady: () => replica.ready,
      onChange: evaluate,
      async onCrash(crash) {
        // Someone else got the port that we chose. Others in the replica know it by now, so only a sole one moves.
        if (!soleContainer || !crash.tail.some((line) => /EADDRINUSE|address already in use/i.test(line)))
          return;
        context.ports.give(bound.values());
        bound = await bindPorts(context, spec, places.values());
      },
    }),
  );

  /** What the container is still waiting for. */
  function blockedBy(container: Container): string | undefined {
    for (const other of containers) {
      const needed = other.spec.before[container.spec.name];
      if (needed === undefined || other.state === 'complete') continue;
      const up = other.state === 'ready' || other.state === 'unready' || other.state === 'starting';
      const met = needed === 'healthy' ? other.state === 'ready' : needed === 'started' && up;
      if (!met) return `container "${container.spec.name}" waits for "${other.spec.name}" to be ${needed}`;
    }
    return undefined;
  }

  async function watchGate(port: number, signal: AbortSignal): Promise<void> {
    gateState = 'checking';
    const from = performance.now();
    let told = false;
    for (let wait = 25; !signal.aborted; wait *= 1.5) {
      const local = bound.get(port) ?? port;
      const hosts = [...new Set(containers.flatMap((container) => container.hosts))];
      const found = await listenerOf(local, PROBE_TIMEOUT_MS, hosts);
      if (signal.aborted) return;
      if (found) {
        listening = found;
        gateState = 'open';
        return evaluate();
      }
      gateReason = `nothing listens on port ${local}, the one that $PORT names, though the process runs`;
      // A worker would wait for its whole deadline without a word.
      if (!told && performance.now() - from > SILENT_MS) {
        told = true;
        const message = `So far ${gateReason}. A worker that takes no requests needs a score.yaml without service.ports.`;
        context.log(spec, { message, source: 'berth', deployment: spec.number });
      }
      const most = performance.now() - from < 20_000 ? 90 : 1000;
      await delay(Math.min(wait, most), undefined, { signal }).catch(() => undefined);
    }
  }

  function shutGate(): void {
    gate.abort();
    gate = new AbortController();
    gateState = 'shut';
    gateReason = undefined;
    listening = undefined;
  }

  function evaluate(): void {
    if (!running) return;
    for (const container of containers) {
      if (container.state === 'waiting' && !blockedBy(container)) container.start();
    }
    if (!running) return;
    const up = containers.every(({ state, init }) => state === (init ? 'complete' : 'ready'));
    if (!up && gateState !== 'shut') shutGate();
    if (up && gatePort !== undefined && gateState === 'shut') void watchGate(gatePort, gate.signal);
    const ready = up && (gatePort === undefined || gateState === 'open');
    replica.ready = ready;
    if (ready) wasReady = true;
    onChange();
  }

  async function halt(drain: boolean): Promise<void> {
    running = false;
    replica.ready = false;
    shutGate();
    if (drain && inFlight > 0) {
      const patience = new AbortController();
      const drained = new Promise<void>((resolve) => {
        idle = resolve;
      });
      await Promise.race([
        drained,
        delay(spec.drainSeconds * 1000, undefined, { signal: patience.signal }).catch(() => undefined),
      ]);
      patience.abort();
    }
    closed.abort();
    await Promise.all(containers.map((container) => container.stop(timing.graceMs)));
    context.ports.give(bound.values());
    for (const container of containers) container.state = 'waiting';
    stopping = undefined;
  }

  async function begin(): Promise<void> {
    await stopping;
    await replica.prepare();
    if (running || !wanted) return;
    const ports = await bindPorts(context, spec, places.values());
    if (!wanted) return context.ports.give(ports.values());
    bound = ports;
    closed = new AbortController();
    wasReady = false;
    running = true;
    evaluate();
  }

  function reason(): string {
    for (const container of containers) {
      if (container.reason) return container.reason;
      const blocked = container.state === 'waiting' ? blockedBy(container) : undefined;
      if (blocked) return blocked;
    }
    if (gateReason) return gateReason;
    const late = containers.find(({ state, init }) => state !== (init ? 'complete' : 'ready'));
    return late ? `container "${late.spec.name}" is ${late.state}` : 'it has just started';
  }

  function state(): ReplicaStatus['state'] {
    if (stopping) return 'stopping';
    if (!running) return 'stopped';
    if (replica.ready) return 'ready';
    if (containers.some((container) => container.state === 'restarting')) return 'restarting';
    return wasReady ? 'running' : 'starting';
  }

  const replica: Replica = {
    index,
    ready: false,
    containers,
    get crashes() {
      return containers.reduce((sum, container) => sum + container.crashes, 0);
    },
    get hopeless() {
      return containers.some((container) => container.hopeless);
    },
    get lastCrash() {
      return containers.findLast((container) => container.lastCrash)?.lastCrash;
    },
    get reason() {
      return reason();
    },
    get tail() {
      return containers.flatMap((container) =>
        container.state === 'ready' && containers.length > 1 ? [] : container.tail,
      );
    },
    get closed() {
      return closed.signal;
    },
    prepare() {
      prepared ??= (async () => {
        for (const container of spec.containers) {
          const directory = join(options.directory, container.name);
          const place = await prepareContainer(context, spec, container, directory, options.unpackImage);
          places.set(container.name, place);
        }
      })();
      return prepared;
    },
    start() {
      wanted = true;
      starting ??= begin().finally(() => {
        starting = undefined;
      });
      return starting;
    },
    async stop(drain) {
      wanted = false;
      await starting?.catch(() => undefined);
      if (running) stopping ??= halt(drain);
      await stopping;
    },
    resetCrashes() {
      for (const container of containers)
        Object.assign(container, { crashes: 0, hopeless: false, lastCrash: undefined });
    },
    status() {
      const now = state();
      const startedAt = containers.find((container) => container.startedAt)?.startedAt;
      const restarts = containers.reduce((sum, container) => sum + container.restarts, 0);
      return {
        id: idOf(spec, index),
        deployment: spec.number,
        state: now,
        restarts,
        ...(startedAt && { startedAt }),
        ...(now !== 'ready' && now !== 'stopping' && now !== 'stopped' && { reason: reason() }),
      };
    },
    beside(words) {
      const main = containers.find(({ init }) => !init);
      const place = main && places.get(main.spec.name);
      if (!replica.ready || !place) return undefined;
      const spoken = { ...main.spec, command: [...words], args: [] };
      return { ...launchOf(context, spec, spoken, place, bound), open: main.open };
    },
    address(targetPort) {
      const port = bound.get(targetPort);
      const probed = containers.find(({ spec: { readinessProbe } }) => readinessProbe) ?? containers[0];
      const hostname = listening ?? probed?.hosts[0];
      return port === undefined || hostname === undefined ? undefined : { hostname, port };
    },
    acquire() {
      inFlight++;
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        inFlight--;
        if (inFlight === 0) idle?.();
      };
    },
  };
  return replica;
}
