/** Clients of a simulated Berth: they ask for what users ask for, repeat what got no answer, and remember what they were told. */

import type { SimulatedBerth } from './berth.ts';
import { runAs } from './clock.ts';
import { pause, type World } from './world.ts';

export interface Told {
  status: number;
  body: Record<string, unknown>;
}

export interface Client {
  /** One request, sent again while there is no answer. @returns undefined when there never was one */
  ask(
    method: string,
    path: string,
    body?: unknown,
    options?: { patient?: boolean },
  ): Promise<Told | undefined>;
  /** Ids of all operations that were accepted. */
  accepted: Set<string>;
}

export const PROJECT = '/v1/projects/shop';

export function createClient(world: World, berth: SimulatedBerth, name: string): Client {
  const { random } = world;
  const accepted = new Set<string>();
  let keys = 0;

  async function once(method: string, path: string, body: unknown, key: string): Promise<Told | undefined> {
    const process = berth.process();
    if (!process) return undefined;
    const request = new Request(`http://berth.test${path}`, {
      method,
      headers: {
        authorization: `Bearer ${name}`,
        ...(method !== 'GET' && { 'idempotency-key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = runAs(process, async () => {
      const response = await process.app.fetch(request);
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
    });
    const told = await Promise.race([
      answer,
      process.died.then(() => undefined),
      pause(60_000).then(() => undefined),
    ]);
    if (told)
      world.trace.push(
        `${world.effects.now()} ${name} ${method} ${path} ${told.status} ${told.body.code ?? told.body.id ?? ''}`,
      );
    if (told && told.status >= 500 && told.status !== 503 && told.status !== 507)
      world.violate(`${method} ${path} answered ${told.status}: ${JSON.stringify(told.body)}`);
    return told;
  }

  const isAnswer = (told: Told | undefined): told is Told => told !== undefined && told.status < 500;

  return {
    accepted,
    async ask(method, path, body, { patient = false } = {}) {
      const key = `${name}-${keys++}`;
      const tries = patient ? 200 : 1 + random.below(4);
      for (let left = tries; left > 0; left--) {
        const told = await once(method, path, body, key);
        if (!isAnswer(told)) {
          await pause(200 + random.below(3_000));
          continue;
        }
        if (method !== 'GET' && random.chance(0.15))
          await sameAgain(told, () => once(method, path, body, key));
        if (told.status === 202) accepted.add(String(told.body.id));
        return told;
      }
      return undefined;
    },
  };

  /** I2: one key, one effect. */
  async function sameAgain(first: Told, repeat: () => Promise<Told | undefined>): Promise<void> {
    const again = await repeat();
    if (!isAnswer(again) || first.status >= 300) return;
    if (again.status !== first.status || again.body.id !== first.body.id)
      world.violate(
        `I2: a repeated request was answered ${again.status} ${again.body.id}, first ${first.status} ${first.body.id}`,
      );
  }
}
