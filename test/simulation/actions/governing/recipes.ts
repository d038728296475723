/** Recipes: put, rolled and deleted by who runs the installation, beside those who deploy by them. */
import { readUses, roll } from '../../roll.ts';
import { type Ask, RECIPE_PATH, recipeOf } from '../../setting.ts';
import { type Action, type Actor, choose } from '../action.ts';

const deploy = (actor: Actor) =>
  actor.client.ask('POST', `${choose(actor).of}/deployments`, { version: 'made' });

/** Most versions change a text alone; others have another database, one more, or what nothing that is there can be made by. */
const put = ({ client, world: { random } }: Actor) =>
  client.ask(
    'PUT',
    RECIPE_PATH,
    recipeOf(
      `mark-${random.below(1e9)}`,
      random.pick(['main', 'main', 'store']),
      random.pick([{}, {}, { more: true }, { params: { size: { kind: 'string' } } }]),
    ),
  );

/** Who serves by it all the while is among those that are told. */
async function checkUses({ world, recipes }: Actor, ask: Ask): Promise<void> {
  const before = recipes.users();
  const uses = await readUses(ask);
  const after = recipes.users();
  const told = new Map(
    uses?.items.map((use) => [
      `${use.project}/${use.environment}/${use.service} #${use.number}`,
      use.version,
    ]),
  );
  for (const [name, version] of before)
    if (uses && after.has(name) && told.get(name) !== version)
      world.violate(
        `${name} serves by version ${version} of the recipe, and is told as of ${told.get(name)}`,
      );
}

export const recipes: Action[] = [
  [4, (actor) => (actor.client.person.runsAll ? put(actor) : deploy(actor))],
  [
    10,
    async (actor) => {
      const { client, world } = actor;
      if (!client.person.runsAll) return deploy(actor);
      const ask: Ask = (method, path, body) => client.ask(method, path, body);
      await checkUses(actor, ask);
      if (world.random.chance(0.8)) await put(actor);
      const rolled = await roll(ask);
      for (const { name, number, wanted, made } of rolled)
        if (made === undefined || made < wanted)
          world.violate(`${name} #${number} is told to be rolled to version ${wanted}, and is of ${made}`);
      const [first] = rolled;
      if (first && world.random.chance(0.6))
        await ask('POST', `${first.of}/deployments`, { rollbackTo: first.before });
      return undefined;
    },
  ],
  [
    1,
    async (actor) => {
      if (!actor.client.person.runsAll) return;
      await actor.client.ask('DELETE', RECIPE_PATH);
      await put(actor);
    },
  ],
];
