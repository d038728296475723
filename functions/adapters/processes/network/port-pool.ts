/** Ports on the loopback interface. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Where a program listens that is told "localhost": it may choose either family. */
export const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];

async function freePort(protocol: 'TCP' | 'UDP'): Promise<number> {
  if (protocol === 'UDP') {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    return port;
  }
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return address.port;
}

export interface PortPool {
  /** A port that is free now and that nobody else has from here. */
  take(protocol: 'TCP' | 'UDP'): Promise<number>;
  give(ports: Iterable<number>): void;
}

/**
 * Between the choice of a port and the moment when a program listens on it, the kernel could give it to another one:
 * the pool remembers it.
 */
export function createPortPool(): PortPool {
  const taken = new Set<number>();
  return {
    async take(protocol) {
      for (;;) {
        const port = await freePort(protocol);
        if (taken.has(port)) continue;
        taken.add(port);
        return port;
      }
    },
    give(ports) {
      for (const port of ports) taken.delete(port);
    },
  };
}

const accepts = (host: string, port: number, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });

/** At which of the addresses something listens on the port. */
export async function listenerOf(
  port: number,
  timeoutMs: number,
  hosts: readonly string[] = LOOPBACK,
): Promise<string | undefined> {
  for (const host of hosts) {
    if (await accepts(host, port, timeoutMs)) return host;
  }
  return undefined;
}
