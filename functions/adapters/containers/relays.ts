/**
 * Ways out of an environment's network, which has no other: on its gateway's address, a port of this machine's loopback
 * interface each, such as the database's. A port that is not on the list leads nowhere.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Relays {
  /** @throws Error where the gateway's address is not one of this machine */
  open(gateway: string, ports: Iterable<number>): Promise<void>;
  close(gateway: string): void;
  closeAll(): void;
}

const TRIES = 40;
const WAIT_MS = 50;

export function createRelays(): Relays {
  const servers = new Map<string, { server: Server; sockets: Set<Socket> }>();

  function listen(gateway: string, port: number): Promise<Server> {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const target = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
      sockets.add(client);
      const end = (): void => {
        sockets.delete(client);
        client.destroy();
        target.destroy();
      };
      for (const socket of [client, target]) socket.on('error', end).on('close', end);
      client.pipe(target).pipe(client);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, gateway, () => {
        servers.set(`${gateway} ${port}`, { server, sockets });
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
    for (const [key, { server, sockets }] of servers) {
      if (!matches(key)) continue;
      servers.delete(key);
      server.close();
      for (const socket of sockets) socket.destroy();
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
