/** Starts the built-in identity provider at first use, passes requests on to it, and ends it when it is idle. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Problem } from '../../../core/problem.ts';
import { type FromProvider, IDENTITY_PATH, PASS_HEADER, type ToProvider } from './protocol.ts';

export interface LocalProviderOptions {
  /** Berth's origin, as browsers write it. */
  origin: string;
  keysPath: string;
  /** The password that its sign-in page asks for. */
  password?: string;
  /** Gets the lines that it prints to standard error. */
  log(line: string): void;
  /** The time without a request after which it ends, milliseconds; 10 minutes by default. */
  idleMs?: number;
}

export interface LocalProvider {
  readonly issuer: string;
  /** Tells whether the path of a request belongs to the provider. */
  owns(path: string | undefined): boolean;
  /** Answers a request from a browser or a terminal. */
  request(request: IncomingMessage, response: ServerResponse): void;
  /** For Berth's own requests to the issuer: it goes straight to the process, and resolves no name. */
  fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

interface Running {
  child: ChildProcess;
  port: number;
}

const IDLE_MS = 10 * 60 * 1000;
const START_MS = 20_000;
/** The cache is shared with Berth's own start. */
const COMPILE_CACHE = join(import.meta.dirname, '../../../../node_modules/.cache/berth');
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'proxy-connection',
];

export function createLocalProvider(options: LocalProviderOptions): LocalProvider {
  const origin = new URL(options.origin);
  const issuer = origin.origin + IDENTITY_PATH;
  const pass = randomBytes(32).toString('base64url');
  const idleMs = options.idleMs ?? IDLE_MS;
  let running: Promise<Running> | undefined;
  /** Settles when the processes that were told to end have ended. */
  let ended: Promise<void> = Promise.resolve();
  let busy = 0;
  let idle: NodeJS.Timeout | undefined;
  let closed = false;

  function start(): Promise<Running> {
    if (closed) return Promise.reject(new Error('Berth is stopping'));
    if (running) return running;
    const spawned = spawnProvider({ ...toProvider(), pass }, options.log);
    const forget = (): void => {
      if (running === spawned) running = undefined;
    };
    spawned.then(({ child }) => {
      child.once('exit', forget);
      if (closed) child.disconnect();
    }, forget);
    running = spawned;
    return spawned;
  }
  const toProvider = (): Omit<ToProvider, 'pass'> => ({
    origin: origin.origin,
    keysPath: options.keysPath,
    ...(options.password !== undefined && { password: options.password }),
  });

  /** Ends the process that is running now. A request that comes meanwhile gets a process of its own. */
  function end(): Promise<void> {
    clearTimeout(idle);
    const last = running;
    running = undefined;
    ended = ended.then(() => exitOf(last));
    return ended;
  }

  async function exitOf(spawned: Promise<Running> | undefined): Promise<void> {
    const started = await spawned?.catch(() => undefined);
    if (!started) return;
    const exited = new Promise((resolve) => started.child.once('exit', resolve));
    if (started.child.exitCode !== null || started.child.signalCode !== null) return;
    if (started.child.connected) started.child.disconnect();
    await exited;
  }

  /** Counts requests under way, so that the process ends only when there are none. */
  function use(): () => void {
    clearTimeout(idle);
    busy += 1;
    let done = false;
    return () => {
      if (done) return;
      done = true;
      busy -= 1;
      if (busy > 0 || closed) return;
      idle = setTimeout(() => void end(), idleMs);
      idle.unref();
    };
  }

  /** @param from headers of the request; those that say where it came from are not passed on */
  const forwarded = (from: Record<string, string | string[] | undefined>) => {
    const kept = Object.entries(from).filter(
      ([name]) => !HOP_BY_HOP.includes(name) && !/^(?:x-)?forwarded|^host$/.test(name),
    );
    return {
      ...Object.fromEntries(kept),
      host: origin.host,
      'x-forwarded-host': origin.host,
      'x-forwarded-proto': origin.protocol.slice(0, -1),
      [PASS_HEADER]: pass,
    };
  };

  function pipe(request: IncomingMessage, response: ServerResponse, { port }: Running): void {
    const { method, url: path } = request;
    const upstream = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: forwarded(request.headers),
    });
    upstream.once('response', (answer) => {
      const headers = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.includes(name));
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
      answer.pipe(response);
    });
    upstream.once('error', () => fail(response));
    request.once('error', () => upstream.destroy());
    response.once('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  return {
    issuer,
    owns: (path) => path === IDENTITY_PATH || (path?.startsWith(`${IDENTITY_PATH}/`) ?? false),
    request(request, response) {
      const refused = refusal(request, origin);
      if (refused) return answer(response, refused);
      const release = use();
      response.once('close', release);
      start().then(
        (started) => pipe(request, response, started),
        (error: unknown) => {
          options.log(`The identity provider did not start: ${String(error)}`);
          fail(response);
        },
      );
    },
    fetch: async (input, init = {}) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.origin !== origin.origin) throw new TypeError('This is not the identity provider');
      const release = use();
      try {
        const { port } = await start();
        const headers = forwarded(Object.fromEntries(new Headers(init.headers))) as Record<string, string>;
        return await globalThis.fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, {
          ...init,
          headers,
        });
      } finally {
        release();
      }
    },
    async close() {
      closed = true;
      await end();
    },
  };
}

/**
 * Signing in here may need no password, so a page of another site must not reach the provider: neither by a name that
 * it made resolve to this machine, nor by a form that it sends.
 */
function refusal({ headers, method }: IncomingMessage, origin: URL): Problem | undefined {
  if (headers.host?.toLowerCase() !== origin.host) {
    return new Problem(
      'malformed_request',
      'The request is not for the identity provider: it names another host.',
      {
        hint: `Use ${origin.origin}${IDENTITY_PATH}.`,
      },
    );
  }
  const site = headers['sec-fetch-site'];
  const from = headers.origin;
  const foreign =
    (from !== undefined && from !== origin.origin) || (site !== undefined && site !== 'same-origin');
  if (method === 'GET' || method === 'HEAD' || !foreign) return undefined;
  return new Problem(
    'cross_origin_request',
    'The request is refused: it comes from a page of another origin.',
    {
      hint: 'Sign in from the console.',
    },
  );
}

const fail = (response: ServerResponse): void =>
  answer(
    response,
    new Problem('unavailable', 'The identity provider does not answer.', {
      hint: 'Try again in a moment; if it stays, look at the log of Berth.',
    }),
  );

function answer(response: ServerResponse, { code, title, status, message, hint }: Problem): void {
  if (response.headersSent) return void response.destroy();
  response
    .writeHead(status, {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      connection: 'close',
    })
    .end(JSON.stringify({ type: `/problems/${code}`, title, status, code, detail: message, hint }));
}

async function spawnProvider(message: ToProvider, log: (line: string) => void): Promise<Running> {
  const child = fork(join(import.meta.dirname, 'main.ts'), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // The process is used now and then, so memory counts more than speed.
    execArgv: ['--max-semi-space-size=1', '--optimize-for-size'],
    // None of Berth's own environment affects it.
    env: { NODE_ENV: 'production', MALLOC_ARENA_MAX: '1', NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += String(chunk);
    const lines = said.split('\n');
    said = lines.pop() ?? '';
    for (const line of lines) log(`Identity provider: ${line}`);
  });
  const started = new Promise<Running>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
    child.once('message', (answered: FromProvider) => {
      if ('port' in answered) resolve({ child, port: answered.port });
      else reject(new Error(answered.error));
    });
  });
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS);
  child.send(message);
  try {
    return await started;
  } finally {
    clearTimeout(late);
  }
}
