/** Each way of changing something, with a fault at each of its calls of ports, and at each two of them. */
import type { Route } from '../../../functions/api/http/route-spec.ts';
import type { Client } from '../clients.ts';
import { type Fault, fatesByPlan, type Planned } from '../faults.ts';
import { ABSENT } from '../ports/databases.ts';
import type { SimulatedGitHost } from '../ports/git-host.ts';
import { LINES } from '../ports/receivers.ts';
import { roll } from '../roll.ts';
import { calmly, type Outcome, play, type Scene, wrapUp } from '../scene.ts';
import { type Ask, asking, connect, projectPath, RECIPE_PATH, recipeOf, setUpOne } from '../setting.ts';
import { pause } from '../world.ts';

type Act = (ask: Ask, git: SimulatedGitHost, tell: Client['tell']) => Promise<unknown>;

interface Plot {
  /** What has to be there before. */
  before: Act[];
  act: Act;
}

const PROJECT = projectPath('mill');
const DEV = `${PROJECT}/environments/dev`;
const WEB = `${DEV}/services/web`;
const secret = (ask: Ask) => ask('PUT', `${DEV}/secrets/API_KEY`, { value: 'value-1-1' });
const deploy = (version: string) => (ask: Ask) => ask('POST', `${WEB}/deployments`, { version });
const itemsOf = async <Item>(ask: Ask, path: string): Promise<Item[]> =>
  ((await ask('GET', path))?.body.items ?? []) as Item[];
const rotateDatabase = async (ask: Ask) => {
  const listed = await itemsOf<{ uid: string; type: string }>(ask, `${DEV}/resources`);
  const uid = listed.find(({ type }) => type === 'postgres')?.uid;
  return ask('POST', `${DEV}/resources/rotate`, { uid });
};
const DATABASE = `${DEV}/resources/postgres.default:web.db`;
const backUp = (ask: Ask) => ask('POST', `${DATABASE}/backups`);
const restore = async (ask: Ask) => {
  const [newest] = await itemsOf<{ id: string }>(ask, `${DATABASE}/backups`);
  return ask('POST', `${DATABASE}/restore`, { backup: newest?.id });
};
const mask = (table: string) => (ask: Ask) =>
  ask('PUT', `${PROJECT}/masking`, {
    rules: [{ resource: 'postgres.default#web.db', sql: `UPDATE ${table} SET name = '';` }],
  });
const rotateSecret = (ask: Ask) => ask('POST', `${DEV}/secrets/API_KEY/rotate`, { value: 'value-2-2' });
const elsewhere = (ask: Ask) => ask('POST', `${PROJECT}/environments`, { name: 'other', placement: 'emea' });
const hibernate = (ask: Ask) => ask('POST', `${DEV}/hibernate`);
const served = [secret, deploy('good')];
const drain = (ask: Ask) =>
  ask('POST', `${PROJECT}/drains`, { url: `${LINES}of-a-plot`, format: 'ndjson', operations: true });
const deleteDrain = async (ask: Ask) => {
  const [first] = await itemsOf<{ id: string }>(ask, `${PROJECT}/drains`);
  return ask('DELETE', `${PROJECT}/drains/${first?.id}`);
};
/** @param main its name for the database */
const recipe =
  (mark: string, main = 'main') =>
  (ask: Ask) =>
    ask('PUT', RECIPE_PATH, recipeOf(mark, main));
/** Its message is delivered until somebody takes it. */
const pullRequest = (number: number) => async (_: Ask, git: SimulatedGitHost, tell: Client['tell']) => {
  const message = git.pull(number, false);
  const path = `/v1/hooks/git/${git.hook()?.id}`;
  for (let tries = 0; message && tries < 100; tries++) {
    const told = await tell(path, message.body, message.headers);
    if (told && told.status < 500) return;
    await pause(1_000);
  }
};

