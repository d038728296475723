/** Asks Berth to wake what a request is for, and how far that is. Never more often than is of use, however many wait. */
import { readFile } from 'node:fs/promises';
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';

/**
 * What is to become of the requests for a service. `awake`: it takes them, or is about to, unless it has failed.
 * `expired`: people alone wake it.
 */
export interface Asked {
  state: 'waking' | 'awake' | 'stopped' | 'absent' | 'expired';
  /** Why it did not come back, or does not. */
  error?: { cause: string; hint: string };
}

export interface AskOptions {
  /** The address of Berth. */
  url: string;
  /** Has the token of this program's own account; the cluster renews it. */
  tokenFile: string;
  timeoutMs?: number;
  /** One service is asked about no more often, milliseconds; a second unless told. */
  againMs?: number;
}

const AGAIN_MS = 1_000;
/** What does not wake by requests is asked about more seldom. */
const SELDOM_MS = 10_000;
const KNOWN_MAX = 10_000;

const states: readonly string[] = [
  'waking',
  'awake',
  'stopped',
  'absent',
  'expired',
] satisfies Asked['state'][];

function askedOf(body: unknown): Asked | undefined {
  const { state, error } = (body ?? {}) as { state?: unknown; error?: { cause?: unknown; hint?: unknown } };
  if (typeof state !== 'string' || !states.includes(state)) return undefined;
  return {
    state: state as Asked['state'],
    ...(error && { error: { cause: String(error.cause), hint: String(error.hint) } }),
  };
}

const unavailable = (why: string, hint: string): Problem => new Problem('unavailable', why, { hint });
const away = (why: string): Problem =>
  unavailable(
    `The environment is asleep, and Berth can not be asked to wake it: ${why}.`,
    'Try again in a moment.',
  );

/** @returns asks about a service; the answer may be some seconds old. @throws Problem unavailable */
export function createAsk({ url, tokenFile, timeoutMs = 10_000, againMs = AGAIN_MS }: AskOptions) {
  const known = new Map<string, { until: number; answer: Promise<Asked> }>();

  async function send(
    { project, environment, service }: InstanceRef,
    keep: (ms: number) => void,
  ): Promise<Asked> {
    const response = await fetch(new URL('/v1/wakes', url), {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`,
      },
      body: JSON.stringify({ project, environment, service }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: Error) => {
      console.error(`Berth could not be asked: ${error.message}`);
      throw away('it does not answer');
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.status === 429) {
      keep(Math.min(Number(response.headers.get('retry-after')) || 1, 60) * 1000);
      const { detail, hint } = (body ?? {}) as { detail?: unknown; hint?: unknown };
      throw unavailable(String(detail ?? 'Requests wake it too often.'), String(hint ?? 'Try again later.'));
    }
    const asked = response.status === 200 ? askedOf(body) : undefined;
    if (!asked) {
      console.error(`Berth answered ${response.status}`);
      throw away(`it answered ${response.status}`);
    }
    if (asked.state !== 'waking' && asked.state !== 'awake') keep(SELDOM_MS);
    return asked;
  }

  return function ask(ref: InstanceRef): Promise<Asked> {
    const key = `${ref.project}/${ref.environment}/${ref.service}`;
    const now = performance.now();
    const before = known.get(key);
    if (before && now < before.until) return before.answer;
    // Whoever comes while it is asked has the same answer.
    const entry = { until: Number.POSITIVE_INFINITY, answer: Promise.resolve<Asked>({ state: 'waking' }) };
    let keptMs = againMs;
    entry.answer = send(ref, (ms) => {
      keptMs = ms;
    }).finally(() => {
      entry.until = performance.now() + keptMs;
    });
    entry.answer.catch(() => undefined);
    known.delete(key);
    known.set(key, entry);
    if (known.size > KNOWN_MAX) known.delete(known.keys().next().value ?? key);
    return entry.answer;
  };
}

export type Ask = ReturnType<typeof createAsk>;
