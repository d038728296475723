/** A program in a container that runs, which somebody types to. */
import type { Socket } from 'node:net';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { END, sayGoodbye } from '../../ports/rules/workloads/goodbye.ts';
import type { ExecSession } from '../../ports/workloads.ts';
import { KILLED, unstartable } from '../system/piped-program.ts';
import { type Engine, EngineError } from './engine.ts';
import { splitFrames } from './frames.ts';
import { killSession } from './host-processes.ts';

interface Inspected {
  Running: boolean;
  /** null before it has begun, with Docker. */
  ExitCode: number | null;
  Pid: number;
}

/** The engine may tell of a begin and of an end a moment later than its connection does. */
const TRIES = 40;
const TRY_MS = 50;
/** In place of Ctrl-P, Ctrl-Q, which people need. */
const DETACH_KEYS = 'ctrl-^,ctrl-_,ctrl-^,ctrl-_';

/**
 * It has the variables, the user and the directory of the container.
 * @param id of the container
 * @param tty whether it has a terminal
 * @throws EngineError where the container does not run any more, or the engine does not answer
 */
export async function openSession(
  engine: Engine,
  id: string,
  command: readonly string[],
  tty: boolean,
): Promise<ExecSession> {
  const attached = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
  const terminal = { Tty: true, Env: ['TERM=xterm-256color'], DetachKeys: DETACH_KEYS };
  const { Id } = await engine.call<{ Id: string }>('POST', `/containers/${id}/exec`, {
    body: { Cmd: command, ...attached, ...(tty && terminal) },
  });
  const path = (action: string): string => `/exec/${Id}${action}`;
  let socket: Socket;
  try {
    socket = await engine.attach(path('/start'), { body: { Detach: false, Tty: tty } });
  } catch (error) {
    if (!(error instanceof EngineError) || [0, 404, 409].includes(error.status)) throw error;
    const { kill: close, ...session } = unstartable(command[0] ?? '', error);
    return { ...session, tty: false, close };
  }
  socket.on('error', () => undefined);

  /** Once it has begun, or has ended; undefined where it went with its container. */
  async function look(isEnough: (found: Inspected) => boolean): Promise<Inspected | undefined> {
    let found: Inspected | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      found = await engine.call<Inspected>('GET', path('/json')).catch(() => undefined);
      if (!found || isEnough(found)) return found;
      await sleep(TRY_MS);
    }
    return found;
  }

  async function kill(): Promise<void> {
    const found = await look(({ Running, ExitCode }) => Running || ExitCode !== null);
    if (!found?.Running || (await killSession(found.Pid, id)) || !tty) socket.destroy();
    else {
      const cancel = sayGoodbye(
        (keys) => socket.write(keys),
        () => socket.destroy(),
      );
      socket.once('close', cancel);
    }
  }

  return {
    tty,
    ...(tty ? terminalOf(socket) : splitFrames(socket)),
    stdin: typingTo(socket, tty),
    ended: new Promise<void>((resolve) => socket.once('close', () => resolve())).then(async () => {
      const found = await look(({ Running }) => !Running);
      return { exitCode: found?.Running === false ? (found.ExitCode ?? KILLED) : KILLED };
    }),
    resize: oneAtATime((columns, rows) =>
      engine.call('POST', path('/resize'), { query: { w: columns, h: rows } }).catch(() => undefined),
    ),
    close: () => void kill(),
  };
}

function terminalOf(socket: Socket): { stdout: Readable; stderr: Readable } {
  const stderr = new PassThrough();
  stderr.end();
  const stdout = socket.pipe(new PassThrough());
  socket.once('close', () => stdout.end());
  return { stdout, stderr };
}

/**
 * What is typed waits as long as what was printed does: to write to a program that has ended would break the connection that has the rest
 * of its output. At a terminal the end is a key; without one it is that of the connection's one direction.
 */
function typingTo(socket: Socket, tty: boolean): Writable {
  const whenRead = (act: () => void): void => {
    if (!socket.isPaused() || socket.destroyed) {
      act();
      return;
    }
    // Whichever comes first: a stream that is told twice that a write is done fails.
    const go = (): void => {
      socket.off('resume', go).off('close', go);
      act();
    };
    socket.once('resume', go).once('close', go);
  };
  return new Writable({
    write: (chunk: Buffer, _, done) => whenRead(() => socket.write(chunk, () => done())),
    final(done) {
      if (tty) socket.write(Buffer.of(END));
      else socket.end();
      done();
    },
  });
}

/** Of what is asked for while one is under way, the newest alone is done. */
function oneAtATime(act: (columns: number, rows: number) => Promise<unknown>) {
  const wanted: [number, number][] = [];
  let isBusy = false;
  return async (...size: [number, number]): Promise<void> => {
    wanted[0] = size;
    if (isBusy) return;
    isBusy = true;
    for (let next = wanted.pop(); next; next = wanted.pop()) await act(...next);
    isBusy = false;
  };
}