export const plots = {
  provision: { before: [], act: (ask) => ask('POST', `${PROJECT}/environments`, { name: 'other' }) },
  'provision in another place': { before: [], act: elsewhere },
  'destruction in another place': {
    before: [elsewhere],
    act: (ask) => ask('DELETE', `${PROJECT}/environments/other`),
  },
  secret: { before: [], act: secret },
  'first deployment': { before: [secret], act: deploy('good') },
  'another deployment': { before: served, act: deploy('also-good') },
  'deployment that fails': { before: served, act: deploy('crashing') },
  'deployment into sleep': { before: [...served, hibernate], act: deploy('also-good') },
  rollback: {
    before: [...served, deploy('also-good')],
    act: (ask) => ask('POST', `${WEB}/deployments`, { rollbackTo: 1 }),
  },
  promotion: {
    before: served,
    act: (ask) =>
      ask('POST', `${PROJECT}/services/web/promotions`, { fromEnvironment: 'dev', through: 'last' }),
  },
  'rotation of a secret': { before: served, act: rotateSecret },
  'rotation beside a deployment': {
    before: served,
    act: async (ask) => {
      await deploy('also-good')(ask);
      await rotateSecret(ask);
    },
  },
  'rotation of a database': { before: served, act: rotateDatabase },
  'deletion of a version': {
    before: served,
    act: (ask) => ask('DELETE', `${PROJECT}/services/web/versions/also-good`),
  },
  backup: { before: served, act: backUp },
  restore: { before: [...served, backUp], act: restore },
  'removal beside a restore': {
    before: [...served, backUp],
    act: async (ask) => {
      await restore(ask);
      await ask('DELETE', WEB);
    },
  },
  'undoing a restore': {
    before: [...served, backUp, restore],
    act: (ask) => ask('POST', `${DATABASE}/restore`, {}),
  },
  import: {
    before: served,
    act: (ask) => ask('POST', `${DATABASE}/import`, { url: 'postgres://shop:value-3-3@db.example.com/shop' }),
  },
  clone: { before: served, act: (ask) => ask('POST', `${DEV}/clone`, { name: 'other' }) },
  'clone with data': {
    before: [...served, mask('users')],
    act: (ask) => ask('POST', `${DEV}/clone`, { name: 'other', withData: true }),
  },
  'clone that can not be masked': {
    before: [...served, mask(ABSENT)],
    act: (ask) => ask('POST', `${DEV}/clone`, { name: 'other', withData: true }),
  },
  'preview with data': { before: [...served, connect], act: pullRequest(1) },
  'preview from a snapshot': {
    before: [...served, connect, pullRequest(1)],
    act: pullRequest(2),
  },
  'deployment of a process': { before: served, act: deploy('helped') },
  'deployment without its process': { before: [secret, deploy('helped')], act: deploy('good') },
  restart: { before: served, act: (ask) => ask('POST', `${WEB}/restart`) },
  stop: { before: served, act: (ask) => ask('POST', `${WEB}/stop`) },
  'stop beside a deployment that fails': {
    before: served,
    act: async (ask) => {
      await ask('POST', `${WEB}/stop`);
      await deploy('crashing')(ask);
    },
  },
  removal: { before: served, act: (ask) => ask('DELETE', WEB) },
  hibernation: { before: served, act: hibernate },
  recipe: { before: served, act: recipe('mark-second') },
  'deletion of a recipe': { before: served, act: (ask) => ask('DELETE', RECIPE_PATH) },
  'recipe roll': { before: [secret, deploy('made'), recipe('mark-second')], act: roll },
  'recipe roll to another resource': {
    before: [secret, deploy('made'), recipe('mark-second', 'store')],
    act: roll,
  },
  'rollback behind a recipe roll': {
    before: [secret, deploy('made'), recipe('mark-second', 'store'), roll],
    act: (ask) => ask('POST', `${WEB}/deployments`, { rollbackTo: 1 }),
  },
  'log drain': {
    before: served,
    act: async (ask) => {
      await drain(ask);
      await deploy('also-good')(ask);
    },
  },
  'deletion of a log drain': {
    before: [...served, drain],
    act: async (ask) => {
      await deploy('also-good')(ask);
      // What the new one prints is being sent.
      await pause(25_000);
      await deleteDrain(ask);
    },
  },
  waking: { before: [...served, hibernate], act: (ask) => ask('POST', `${DEV}/wake`) },
  destruction: { before: served, act: (ask) => ask('DELETE', DEV) },
} satisfies Record<string, Plot>;

export type PlotName = keyof typeof plots;

const HOUR = 3_600_000;

export function runPlot(
  name: PlotName,
  faults: readonly Planned[],
  routes: readonly Route[],
): Promise<Outcome> {
  const { before, act }: Plot = plots[name];
  return play(1, fatesByPlan(faults), routes, async (scene) => {
    const { clients, until, oracle, git } = scene;
    const [client] = clients;
    if (!client) return;
    const ask = asking(client);
    const toItsEnd = async (work: Act): Promise<void> => {
      await work(ask, git, client.tell);
      while (!oracle.isQuiet()) await pause(100);
    };
    await calmly(scene, () => setUpOne(ask));
    for (const one of before) await calmly(scene, () => toItsEnd(one));
    await until(3 * HOUR, toItsEnd(act));
    await ended(scene);
  });
}

const ended = async (scene: Scene): Promise<void> => {
  if (scene.world.violations.length === 0) await wrapUp(scene);
};

const SIDES: readonly Fault[] = ['crash-before', 'crash-after'];
const ONE: readonly Fault[] = [...SIDES, 'refused', 'lost-answer'];

const at = (outcome: Outcome, faults: readonly Fault[]): Planned[] =>
  [...outcome.called].flatMap(([point, calls]) =>
    /^(?:step|store\.changed)/.test(point)
      ? []
      : Array.from({ length: calls }, (_, nth) =>
          faults.map((fault) => ({ point, nth, fault, amount: 0.5 })),
        ).flat(),
  );

/** One fault at each call. */
export const singles = (undisturbed: Outcome): Planned[][] => at(undisturbed, ONE).map((one) => [one]);

/** A crash at each two calls. */
export function pairs(undisturbed: Outcome): Planned[][] {
  const all = at(undisturbed, SIDES);
  return all.flatMap((one, place) => all.slice(place + 1).map((other) => [one, other]));
}
