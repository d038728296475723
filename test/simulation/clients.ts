/** Clients of a simulated Berth: they ask for what users ask for, repeat what got no answer, and remember what they were told. */

import {
  type Authenticator,
  bearerTokens,
  rememberPeople,
} from '../../functions/api/admission/authenticate.ts';
import { berthTokens } from '../../functions/api/admission/berth-tokens.ts';
import { isAtLeast, type Role } from '../../functions/core/authorization/roles.ts';
import type { Principal } from '../../functions/core/model/index.ts';
import type { Ports } from '../../functions/ports/index.ts';
import type { SimulatedBerth } from './berth.ts';
import { runAs } from './clock.ts';
import { onlyParted } from './faults.ts';
import { idOf, PEOPLE, type Person } from './setting.ts';
import { pause, type World } from './world.ts';

export interface Told {
  status: number;
  body: Record<string, unknown>;
  /** The body as it came. */
  text: string;
}

export interface AskOptions {
  /** Goes on asking until there is an answer. */
  patient?: boolean;
  /** The only statuses below 500 that keep the promise; others are a violation of it. */
  only?: { statuses: readonly number[]; promise: string };
  /** In place of the client's own. */
  bearer?: string;
  /** Of a body that is no JSON. */
  mediaType?: string;
  headers?: Record<string, string>;
  /** Without who asks, and without a key. */
  told?: true;
}

export interface Client {
  person: Person;
  /** The projects in which the person has at least a role. */
  projects(least: Role): string[];
  /** One request, sent again while there is no answer. @returns undefined when there never was one */
  ask(method: string, path: string, body?: unknown, options?: AskOptions): Promise<Told | undefined>;
  /** A message from somebody who is no client: sent once, with headers of its own. */
  tell(path: string, body: unknown, headers: Record<string, string>): Promise<Told | undefined>;
  /** Ids of all operations that were accepted. */
  accepted: Set<string>;
}

/** In place of an issuer: a token that looks like one, and ends with the name of a person. */
export const issuedTo = (name: string): string =>
  `e30.${Buffer.from('{"iat":1767225600}').toString('base64url')}.${name}`;

function principalOf(token: string): Principal | undefined {
  const name = token.split('.')[2] ?? '';
  const person = PEOPLE.find((one) => one.name === name) ?? guestOf(name);
  if (!person) return undefined;
  return { id: idOf(person), kind: 'user', groups: [], administrator: person.runsAll === true };
}

const guestOf = (name: string): Person | undefined =>
  name.startsWith('guest-') ? { name, roles: {} } : undefined;

export const authenticatorOf = (ports: Pick<Ports, 'store' | 'effects'>): Authenticator => {
  const people = rememberPeople(ports, ({ bearer }) => principalOf(bearer ?? ''));
  const tokens = bearerTokens(berthTokens(ports));
  return async (credentials) => (await tokens(credentials)) ?? people(credentials);
};

const secretsShown = /\/(?:tokens|webhooks|connection$)/;

export interface ClientAround {
  /** Why a text must not be told to anybody; undefined where it may be. */
  leaks(text: string): string | undefined;
  /** Whether a request concerns no environment in another place than the installation's own. */
  isHere(path: string, body: unknown): boolean;
}

export function createClient(
  world: World,
  berth: SimulatedBerth,
  person: Person,
  { leaks, isHere }: ClientAround,
): Client {
  const { random } = world;
  const { name } = person;
  const accepted = new Set<string>();
  let keys = 0;

  async function once(
    method: string,
    path: string,
    body: unknown,
    key: string,
    { bearer = issuedTo(name), mediaType = 'application/json', headers, told: isTold }: AskOptions,
  ): Promise<Told | undefined> {
    const process = berth.process();
    if (!process) return undefined;
    const content = mediaType === 'application/json' ? JSON.stringify(body) : String(body);
    const request = new Request(`http://berth.test${path}`, {
      method,
      headers: {
        ...headers,
        ...(!isTold && {
          authorization: `Bearer ${bearer}`,
          ...(method !== 'GET' && { 'idempotency-key': key }),
        }),
        ...(body !== undefined && { 'content-type': mediaType }),
      },
      ...(body !== undefined && { body: content }),
    });
    const answer = runAs(process, async () => {
      const response = await process.app.fetch(request);
      const text = await response.text();
      const leak = secretsShown.test(path) ? undefined : leaks(text);
      if (leak !== undefined) world.violate(`I7: the answer to ${method} ${path} holds ${leak}`);
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : {}, text };
    });
    const told = await Promise.race([
      answer,
      process.died.then(() => undefined),
      pause(60_000).then(() => undefined),
    ]);
    if (
      (told === undefined || told.status >= 500) &&
      !process.dead &&
      onlyParted(world) &&
      isHere(path, body)
    )
      world.violate(`${method} ${path} fails for a place that it does not concern`);
    if (told)
      world.trace.push(
        `${world.effects.now()} ${name} ${method} ${path} ${told.status} ${told.body.code ?? told.body.id ?? ''}`,
      );
    if (told && told.status >= 500 && told.status !== 503 && told.status !== 507)
      world.violate(`${method} ${path} answered ${told.status}: ${JSON.stringify(told.body)}`);
    if (told?.body.code === 'conflict' && String(told.body.detail).startsWith('The record kept changing'))
      world.violate(`${method} ${path} was refused for a record that nobody changes so often`);
    if (told?.body.code === 'idempotency_key_reused')
      world.violate(`I2: ${method} ${path} of ${name} has a new key, and was answered as if it had not`);
    return told;
  }

  const isAnswer = (told: Told | undefined): told is Told => told !== undefined && told.status < 500;

  return {
    person,
    projects: (least) =>
      Object.entries(person.roles).flatMap(([project, role]) => (isAtLeast(role, least) ? [project] : [])),
    accepted,
    tell: (path, body, headers) => once('POST', path, body, '', { headers, told: true }),
    async ask(method, path, body, options = {}) {
      // Others have the same keys: each person's are their own.
      const key = `key-${keys++}`;
      const send = (): Promise<Told | undefined> => once(method, path, body, key, options);
      const tries = options.patient ? 200 : 1 + random.below(4);
      for (let left = tries; left > 0; left--) {
        const [told, twin] =
          method !== 'GET' && random.chance(0.05) ? await Promise.all([send(), send()]) : [await send()];
        if (!isAnswer(told)) {
          await pause(200 + random.below(3_000));
          continue;
        }
        // Of two at once one may have been refused before what it needs was there.
        if (twin && twin.status < 300) compare(told, twin);
        if (method !== 'GET' && random.chance(0.1)) compare(told, await send());
        if (told.status === 202) accepted.add(String(told.body.id));
        const { only } = options;
        if (only && !only.statuses.includes(told.status))
          world.violate(`${only.promise}: ${name} ${method} ${path} was answered ${told.status}`);
        return told;
      }
      return undefined;
    },
  };

  /** I2: one key, one effect. */
  function compare(first: Told, again: Told | undefined): void {
    if (!isAnswer(again) || first.status >= 300) return;
    // Who deleted a project is no longer in it, and who has lost a right meanwhile learns nothing of what was done by it.
    if ((first.status === 204 && again.status === 404) || again.status === 403) return;
    if (again.status !== first.status || again.body.id !== first.body.id)
      world.violate(
        `I2: a repeated request was answered ${again.status} ${again.body.id}, first ${first.status} ${first.body.id}`,
      );
  }
}
