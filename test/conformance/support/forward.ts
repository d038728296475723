/** Makes a server of this machine reachable at another of its addresses. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Forward {
  port: number;
  stop(): Promise<void>;
}

/** @param address where it is to be reached @param port of the server on the loopback interface */
export async function startForward(address: string, port: number): Promise<Forward> {
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy()).on('close', () => open.delete(one));
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
