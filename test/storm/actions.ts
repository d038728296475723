/** What clients do in a storm, by chance. */
import type { Random } from '../simulation/random.ts';
import { type Client, PROJECT } from './client.ts';

/** `prod` is never destroyed: what was promised in it has to last. */
export const ENVIRONMENTS = ['dev', 'prod'];

const pathOf = (environment: string): string => `${PROJECT}/environments/${environment}`;
const guestbook = (environment: string): string => `${pathOf(environment)}/services/guestbook`;

type Action = (client: Client, random: Random) => Promise<unknown>;

let serial = 0;

const actions: [number, Action][] = [
  [
    6,
    (client, random) =>
      client.ask('POST', `${guestbook(random.pick(ENVIRONMENTS))}/deployments`, {
        version: random.pick(['one', 'one', 'two', 'two', 'broken']),
      }),
  ],
  [
    1,
    (client, random) =>
      client.ask('POST', `${guestbook(random.pick(ENVIRONMENTS))}/deployments`, {
        rollbackTo: 1 + random.below(3),
      }),
  ],
  [2, (client, random) => client.ask('POST', `${guestbook(random.pick(ENVIRONMENTS))}/restart`)],
  [
    2,
    (client, random) =>
      client.ask('PUT', `${guestbook(random.pick(ENVIRONMENTS))}/scale`, { replicas: 1 + random.below(3) }),
  ],
  [6, setVariable],
  [4, putSecret],
  [14, sign],
  [
    2,
    async (client, random) => {
      const path = pathOf(random.pick(ENVIRONMENTS));
      const listed = await client.ask('GET', `${path}/resources`);
      const database = listed?.body.items?.find(({ type }: { type: string }) => type === 'postgres');
      if (database) await client.ask('POST', `${path}/resources/rotate`, { uid: database.uid });
    },
  ],
  [
    1,
    (client, random) =>
      client.ask('POST', `${pathOf(random.pick(ENVIRONMENTS))}/gamedays`, {
        duration: `${10 + random.below(30)}s`,
        faults: [
          { type: 'kill', every: '10s' },
          { type: 'delay', service: 'guestbook', delayMs: 300, percent: 50 },
          { type: 'abort', service: 'guestbook', percent: 20 },
          { type: 'slow-database', delayMs: 200 },
          { type: 'cut-database' },
        ],
      }),
  ],
  [1, (client, random) => client.ask('POST', `${pathOf(random.pick(ENVIRONMENTS))}/hibernate`)],
  [2, (client, random) => client.ask('POST', `${pathOf(random.pick(ENVIRONMENTS))}/wake`)],
  [1, (client) => client.ask('DELETE', pathOf('dev'))],
  [2, (client) => client.ask('POST', `${PROJECT}/environments`, { name: 'dev', ttl: '2h' })],
  [
    1,
    async (client, random) => {
      const ids = [...client.promised.operations.keys()].slice(-5);
      if (ids.length > 0) await client.ask('POST', `/v1/operations/${random.pick(ids)}/cancel`);
    },
  ],
];

async function setVariable(client: Client, random: Random): Promise<void> {
  const environment = random.pick(ENVIRONMENTS);
  // One writer a name, so that what was acknowledged last is what has to be there.
  const name = `VALUE_${client.name}_${random.below(3)}`;
  const key = `${environment}/${name}`;
  const { variables } = client.promised;
  const isTold = !variables.has(key) || variables.get(key) !== undefined;
  const value = `value ${serial++}`;
  variables.set(key, undefined);
  const told = await client.ask('PUT', `${pathOf(environment)}/variables/${name}`, { value });
  if (told?.status === 200 && isTold) variables.set(key, { environment, at: Date.now(), what: value });
  else if (told && isTold) variables.delete(key);
}

async function putSecret(client: Client, random: Random): Promise<void> {
  const environment = random.pick(ENVIRONMENTS);
  const name = `SECRET_${random.below(5)}`;
  const told = await client.ask('PUT', `${pathOf(environment)}/secrets/${name}`, {
    value: `a-secret-${serial++}`,
  });
  if (told && told.status < 300)
    client.promised.secrets.set(`${environment}/${name}`, { environment, at: Date.now(), what: name });
}

/** A visitor signs a guestbook. What it took is in a database by then. */
async function sign(client: Client, random: Random): Promise<void> {
  const environment = random.pick(ENVIRONMENTS);
  const message = `entry ${serial++}`;
  const told = await client.visit(environment, { method: 'POST', body: JSON.stringify({ message }) });
  if (told?.status === 201)
    client.promised.entries.push({ environment, at: Date.now(), what: { id: told.body.id, message } });
}

const bag = actions.flatMap(([weight, action]) => Array.from({ length: weight }, () => action));

export const act: Action = (client, random) => random.pick(bag)(client, random);
