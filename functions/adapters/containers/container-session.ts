/** A program in a container that runs, which somebody types to. */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecSession } from '../../ports/workloads.ts';
import { sendSignal } from '../system/marked-processes.ts';
import { KILLED, unstartable } from '../system/piped-program.ts';
import { type Engine, EngineError } from './engine.ts';
import { splitFrames } from './frames.ts';

interface Inspected {
  Running: boolean;
  ExitCode: number | null;
  Pid: number;
}

/** The engine may tell of an end a moment later than the output ends. */
const TRIES = 40;
const TRY_MS = 50;

/**
 * It has the variables, the user and the directory of the container.
 * @param id of the container
 * @param tty whether it has a terminal
 * @throws EngineError where the container is not there any more, or the engine is not
 */
export async function openSession(
  engine: Engine,
  id: string,
  command: readonly string[],
  tty: boolean,
): Promise<ExecSession> {
  const attached = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
  const { Id } = await engine.call<{ Id: string }>('POST', `/containers/${id}/exec`, {
    body: { Cmd: command, Tty: tty, ...attached },
  });
  const path = (action: string): string => `/exec/${Id}${action}`;
  const inspect = (): Promise<Inspected | undefined> =>
    engine.call<Inspected>('GET', path('/json')).catch(() => undefined);

  let socket: Socket;
  try {
    socket = await engine.attach(path('/start'), { body: { Detach: false, Tty: tty } });
  } catch (error) {
    if (!(error instanceof EngineError) || error.status === 0) throw error;
    const { kill: close, ...session } = unstartable(command[0] ?? '', error);
    return { ...session, tty: false, close };
  }
  socket.on('error', () => undefined);
  const { stdout, stderr } = tty ? terminalOf(socket) : splitFrames(socket);

  async function exitCode(): Promise<number> {
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await inspect();
      // It went with its container.
      if (!found) return KILLED;
      if (!found.Running) return found.ExitCode ?? KILLED;
      await sleep(TRY_MS);
    }
    return KILLED;
  }

  async function kill(): Promise<void> {
    const pid = (await inspect())?.Pid;
    // Its number is one of this machine only where the engine runs here: elsewhere it may be another program's.
    if (pid !== undefined && pid > 0 && (await isIn(pid, id))) sendSignal(-pid, 'SIGKILL');
    socket.destroy();
  }

  return {
    tty,
    stdin: socket,
    stdout,
    stderr,
    ended: new Promise<void>((resolve) => socket.once('close', () => resolve())).then(async () => ({
      exitCode: await exitCode(),
    })),
    resize(columns, rows) {
      engine.call('POST', path('/resize'), { query: { w: columns, h: rows } }).catch(() => undefined);
    },
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

/** Whether a process of this machine is in a container: engines name its group of processes after it. */
const isIn = (pid: number, container: string): Promise<boolean> =>
  readFile(`/proc/${pid}/cgroup`, 'utf8').then(
    (groups) => groups.includes(container),
    () => false,
  );
