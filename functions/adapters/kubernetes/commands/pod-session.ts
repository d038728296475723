/** A program in a pod that is ready, which somebody types to, over the WebSocket that the API server has for it. */
import { PassThrough, Writable } from 'node:stream';
import { type ClientOptions, WebSocket } from 'ws';
import type { InstanceRef } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import { sayGoodbye } from '../../../ports/rules/workloads/goodbye.ts';
import type { ExecRequest, ExecSession } from '../../../ports/workloads.ts';
import { answerError, connectionError, KubernetesError, type StatusBody } from '../api/api-errors.ts';
import type { Address, KubernetesClient } from '../api/client.ts';
import { type Cluster, podsPath } from '../shared-reads.ts';
import { readyPods } from '../status.ts';

const [STDIN, STDOUT, STDERR, STATUS, SIZE, CLOSE] = [0, 1, 2, 3, 4, 255] as const;
/** The fifth version can tell a program that nothing more is typed; clusters before Kubernetes 1.30 have the fourth. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const HANDSHAKE_MS = 15_000;
/** A proxy between takes a silent connection for a dead one, milliseconds. */
const PULSE_MS = 15_000;
const KILLED = 137;
const NOT_STARTED = 126;

/**
 * Its words come to the program as they are: what a container's variables are, nobody but the cluster knows.
 * @throws Problem conflict where no replica is ready | unavailable
 */
export async function execInPod(
  cluster: Cluster,
  ref: InstanceRef,
  { command, tty }: ExecRequest,
): Promise<ExecSession> {
  const { pods, container } = await readyPods(cluster, ref);
  const [pod] = pods;
  if (!pod) throw notReady(ref);
  const query = new URLSearchParams(command.map((word): [string, string] => ['command', word]));
  for (const stream of ['stdin', 'stdout', ...(tty ? ['tty'] : ['stderr'])]) query.append(stream, 'true');
  query.append('container', container);
  const path = `${podsPath(cluster, ref)}/${encodeURIComponent(pod.metadata.name)}/exec?${query}`;
  const socket = await connect(cluster.client, path).catch((error: unknown) => {
    if (!(error instanceof KubernetesError)) throw error;
    if (error.status === 404) throw notReady(ref);
    if (error.status !== 403)
      throw new Problem('unavailable', `The cluster did not start the program: status ${error.status}.`, {
        hint: 'Check that what is between Berth and the API server lets WebSockets pass.',
        cause: error,
      });
    throw new Problem('unavailable', 'The cluster lets Berth start no programs beside those that run.', {
      hint: 'Have whoever administers the cluster add the rules for shells to the role of Berth (docs/how-to/open-a-shell.md).',
    });
  });
  return sessionOf(socket, tty);
}

const notReady = ({ service }: InstanceRef): Problem =>
  new Problem('conflict', `No replica of ${service} is ready.`, {
    hint: 'Wait until it is, or look at its log for why it is not.',
  });

async function connect(client: KubernetesClient, path: string): Promise<WebSocket> {
  const first = await client.address(path);
  let answer = await open(first);
  // The token may have run out since it was made.
  if ('status' in answer && answer.status === 401 && first.token !== undefined)
    answer = await open(await client.address(path, first.token));
  if ('socket' in answer) return answer.socket;
  throw answerError(answer.status, answer.body, `GET ${path.split('?')[0]}`);
}

type Answer = { socket: WebSocket } | { status: number; body: StatusBody };

/** @throws Problem unavailable | TransientError */
function open({ url, token, tlsServerName, ...tls }: Address): Promise<Answer> {
  const options: ClientOptions = {
    ...tls,
    ...(tlsServerName !== undefined && { servername: tlsServerName }),
    headers: { 'user-agent': 'berth', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    handshakeTimeout: HANDSHAKE_MS,
    perMessageDeflate: false,
  };
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), PROTOCOLS, options);
    socket.once('open', () => {
      // What comes before anybody listens would be lost.
      socket.pause();
      resolve({ socket });
    });
    // After its begin the end of the connection says all.
    socket.on('error', (error) => reject(connectionError(error, url)));
    socket.once('unexpected-response', (_, response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('close', () => {
        resolve({ status: response.statusCode ?? 0, body: statusOf(Buffer.concat(parts)) });
        socket.terminate();
      });
    });
  });
}

function statusOf(body: Buffer): StatusBody & { status?: string } {
  try {
    return JSON.parse(body.toString()) as StatusBody;
  } catch {
    return { message: body.toString().slice(0, 500) };
  }
}

function sessionOf(socket: WebSocket, tty: boolean): ExecSession {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let exitCode = KILLED;

  const full = new Set<PassThrough>();
  /** What is typed waits as long: to write to a program that has ended may break the connection that has the rest of its output. */
  const waiting: (() => void)[] = [];
  const goOn = (): void => {
    for (const act of waiting.splice(0)) act();
  };
  /** What is read more slowly than it is printed waits in the program. */
  function pass(stream: PassThrough, content: Buffer): void {
    if (stream.write(content) || full.has(stream)) return;
    full.add(stream);
    socket.pause();
    stream.once('drain', () => {
      full.delete(stream);
      if (full.size > 0) return;
      socket.resume();
      goOn();
    });
  }
  function end(status: StatusBody & { status?: string }): void {
    exitCode = exitCodeOf(status);
    if (exitCode === NOT_STARTED)
      (tty ? stdout : stderr).write(`${status.message ?? 'It was not started.'}\n`);
  }

  socket.on('message', (data: Buffer) => {
    const content = data.subarray(1);
    if (data[0] === STDOUT) pass(stdout, content);
    else if (data[0] === STDERR) pass(stderr, content);
    else if (data[0] === STATUS) end(statusOf(content));
  });
  const pulse = setInterval(() => {
    if (socket.readyState === socket.OPEN) socket.ping();
  }, PULSE_MS);
  const ended = new Promise<{ exitCode: number }>((resolve) => {
    socket.once('close', () => {
      clearInterval(pulse);
      stdout.end();
      stderr.end();
      goOn();
      resolve({ exitCode });
    });
  });
  socket.resume();

  const send = (channel: number, content: Uint8Array, done?: () => void): void => {
    if (socket.readyState === socket.OPEN)
      socket.send(Buffer.concat([Buffer.of(channel), content]), () => done?.());
    else done?.();
  };
  const stdin = new Writable({
    write(chunk: Buffer, _, done) {
      if (full.size > 0) waiting.push(() => send(STDIN, chunk, done));
      else send(STDIN, chunk, done);
    },
    final(done) {
      if (socket.protocol === PROTOCOLS[0]) send(CLOSE, Buffer.of(STDIN), done);
      else done();
    },
  });
  return {
    tty,
    stdin,
    stdout,
    stderr,
    ended,
    resize: (columns, rows) => send(SIZE, Buffer.from(JSON.stringify({ Width: columns, Height: rows }))),
    close() {
      // The node ends nothing by itself.
      const cancel = sayGoodbye(
        (keys) => {
          if (tty) send(STDIN, keys);
          else stdin.end();
        },
        () => socket.terminate(),
      );
      socket.once('close', cancel);
    },
  };
}

function exitCodeOf({ status, reason, details }: StatusBody & { status?: string }): number {
  if (status === 'Success') return 0;
  const told = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  return reason === 'NonZeroExitCode' && told !== undefined ? Number(told) : NOT_STARTED;
}
