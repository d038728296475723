/** The services whose requests come here, as the router sees workloads: there once they are awake and take connections. */
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { namespaceName, SLEEPER_HEADER, serviceName } from '../../adapters/kubernetes/object-names.ts';
import type { Addressed } from '../../adapters/router/router.ts';
import type { Target } from '../../adapters/router/traffic.ts';
import { createChangeSignal } from '../../adapters/system/change-signal.ts';
import { environmentName } from '../../core/keys.ts';
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import { isName } from '../../core/names.ts';
import { Problem } from '../../core/problem.ts';
import type { Backend } from '../../ports/traffic.ts';
import type { Ask } from './ask-berth.ts';

export interface SleepersOptions {
  ask: Ask;
  /** How long requests wait at most, milliseconds. */
  holdMs: number;
  /** How often it is looked how far a waking is, milliseconds; a second unless told. */
  followMs?: number;
  /** Where a service takes requests once it is awake. */
  hostOf(ref: InstanceRef): string;
}

/** By the name that Berth gives it. No other address is ever reached from here. */
export const hostIn =
  (namespacePrefix: string): SleepersOptions['hostOf'] =>
  (ref) =>
    `${serviceName(ref)}.${namespaceName(namespacePrefix, ref)}.svc`;

interface Sleeper {
  ref: InstanceRef;
  backend: Backend;
  /** When it was last seen to be there. */
  seenAt: number;
  /** So long there may be somebody who waits. */
  until: number;
  trying?: Promise<boolean>;
  isWatched: boolean;
}

/** That it is there is good for so long, milliseconds: it may fall asleep again at any moment. */
const FRESH_MS = 100;
const WATCH_MS = 100;
/** Where there is no replica the cluster refuses at once, or says nothing. */
const CONNECT_MS = 500;
const FOLLOW_MS = 1_000;
const SLEEPERS_MAX = 10_000;

const SLEEPER = /^([a-z0-9-]+)\/([a-z0-9-]+)\/([a-z0-9-]+):(\d{1,5})$/;

const takes = (hostname: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: hostname, port });
    const end = (isThere: boolean) => () => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(CONNECT_MS, end(false));
    socket.once('connect', end(true)).once('error', end(false));
  });

export function createSleepers({ ask, holdMs, hostOf, followMs = FOLLOW_MS }: SleepersOptions) {
  const sleepers = new Map<string, Sleeper>();
  /** One service of each environment that somebody waits for, by which the environment is asked about. */
  const awaited = new Map<string, Sleeper>();
  /** Those that somebody may be waiting for. */
  const waited = new Set<Sleeper>();
  const changes = createChangeSignal();

  /**
   * Once Berth says so, and not before: while a service falls asleep, the cluster leads to its last replicas until they
   * end, and what they had begun then would be lost.
   */
  async function isThere(sleeper: Sleeper): Promise<boolean> {
    const { state } = await ask(sleeper.ref);
    if (state !== 'awake') return false;
    const { hostname, port } = sleeper.backend;
    sleeper.trying ??= takes(hostname, port).then((is) => {
      delete sleeper.trying;
      if (is) sleeper.seenAt = performance.now();
      return is;
    });
    return sleeper.trying;
  }

  /** Looks until it is there, or nobody can be waiting any more. */
  async function watch(sleeper: Sleeper): Promise<void> {
    if (sleeper.isWatched) return;
    sleeper.isWatched = true;
    while (performance.now() < sleeper.until) {
      // Why Berth can not be asked is told by who follows the waking.
      if (await isThere(sleeper).catch(() => false)) break;
      await sleep(WATCH_MS);
    }
    sleeper.isWatched = false;
    changes.notify();
  }

  function known(host: string, ref: InstanceRef, port: number): Sleeper {
    const present = sleepers.get(host);
    if (present) return present;
    const sleeper: Sleeper = {
      ref,
      seenAt: Number.NEGATIVE_INFINITY,
      until: 0,
      isWatched: false,
      backend: {
        deployment: 0,
        hostname: hostOf(ref),
        port,
        closed: new AbortController().signal,
        acquire: () => () => undefined,
      },
    };
    sleepers.set(host, sleeper);
    if (sleepers.size > SLEEPERS_MAX) sleepers.delete(sleepers.keys().next().value ?? host);
    return sleeper;
  }

  return {
    traffic: {
      domain: () => '',
      nextChange(signal: AbortSignal): Promise<void> {
        const change = changes.next(signal);
        // Whoever was too late for the last news of a service has it looked for again.
        for (const sleeper of waited)
          if (performance.now() < sleeper.until) void watch(sleeper);
          else waited.delete(sleeper);
        return change;
      },
      target(host: string): Target | undefined {
        const sleeper = sleepers.get(host);
        if (!sleeper || performance.now() - sleeper.seenAt > FRESH_MS) return undefined;
        return { instance: sleeper.ref, state: 'ready', next: () => sleeper.backend };
      },
    },

    /** Whose a request is, as the gateway has written it. */
    address({ headers }: IncomingMessage): Addressed | undefined {
      const text = headers[SLEEPER_HEADER.toLowerCase()];
      const [, project, environment, service, digits] =
        SLEEPER.exec(typeof text === 'string' ? text : '') ?? [];
      const port = Number(digits);
      if (project === undefined || environment === undefined || service === undefined) return undefined;
      if (![project, environment, service].every(isName) || port < 1 || port > 65_535) return undefined;
      const ref = { project, environment, service };
      const host = `${service}.${environment}.${project}:${port}`;
      known(host, ref, port);
      return { host, path: '/', place: ref };
    },

    /** @throws Problem unavailable: why it does not come back, or that Berth can not be asked */
    async lookup(_: unknown, host: string): Promise<'hibernated' | 'starting' | 'stopped' | 'absent'> {
      const sleeper = sleepers.get(host);
      if (!sleeper) return 'absent';
      sleeper.until = performance.now() + holdMs;
      waited.add(sleeper);
      if (await isThere(sleeper)) return 'starting';
      const { state, error } = await ask(sleeper.ref);
      if (state === 'stopped' || state === 'absent') return state;
      if (error) throw new Problem('unavailable', error.cause, { hint: error.hint });
      awaited.set(environmentName(sleeper.ref), sleeper);
      return state === 'waking' ? 'hibernated' : 'starting';
    },

    /** Follows the waking of an environment to its end, while somebody waits. @throws Problem unavailable */
    async wake(environment: EnvironmentRef): Promise<'waking'> {
      const key = environmentName(environment);
      for (;;) {
        const sleeper = awaited.get(key);
        if (!sleeper || performance.now() > sleeper.until) break;
        const { state, error } = await ask(sleeper.ref);
        if (error) throw new Problem('unavailable', error.cause, { hint: error.hint });
        if (state !== 'waking') break;
        await sleep(followMs);
      }
      awaited.delete(key);
      return 'waking';
    },

    /** Nobody waits any more. */
    close(): void {
      for (const sleeper of sleepers.values()) sleeper.until = 0;
    },
  };
}
