/** What clients do, by chance. */
import type { Client } from './clients.ts';
import { PROJECT } from './clients.ts';
import type { Random } from './random.ts';
import { pause, type World } from './world.ts';

export const IMAGES = ['good', 'also-good', 'crashing', 'slow'].map((name) => ({
  name,
  digest: `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`,
}));
export const SERVICES = ['web', 'worker'];
export const ENVIRONMENTS = ['dev', 'prod'];
const SECRETS = ['API_KEY', 'TOKEN'];

/** @param service of its own: each has a database, and `web` reads a secret */
export const workloadOf = (service: string) => ({
  apiVersion: 'score.dev/v1b1',
  metadata: { name: service },
  containers: {
    main: {
      image: '.',
      variables: {
        DATABASE: '${resources.db.url}',
        ...(service === 'web' && { API_KEY: '${resources.env.API_KEY}' }),
      },
    },
  },
  resources: { db: { type: 'postgres' }, env: { type: 'environment' } },
});

export interface Actor {
  world: World;
  client: Client;
  touch(environment: string): void;
}

type Action = (actor: Actor) => Promise<unknown>;

const environmentPath = (name: string): string => `${PROJECT}/environments/${name}`;

/** Actions and how often they are taken, against each other. */
const actions: [number, Action][] = [
  [
    8,
    async ({ world: { random }, client }) => {
      const environment = environmentPath(random.pick(ENVIRONMENTS));
      const version = random.pick(['good', 'good', 'also-good', 'also-good', 'crashing', 'slow']);
      await client.ask('POST', `${environment}/services/${random.pick(SERVICES)}/deployments`, { version });
    },
  ],
  [
    2,
    async ({ world: { random }, client }) => {
      const path = `${environmentPath(random.pick(ENVIRONMENTS))}/services/${random.pick(SERVICES)}/deployments`;
      await client.ask('POST', path, { rollbackTo: 1 + random.below(4) });
    },
  ],
  [
    2,
    async ({ world: { random }, client }) =>
      client.ask('PUT', `${environmentPath(random.pick(ENVIRONMENTS))}/secrets/${random.pick(SECRETS)}`, {
        value: `value-${random.below(1e9)}-${random.below(1e9)}`,
      }),
  ],
  [
    3,
    async ({ world: { random }, client }) =>
      client.ask('POST', `${environmentPath(random.pick(ENVIRONMENTS))}/secrets/API_KEY/rotate`, {
        value: `value-${random.below(1e9)}-${random.below(1e9)}`,
      }),
  ],
  [
    3,
    async ({ world: { random }, client }) => {
      const environment = environmentPath(random.pick(ENVIRONMENTS));
      const listed = await client.ask('GET', `${environment}/resources`);
      const items = (listed?.body.items ?? []) as { uid: string; type: string }[];
      const databases = items.filter(({ type }) => type === 'postgres');
      if (databases.length > 0)
        await client.ask('POST', `${environment}/resources/rotate`, { uid: random.pick(databases).uid });
    },
  ],
  [
    1,
    async ({ world: { random }, client }) =>
      client.ask('POST', `${environmentPath(random.pick(ENVIRONMENTS))}/hibernate`),
  ],
  [
    2,
    async ({ world: { random }, client }) =>
      client.ask('POST', `${environmentPath(random.pick(ENVIRONMENTS))}/wake`),
  ],
  [
    2,
    async ({ world: { random }, client }) => {
      if (client.accepted.size > 0)
        await client.ask('POST', `/v1/operations/${random.pick([...client.accepted])}/cancel`);
    },
  ],
  [1, async ({ client }) => client.ask('DELETE', environmentPath('dev'))],
  [2, async ({ client }) => client.ask('POST', `${PROJECT}/environments`, { name: 'dev', ttl: '20m' })],
  [
    1,
    async ({ world: { random }, client }) =>
      client.ask('PUT', `${environmentPath(random.pick(ENVIRONMENTS))}/protection`, {}),
  ],
  [4, async ({ world: { random }, touch }) => touch(random.pick(ENVIRONMENTS))],
  [2, async ({ world }) => pause(world.random.below(120_000))],
];

const bag = actions.flatMap(([weight, action]) => Array.from({ length: weight }, () => action));

/**
 * @param which of its actions it takes
 * @param randomOf gives an action chance of its own
 * @param restMs how long it rests between two at most
 */
export async function act(
  actor: Actor,
  which: readonly number[],
  randomOf: (action: number) => Random,
  restMs = 15_000,
): Promise<void> {
  for (const action of which) {
    const random = randomOf(action);
    const world: World = Object.create(actor.world, { random: { value: random } });
    await random.pick(bag)({ ...actor, world });
    await pause(random.below(restMs));
  }
}
