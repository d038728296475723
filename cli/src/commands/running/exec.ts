/** `exec`: a shell into a service that runs. */
import type { Command } from 'commander';
import { body } from '../../api.ts';
import { exitCodes, Failure } from '../../failure.ts';
import { note, plain, sayJson } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';
import { wordsOf } from './runs.ts';

const [TYPED, PRINTED, COMPLAINED, ABOUT] = [0, 1, 2, 3];
/** A message may have 64 KiB, and its channel is one byte of it. */
const PIECE = 32 * 1024;
/** As much may wait on its way, bytes. What comes from a file or a pipe waits there. */
const WAITING_MAX = 1024 * 1024;
const LOOK_MS = 10;

/** What the server tells of the session itself. */
interface Told {
  tty?: boolean;
  exitCode?: number;
  error?: { cause: string; hint: string };
}

/** @returns the exit code of the program */
function carry(address: string): Promise<number> {
  const socket = new WebSocket(address);
  socket.binaryType = 'arraybuffer';
  const { stdin, stdout, stderr } = process;
  let raw = false;
  const send = (channel: number, content: Uint8Array): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.concat([Buffer.of(channel), content]));
  };
  const tell = (about: object): void => send(ABOUT as number, Buffer.from(JSON.stringify(about)));
  const resize = (): void => tell({ columns: stdout.columns, rows: stdout.rows });
  function type(data: Buffer): void {
    for (let at = 0; at < data.length; at += PIECE) send(TYPED as number, data.subarray(at, at + PIECE));
    if (socket.bufferedAmount < WAITING_MAX) return;
    stdin.pause();
    const looking = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount > WAITING_MAX / 2) return;
      clearInterval(looking);
      if (socket.readyState === WebSocket.OPEN) stdin.resume();
    }, LOOK_MS);
  }
  const end = (): void => tell({ eof: true });

  function begin(tty: boolean): void {
    stdin.on('data', type).once('end', end);
    if (!tty || !stdin.isTTY) return;
    raw = true;
    stdin.setRawMode(true);
    stdout.on('resize', resize);
    resize();
  }
  function stop(): void {
    if (raw) stdin.setRawMode(false);
    stdout.off('resize', resize);
    stdin.off('data', type).pause();
  }

  return new Promise<number>((resolve, reject) => {
    socket.addEventListener('message', ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      const [channel, content] = [new Uint8Array(data)[0], new Uint8Array(data, 1)];
      if (channel === PRINTED) stdout.write(content);
      else if (channel === COMPLAINED) stderr.write(content);
      else if (channel === ABOUT) {
        const { tty, exitCode, error } = JSON.parse(Buffer.from(content).toString()) as Told;
        if (tty !== undefined) begin(tty);
        if (exitCode !== undefined) resolve(exitCode);
        if (error) reject(new Failure(plain(error.cause), plain(error.hint), exitCodes.failed));
      }
    });
    socket.addEventListener('close', () =>
      reject(new Failure('The connection was lost, and the shell with it.', undefined, exitCodes.failed)),
    );
    socket.addEventListener('error', () => undefined);
  }).finally(() => {
    stop();
    socket.close();
  });
}

interface ExecOptions {
  process?: string;
}

async function open(
  { api, instance, json }: Session,
  words: readonly string[],
  { process: beside }: ExecOptions,
): Promise<void> {
  if (typeof WebSocket === 'undefined')
    throw new Failure(
      `A shell takes Node.js 22 or later, and this is ${process.version}.`,
      'Run a command instead: berth run -- <command>',
    );
  const tty = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const shell = await body(
    api.POST('/v1/projects/{project}/environments/{environment}/services/{service}/shells', {
      params: { path: instance() },
      body: {
        tty,
        ...(words.length > 0 && { command: wordsOf(words) }),
        ...(beside !== undefined && { process: beside }),
      },
    }),
  );
  const address = new URL(shell.path, api.server);
  address.protocol = address.protocol.replace('http', 'ws');
  const exitCode = await carry(address.href);
  if (json) sayJson({ exitCode });
  else if (exitCode !== 0) note(`It ended with exit code ${exitCode}.`);
  process.exitCode = exitCode;
}

export function addExec(program: Command): void {
  program
    .command('exec')
    .argument('[command...]', 'its words, after --; a shell without them')
    .showHelpAfterError('(options of the command itself come after --: berth exec -- ls -l)')
    .description(
      'Open a shell into a service that runs, or start a command there; ends with its exit code. Who did is on record, not what was typed',
    )
    .option('--process <name>', 'beside a replica of this process, such as worker; of web without it')
    .addHelpText('after', '\nExamples:\n  berth exec\n  berth exec -- ls -l\n  berth exec --process worker')
    .action((words: string[], options: ExecOptions, command: Command) =>
      open(openSession(command), words, options),
    );
}
