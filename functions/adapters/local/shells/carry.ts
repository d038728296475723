/**
 * Carries what is typed and printed through a WebSocket. Each message begins with a byte that says what it is: 0 what is
 * typed, 1 and 2 what the program prints, 3 a JSON object about the session itself.
 */
import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import { limits } from '../../../core/limits.ts';
import { Problem, type ProblemDetail, toProblem } from '../../../core/problem.ts';
import type { ShellRequest } from '../../../ports/shells.ts';
import type { ExecSession } from '../../../ports/workloads.ts';

const [TYPED, PRINTED, COMPLAINED, ABOUT] = [0, 1, 2, 3];
/** What the server tells of a session: that it began, how it ended, or why it did not begin. */
type Told = { tty: boolean } | { exitCode: number } | { error: ProblemDetail };

const revoked = (): Problem =>
  new Problem('forbidden', 'Whoever opened the shell may not have one here any more.', {
    hint: 'Ask an administrator of the project for it.',
  });

/** @param pulseMs how often it is looked after: a proxy between takes a silent connection for a dead one */
export function carry(
  socket: WebSocket,
  { start, stillAllowed, ended }: ShellRequest,
  pulseMs: number,
): void {
  const from = performance.now();
  let heard = from;
  let session: ExecSession | undefined;
  let [bytesIn, bytesOut] = [0, 0];
  let exitCode: number | undefined;

  const tell = (told: Told): void =>
    socket.send(Buffer.concat([Buffer.of(ABOUT as number), Buffer.from(JSON.stringify(told))]));
  const finish = (told: Told): void => {
    tell(told);
    // What comes after the end is nobody's, and the other side's goodbye is read.
    socket.resume();
    socket.close(1000);
  };
  const isAllowed = (): Promise<boolean> => stillAllowed().catch(() => false);

  const pulse = setInterval(() => {
    const now = performance.now();
    const isOver = now - heard > limits.shellIdleSeconds.value * 1000;
    if (isOver || now - from > limits.shellSeconds.value * 1000)
      finish({
        error: {
          code: 'deadline_exceeded',
          cause: isOver ? 'Nothing was typed or printed for too long.' : 'The shell was open for too long.',
          hint: 'Open another one.',
        },
      });
    else {
      socket.ping();
      void isAllowed().then((allowed) => {
        if (allowed) return;
        session?.close();
        finish({ error: revoked().toDetail() });
      });
    }
  }, pulseMs);

  socket.on('message', (data: Buffer) => {
    heard = performance.now();
    if (session) receive(session, data);
  });
  socket.on('error', () => socket.terminate());
  socket.once('close', () => {
    clearInterval(pulse);
    session?.close();
    const seconds = Math.round((performance.now() - from) / 1000);
    ended({ seconds, bytesIn, bytesOut, ...(exitCode !== undefined && { exitCode }) });
  });

  function receive({ stdin, resize }: ExecSession, data: Buffer): void {
    const content = data.subarray(1);
    if (data[0] === TYPED) {
      bytesIn += content.length;
      if (stdin.writable && !stdin.write(content)) {
        socket.pause();
        stdin.once('drain', () => socket.resume());
      }
    } else if (data[0] === ABOUT) {
      const { eof, columns, rows } = parse(content);
      if (eof === true) stdin.end();
      if (isSize(columns) && isSize(rows)) resize?.(columns, rows);
    }
  }

  /** What the program prints faster than it can be sent waits in the program. */
  async function send(output: Readable, channel: number): Promise<void> {
    for await (const chunk of output as AsyncIterable<Buffer>) {
      heard = performance.now();
      bytesOut += chunk.length;
      const sent = await new Promise<boolean>((resolve) =>
        socket.send(Buffer.concat([Buffer.of(channel), chunk]), (error) => resolve(!error)),
      );
      if (!sent) return;
    }
  }

  async function run(): Promise<void> {
    // What is typed before there is a program waits where it is.
    socket.pause();
    if (!(await isAllowed())) throw revoked();
    const begun = await start();
    // Whoever opened the door has gone meanwhile.
    if (socket.readyState !== socket.OPEN) return begun.close();
    session = begun;
    tell({ tty: begun.tty });
    socket.resume();
    const [end] = await Promise.all([
      begun.ended,
      send(begun.stdout, PRINTED as number),
      send(begun.stderr, COMPLAINED as number),
    ]);
    exitCode = end.exitCode;
    finish(end);
  }

  run().catch((error: unknown) => finish({ error: toProblem(error).toDetail() }));
}

const isSize = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 10_000;

function parse(content: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
