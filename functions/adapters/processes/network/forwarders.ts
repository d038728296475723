/**
 * Gives each service port of each workload one address for as long as the workload exists, whichever replica
 * of whichever deployment is behind it. The numbers are kept on disk: they are pinned in what others deployed.
 */

import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { environmentName, instanceName } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import type { EnvironmentRef, InstanceRef } from '../../../core/model/index.ts';
import type { Backend } from '../../../ports/traffic.ts';
import { type Layout, readNumbers } from '../layout.ts';

export interface Forwarders {
  /** The port on 127.0.0.1, opened on first use. */
  open(ref: InstanceRef, port: number): Promise<number>;
  /** Opens again what the environment had in an earlier life. */
  reopen(ref: InstanceRef): Promise<void>;
  /** Closes those of a service, or of the whole environment, and forgets their numbers. */
  close(ref: InstanceRef, everyService?: boolean): void;
  closeAll(): void;
}

/** The ports on 127.0.0.1 at which services of an environment are reached. */
export const endpointsOf = (layout: Layout, ref: EnvironmentRef): number[] =>
  Object.values(readNumbers(endpointsFile(layout, ref)));

const endpointsFile = (layout: Layout, ref: EnvironmentRef): string =>
  join(layout.environment(ref), 'endpoints.json');

/** Resolves to a replica, waiting a little for one to become ready; undefined when none did. */
export type FindUpstream = (ref: InstanceRef, port: number) => Promise<Backend | undefined>;

/** A connection that was answered and has had no traffic for so long is not in flight: its client is ready to lose it. */
const IDLE_MS = 1000;
const WAITING_MAX = limits.waitingConnections.value;

export function createForwarders(layout: Layout, find: FindUpstream): Forwarders {
  const servers = new Map<string, Promise<number>>();
  const handles = new Map<string, Server>();
  const sockets = new Map<string, Set<Socket>>();
  let waiting = 0;

  const prefixOf = (ref: InstanceRef, everyService = false): string =>
    `${everyService ? environmentName(ref) : instanceName(ref)}/`;
  const file = (ref: InstanceRef): string => endpointsFile(layout, ref);

  function save(ref: InstanceRef, numbers: Record<string, number>): void {
    try {
      writeFileSync(file(ref), JSON.stringify(numbers), { mode: 0o600 });
    } catch {
      // The environment is gone, or the disk is full: the port holds until the next start.
    }
  }

  async function forward(client: Socket, ref: InstanceRef, port: number): Promise<void> {
    client.on('error', () => undefined);
    if (waiting >= WAITING_MAX) return void client.destroy();
    waiting++;
    const upstream = await find(ref, port)
      .catch(() => undefined)
      .finally(() => waiting--);
    if (!upstream || client.destroyed) return void client.destroy();
    const server = connect({ host: upstream.hostname, port: upstream.port, noDelay: true });
    let release: (() => void) | undefined = upstream.acquire();
    let last = performance.now();
    // Whoever has sent something and heard nothing since waits for an answer, however long that takes.
    let awaitsAnswer = false;
    const busy = (): void => {
      last = performance.now();
      release ??= upstream.acquire();
    };
    const watch = setInterval(() => {
      if (awaitsAnswer || performance.now() - last < IDLE_MS) return;
      release?.();
      release = undefined;
    }, IDLE_MS);
    const end = (): void => {
      clearInterval(watch);
      release?.();
      release = undefined;
      upstream.closed.removeEventListener('abort', end);
      client.destroy();
      server.destroy();
    };
    upstream.closed.addEventListener('abort', end);
    for (const socket of [client, server]) {
      socket.on('data', () => {
        awaitsAnswer = socket === client;
        busy();
      });
      socket.on('error', end);
      socket.on('close', end);
    }
    // Half-open connections stay so: some clients end their side first and then read.
    client.pipe(server).pipe(client);
  }

  function listen(ref: InstanceRef, port: number, key: string, wish: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        const open = sockets.get(key) ?? new Set();
        sockets.set(key, open.add(socket));
        socket.on('close', () => open.delete(socket));
        void forward(socket, ref, port);
      });
      server.on('error', (error) => {
        if (wish === 0) reject(error);
        else listen(ref, port, key, 0).then(resolve, reject);
      });
      server.listen(wish, '127.0.0.1', () => {
        handles.set(key, server);
        const address = server.address();
        resolve(address && typeof address === 'object' ? address.port : wish);
      });
    });
  }

  const forwarders: Forwarders = {
    open(ref, port) {
      const key = `${prefixOf(ref)}${port}`;
      const present = servers.get(key);
      if (present) return present;
      const name = `${ref.service}/${port}`;
      const opening = listen(ref, port, key, readNumbers(file(ref))[name] ?? 0).then((number) => {
        if (!servers.has(key)) handles.get(key)?.close();
        else if (readNumbers(file(ref))[name] !== number)
          save(ref, { ...readNumbers(file(ref)), [name]: number });
        return number;
      });
      servers.set(key, opening);
      opening.catch(() => servers.delete(key));
      return opening;
    },
    async reopen(ref) {
      for (const name of Object.keys(readNumbers(file(ref)))) {
        const [service, port] = name.split('/');
        if (service && port) await forwarders.open({ ...ref, service }, Number(port));
      }
    },
    close(ref, everyService) {
      const prefix = prefixOf(ref, everyService);
      for (const key of [...servers.keys()].filter((candidate) => candidate.startsWith(prefix))) {
        servers.delete(key);
        handles.get(key)?.close();
        handles.delete(key);
        for (const socket of sockets.get(key) ?? []) socket.destroy();
        sockets.delete(key);
      }
      if (everyService) return;
      const kept = Object.entries(readNumbers(file(ref))).filter(
        ([name]) => !name.startsWith(`${ref.service}/`),
      );
      if (kept.length < Object.keys(readNumbers(file(ref))).length) save(ref, Object.fromEntries(kept));
    },
    closeAll() {
      for (const server of handles.values()) server.close();
      for (const socket of [...sockets.values()].flatMap((open) => [...open])) socket.destroy();
      for (const map of [servers, handles, sockets]) map.clear();
    },
  };
  return forwarders;
}
