import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSession } from '../../../functions/adapters/containers/container-session.ts';
import type { Engine } from '../../../functions/adapters/containers/engine.ts';

/** An engine that has one program, whose end of the connection is `program`. */
let server: Server;
let program: Socket;
let engine: Engine;
beforeEach(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  engine = {
    call: async <T>(method: string) =>
      (method === 'POST' ? { Id: 'one' } : { Running: false, ExitCode: 0, Pid: 0 }) as T,
    stream: async () => expect.unreachable(),
    attach: async () => {
      const accepted = once(server, 'connection');
      const socket = connect(port, '127.0.0.1');
      [program] = (await accepted) as [Socket];
      program.on('error', () => undefined);
      return socket;
    },
  };
});
afterEach(async () => {
  program.destroy();
  await new Promise((resolve) => server.close(resolve));
});

it('What is typed waits while what was printed is not read, and comes whole; nothing is lost and nothing fails at the end', async () => {
  const session = await openSession(engine, 'container', ['sh'], true);
  let typed = '';
  program.on('data', (data: Buffer) => (typed += String(data)));
  const printed = Buffer.alloc(4_000_000, 'x');
  program.write(printed);
  await sleep(100);
  for (let count = 0; count < 5; count++) session.stdin.write('typed ');
  let read = 0;
  for await (const chunk of session.stdout as AsyncIterable<Buffer>) {
    read += chunk.length;
    if (read < printed.length) continue;
    while (typed.length < 30) await sleep(1);
    program.end();
  }
  expect(read).toBe(printed.length);
  expect(typed).toBe('typed '.repeat(5));
  expect(await session.ended).toEqual({ exitCode: 0 });
});

it('A connection that breaks while something waits to be typed ends it, and is no error of its own', async () => {
  const session = await openSession(engine, 'container', ['sh'], true);
  program.write(Buffer.alloc(4_000_000, 'x'));
  await sleep(100);
  session.stdin.write('typed');
  session.close();
  expect(await session.ended).toEqual({ exitCode: 0 });
});
