/** Doors to programs: tickets, and what goes through the WebSockets. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createShells, type ShellServer } from '../../../../functions/adapters/local/shells/shells.ts';
import { createEffects } from '../../../../functions/adapters/system/effects.ts';
import { limits } from '../../../../functions/core/limits.ts';
import { Problem } from '../../../../functions/core/problem.ts';
import type { ShellSummary } from '../../../../functions/ports/shells.ts';
import type { ExecSession } from '../../../../functions/ports/workloads.ts';

let shells: ShellServer;
let server: Server;
let offset = 0;
beforeAll(async () => {
  shells = createShells(createEffects({ now: () => Date.now() + offset }), { pulseMs: 20 });
  server = createServer((_, response) => response.end());
  server.on('upgrade', (request, socket, head) => shells.upgrade(request, socket, head));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  shells.close();
  server.close();
});

let people = 0;
/** Somebody else each time, who stays allowed. */
const somebody = () => ({ person: `user:${people++}`, stillAllowed: async () => true });

/** A program that repeats what is typed until the input ends. */
function echo(): ExecSession & { closed: boolean; sizes: number[][] } {
  const [stdin, stderr] = [new PassThrough(), new PassThrough()];
  stderr.end('ready\n');
  const session = {
    tty: true,
    stdin,
    stdout: stdin,
    stderr,
    ended: once(stdin, 'end').then(() => ({ exitCode: 6 })),
    sizes: [] as number[][],
    closed: false,
    resize: (columns: number, rows: number) => void session.sizes.push([columns, rows]),
    close() {
      session.closed = true;
      stdin.destroy();
    },
  };
  return session;
}

interface Opened {
  socket: WebSocket;
  messages: [channel: number, text: string][];
  closed: Promise<unknown>;
}

function connect(path: string): Opened {
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  socket.binaryType = 'arraybuffer';
  const messages: Opened['messages'] = [];
  socket.addEventListener('message', ({ data }) => {
    const bytes = Buffer.from(data as ArrayBuffer);
    messages.push([bytes[0] ?? -1, bytes.subarray(1).toString()]);
  });
  return { socket, messages, closed: once(socket, 'close') };
}

const message = (channel: number, text: string) => Buffer.concat([Buffer.of(channel), Buffer.from(text)]);

