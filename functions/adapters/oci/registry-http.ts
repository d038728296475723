/** Requests to a registry as the OCI distribution specification has them, with the authorization it asks for. */
import * as z from 'zod';
import { Problem } from '../../core/problem.ts';
import { DOCUMENT_MAX_BYTES } from './image.ts';

export interface RegistryConnection {
  /** `https://registry.example.com`; plain http is for a registry that asks for no credentials, or on this machine. */
  url: string;
  credentials?: { username: string; password: string };
  /** Time of one request with its answer, milliseconds; default 15,000. */
  timeoutMs?: number;
}

export interface RegistryRequest {
  method: 'GET' | 'HEAD' | 'DELETE' | 'POST' | 'PATCH' | 'PUT';
  /** The path behind `/v2`, such as `/demo/web/tags/list`. */
  path: string;
  accept?: readonly string[];
  /** What is sent, made anew for each try. */
  body?: { mediaType: string; open(): Uint8Array<ArrayBuffer> | ReadableStream };
  /** Time of this request with its answer, milliseconds, where it is not that of the connection. */
  timeoutMs?: number;
}

export interface RegistryAnswer {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

export interface RegistryHttp {
  /** Any status but 401, 429 and 5xx is an answer. @throws Problem unavailable */
  send(request: RegistryRequest): Promise<RegistryAnswer>;
}

interface Challenge {
  scheme: 'basic' | 'bearer';
  parameters: Record<string, string>;
}

const TIMEOUT_MS = 15_000;
/** A token is asked for anew this long before its end, milliseconds. */
const MARGIN_MS = 10_000;
/** How long a token is good for that does not say it, seconds; as the specification has it. */
const TOKEN_SECONDS = 60;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

const tokenSchema = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/** Whether what is secret may be sent there. */
const isPrivate = (url: URL): boolean => url.protocol === 'https:' || LOOPBACK.has(url.hostname);

/** `Bearer realm="https://auth.example/token",service="registry"` taken apart. */
function parseChallenge(header: string | null): Challenge | undefined {
  const [, scheme = '', rest = ''] = /^(basic|bearer)\s+(.*)$/i.exec(header ?? '') ?? [];
  if (scheme === '') return undefined;
  const pairs = [...rest.matchAll(/([a-z_]+)="([^"]*)"/gi)];
  const parameters = Object.fromEntries(
    pairs.map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );
  return { scheme: scheme.toLowerCase() === 'basic' ? 'basic' : 'bearer', parameters };
}

/** What a request needs to be allowed; what is not listed writes. */
const scopes: Partial<Record<RegistryRequest['method'], string>> = {
  GET: 'pull',
  DELETE: 'pull,delete',
};

export function createRegistryHttp(connection: RegistryConnection, now: () => number): RegistryHttp {
  const base = new URL(connection.url);
  const { credentials, timeoutMs = TIMEOUT_MS } = connection;
  /** Tokens by the repository that they are for. */
  const tokens = new Map<string, { header: string; until: number }>();

  const fail = (why: string, hint: string, cause?: unknown): never => {
    throw new Problem('unavailable', `The registry at ${base.host} can not be asked: ${why}.`, {
      hint,
      cause,
    });
  };

  async function read(url: URL, init: RequestInit, givenMs = timeoutMs): Promise<RegistryAnswer> {
    try {
      const signal = AbortSignal.timeout(givenMs);
      // A registry may keep contents elsewhere; `fetch` does not take the authorization along to another origin.
      const response = await fetch(url, { ...init, signal });
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of response.body ?? []) {
        size += chunk.byteLength;
        if (size > DOCUMENT_MAX_BYTES) throw new Error('its answer is larger than 4 MiB');
        chunks.push(chunk);
      }
      return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
      const why = code ?? (error instanceof Error ? error.message : 'no answer');
      return fail(why, 'See that it runs and that its address is right, then try again.', error);
    }
  }

  const basic = (): string | undefined => {
    if (!credentials) return undefined;
    const pair = Buffer.from(`${credentials.username}:${credentials.password}`);
    return `Basic ${pair.toString('base64')}`;
  };

  /** What a challenge asks for; undefined where there is nothing to answer it with. */
  async function authorize(challenge: Challenge, repository: string, actions: string) {
    if (challenge.scheme === 'basic') {
      if (!isPrivate(base)) return fail('it wants a password over plain http', 'Reach it by https.');
      const header = basic();
      return header === undefined ? undefined : { header, until: Number.POSITIVE_INFINITY };
    }
    const { realm = '', service } = challenge.parameters;
    const url = URL.canParse(realm) ? new URL(realm) : fail('its realm is not a URL', 'Ask who runs it.');
    if (!isPrivate(url)) return fail('its tokens come by plain http', 'Reach it by https.');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', challenge.parameters.scope ?? `repository:${repository}:${actions}`);
    const authorization = basic();
    const answer = await read(url, {
      redirect: 'error',
      headers: { ...(authorization && { authorization }) },
    });
    const { token, access_token: other, expires_in: seconds = TOKEN_SECONDS } = parseToken(answer) ?? {};
    const value = token ?? other;
    if (value === undefined) return undefined;
    return { header: `Bearer ${value}`, until: now() + seconds * 1000 - MARGIN_MS };
  }

  return {
    async send({ method, path, accept, body, timeoutMs: givenMs }) {
      const url = new URL(`/v2${path}`, base);
      const [, repository = ''] = /^\/(.+?)\/(?:manifests|blobs|tags)\//.exec(path) ?? [];
      const actions = scopes[method] ?? 'pull,push';
      const key = `${actions} ${repository}`;
      const attempt = (authorization?: string): Promise<RegistryAnswer> =>
        read(
          url,
          {
            method,
            headers: {
              'user-agent': 'berth',
              ...(accept && { accept: accept.join(', ') }),
              ...(body && { 'content-type': body.mediaType }),
              ...(authorization !== undefined && { authorization }),
            },
            // A stream is sent as it comes, before the answer begins.
            ...(body && { body: body.open(), duplex: 'half' as const }),
          },
          givenMs,
        );
      const kept = tokens.get(key);
      let answer = await attempt(kept && kept.until > now() ? kept.header : undefined);
      if (answer.status === 401) {
        // There was no token yet, or it ran out: the request is sent once more with a new one.
        tokens.delete(key);
        const challenge = parseChallenge(answer.headers.get('www-authenticate'));
        const granted = challenge && (await authorize(challenge, repository, actions));
        if (granted) {
          answer = await attempt(granted.header);
          if (answer.status !== 401) tokens.set(key, granted);
        }
      }
      const { status } = answer;
      if (status === 401)
        fail('it refuses who Berth says it is (401)', 'Correct the credentials of the registry.');
      if (status === 429) fail('it has been asked too often (429)', 'Try again in a few minutes.');
      if (status >= 500) fail(`it answered ${status}`, 'Try again in a few minutes.');
      return answer;
    },
  };
}

function parseToken({ status, body }: RegistryAnswer): z.infer<typeof tokenSchema> | undefined {
  if (status !== 200) return undefined;
  try {
    return tokenSchema.safeParse(JSON.parse(Buffer.from(body).toString())).data;
  } catch {
    return undefined;
  }
}
