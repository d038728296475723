/**
 * Ways out of an environment's network, which has no other: on its gateway's address, a port of this machine's loopback
 * interface each, such as the database's. A port that is not on the list leads nowhere.
 */
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Relays {
  /** @throws Error where the gateway's address is not one of this machine */
  open(gateway: string, ports: Iterable<number>): Promise<void>;
  close(gateway: string): void;
  closeAll(): void;
}

export interface Relay {
  server: Server;
  sockets: Set<Socket>;
}

/** Leads each connection to the target, as it is then. */
export function createRelay(target: () => NetConnectOpts): Relay {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const there = connect({ noDelay: true, allowHalfOpen: true, ...target() });
    sockets.add(client);
    const end = (): void => {
      sockets.delete(client);
      client.destroy();
      there.destroy();
    };
    for (const socket of [client, there]) socket.on('error', end).on('close', end);
    client.pipe(there).pipe(client);
  });
  return { server, sockets };
}

export function endRelay({ server, sockets }: Relay): void {
  server.close();
  for (const socket of sockets) socket.destroy();
}

const TRIES = 40;
const WAIT_MS = 50;

export function createRelays(): Relays {
  const servers = new Map<string, Relay>();

  function listen(gateway: string, port: number): Promise<Server> {
    const relay = createRelay(() => ({ host: '127.0.0.1', port }));
    const { server } = relay;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, gateway, () => {
        servers.set(`${gateway} ${port}`, relay);
        resolve(server);
      });
    });
  }

  async function openOne(gateway: string, port: number): Promise<void> {
    for (let tries = 1; !servers.has(`${gateway} ${port}`); tries++) {
      try {
        await listen(gateway, port);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Two containers that start at once ask for the same port.
        if (servers.has(`${gateway} ${port}`)) return;
        // The address appears with the first container of the network.
        if (code !== 'EADDRNOTAVAIL' || tries === TRIES) throw error;
        await sleep(WAIT_MS);
      }
    }
  }

  function close(matches: (key: string) => boolean): void {
    for (const [key, relay] of servers) {
      if (!matches(key)) continue;
      servers.delete(key);
      endRelay(relay);
    }
  }

  return {
    async open(gateway, ports) {
      for (const port of ports) await openOne(gateway, port);
    },
    close: (gateway) => close((key) => key.startsWith(`${gateway} `)),
    closeAll: () => close(() => true),
  };
}