describe('A door', () => {
  it('carries what is typed and printed, the size of the terminal and the exit code, and tells its lengths', async () => {
    const session = echo();
    const summary = Promise.withResolvers<ShellSummary>();
    const { path } = shells.open({ ...somebody(), start: async () => session, ended: summary.resolve });
    const { socket, messages, closed } = connect(path);
    await once(socket, 'open');
    socket.send(message(0, 'typed'));
    socket.send(message(3, '{"columns": 80, "rows": 24}'));
    socket.send(message(3, '{"columns": -1, "rows": "x"}'));
    socket.send(message(3, 'no json'));
    socket.send(message(3, '{"eof": true}'));
    await closed;
    expect(messages[0]).toEqual([3, '{"tty":true}']);
    expect(messages).toContainEqual([1, 'typed']);
    expect(messages).toContainEqual([2, 'ready\n']);
    expect(messages.at(-1)).toEqual([3, '{"exitCode":6}']);
    expect(session.sizes).toEqual([[80, 24]]);
    expect(await summary.promise).toEqual({ seconds: 0, bytesIn: 5, bytesOut: 11, exitCode: 6 });
  });

  it('opens once, in time, and to nobody without the key', async () => {
    const request = { ...somebody(), start: async () => echo(), ended: () => undefined };
    const { path } = shells.open(request);
    const first = connect(path);
    await once(first.socket, 'open');
    const late = shells.open(request).path;
    const opens = (wrong: string): Promise<string> => {
      const { socket } = connect(wrong);
      return Promise.race([
        once(socket, 'open').then(() => 'open'),
        once(socket, 'close').then(() => 'closed'),
      ]);
    };
    for (const wrong of [path, '/v1/shells/guess', `/v1/shells/${'a'.repeat(43)}`])
      expect(await opens(wrong)).toBe('closed');
    offset += 31_000;
    expect(await opens(late)).toBe('closed');
    first.socket.close();
    await first.closed;
  });

  it('ends what it leads to when who opened it goes, or sends more than it may', async () => {
    for (const end of [
      (socket: WebSocket) => socket.close(),
      (socket: WebSocket) => socket.send(Buffer.alloc(limits.shellMessage.value + 1)),
    ]) {
      const session = echo();
      const summary = Promise.withResolvers<ShellSummary>();
      const { path } = shells.open({ ...somebody(), start: async () => session, ended: summary.resolve });
      const { socket, messages } = connect(path);
      while (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      end(socket);
      expect(await summary.promise).not.toHaveProperty('exitCode');
      expect(session.closed).toBe(true);
    }
  });

  it('tells why a program could not be started', async () => {
    const start = async (): Promise<ExecSession> => {
      throw new Problem('conflict', 'No replica is ready.', { hint: 'Wait.' });
    };
    const { messages, closed } = connect(shells.open({ ...somebody(), start, ended: () => undefined }).path);
    await closed;
    expect(messages).toEqual([
      [3, '{"error":{"code":"conflict","cause":"No replica is ready.","hint":"Wait."}}'],
    ]);
  });

  it('is one of so many', () => {
    const own = createShells(createEffects());
    const request = { ...somebody(), start: async () => echo(), ended: () => undefined };
    const opening = () => {
      for (let count = 0; count <= limits.shells.value; count++) own.open({ ...request, ...somebody() });
    };
    expect(opening).toThrow('as many as there may be');
    own.close();
  });

  it('ends within a pulse when whoever opened it may not have one any more, and takes its program along', async () => {
    let allowed = true;
    const session = echo();
    const request = { person: 'user:eve', stillAllowed: async () => allowed, ended: () => undefined };
    const { socket, messages, closed } = connect(
      shells.open({ ...request, start: async () => session }).path,
    );
    await once(socket, 'open');
    allowed = false;
    await closed;
    expect(messages.at(-1)?.[1]).toContain('"code":"forbidden"');
    expect(session.closed).toBe(true);
  });

  it('is not opened by a key that was given before the access ended, and starts nothing', async () => {
    let started = 0;
    const request = { person: 'user:eve', stillAllowed: async () => false, ended: () => undefined };
    const start = async () => {
      started += 1;
      return echo();
    };
    const { messages, closed } = connect(shells.open({ ...request, start }).path);
    await closed;
    expect(messages.at(-1)?.[1]).toContain('"code":"forbidden"');
    expect(started).toBe(0);
  });

  it('keeps nothing in memory of what is typed before there is a program', async () => {
    const begun = Promise.withResolvers<ExecSession>();
    const session = echo();
    const { socket, messages, closed } = connect(
      shells.open({ ...somebody(), start: () => begun.promise, ended: () => undefined }).path,
    );
    await once(socket, 'open');
    // More than the sockets of the system hold.
    for (let count = 0; count < 1000; count++) socket.send(message(0, 'x'.repeat(60_000)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(socket.bufferedAmount).toBeGreaterThan(10_000_000);
    begun.resolve(session);
    while (!messages.some(([channel]) => channel === 1))
      await new Promise((resolve) => setTimeout(resolve, 5));
    socket.close();
    session.close();
    await closed;
  });

  it('of one person are ten at once: others still get theirs', () => {
    const own = createShells(createEffects());
    const request = { ...somebody(), start: async () => echo(), ended: () => undefined };
    const open = () => own.open(request);
    for (let count = 0; count < limits.shellsOfPerson.value; count++) open();
    expect(open).toThrow(expect.objectContaining({ code: 'too_many_requests' }));
    expect(own.open({ ...request, person: 'user:other' }).path).toMatch(/^\/v1\/shells\//);
    own.close();
  });
});
