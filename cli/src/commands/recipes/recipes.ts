/** `recipes`: the resource types that the platform team makes of those that Berth has. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import type { RecipeCheck } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { exitCodes, Failure } from '../../failure.ts';
import { ago, note, paint, plain, say, sayJson, table } from '../../output.ts';
import { confirm } from '../../prompt.ts';
import { openSession, type Session } from '../../session.ts';
import { inLines } from '../source/check.ts';
import { addRoll } from './roll.ts';
import { sayUses } from './uses.ts';

const RECIPE = '/v1/recipes/{recipe}';

const check = (session: Session, file: string): Promise<RecipeCheck> =>
  body(session.api.POST('/v1/recipe-checks', { body: { recipe: readFileSync(file, 'utf8') } }));

function sayFaults(file: string, found: RecipeCheck): void {
  for (const line of inLines(basename(file), found)) say(plain(line));
}

async function put(session: Session, file: string, isPlan: boolean): Promise<void> {
  const { api, json } = session;
  const found = await check(session, file);
  if (found.faults.length > 0 || !found.recipe) {
    sayFaults(file, found);
    throw new Failure(
      `${basename(file)} is no recipe that can be put.`,
      'Mend it, and see: berth recipes check',
    );
  }
  const { recipe } = found;
  const path = { recipe: recipe.type };
  if (isPlan) {
    const plan = await body(api.POST('/v1/recipes/{recipe}/plan', { params: { path }, body: recipe }));
    if (json) sayJson(plan);
    else {
      say(`It would be version ${plan.version} of ${recipe.type}, which ${plan.items.length} services have.`);
      sayUses(plan.items);
    }
    if (plan.items.some(({ changes }) => changes.length > 0)) process.exitCode = exitCodes.changes;
    return;
  }
  const kept = await body(api.PUT(RECIPE, { params: { path }, body: recipe }));
  if (json) sayJson(kept);
  else
    say(
      `${kept.type} has version ${kept.version}. Each deployment takes it from now on: berth recipes roll ${kept.type}`,
    );
}

export function addRecipes(program: Command): void {
  const recipes = program
    .command('recipes')
    .description('Resource types that the platform team makes of those that Berth has');

  recipes
    .command('list')
    .description('Show all with their newest version')
    .action(async (_: unknown, command: Command) => {
      const { api, json } = openSession(command);
      const { items } = await body(api.GET('/v1/recipes'));
      if (json) return sayJson(items);
      const rows = items.map(({ type, version, createdAt, recipe }) => [
        type,
        String(version),
        ago(createdAt),
        recipe.description,
      ]);
      return table(['TYPE', 'VERSION', 'SINCE', 'WHAT IT IS'], rows);
    });

  recipes
    .command('show')
    .argument('<type>')
    .argument('[version]', 'the newest by default')
    .description('Show one')
    .action(async (recipe: string, version: string | undefined, _: unknown, command: Command) => {
      const { api } = openSession(command);
      const shown =
        version === undefined
          ? await body(api.GET(RECIPE, { params: { path: { recipe } } }))
          : await body(
              api.GET('/v1/recipes/{recipe}/versions/{number}', {
                params: { path: { recipe, number: version } },
              }),
            );
      sayJson(shown);
    });

  recipes
    .command('check')
    .argument('<file>')
    .description('Say what is wrong with a recipe, with the lines (exit code 0: nothing, 1: something)')
    .action(async (file: string, _: unknown, command: Command) => {
      const session = openSession(command);
      const found = await check(session, file);
      if (session.json) sayJson(found);
      else if (found.faults.length === 0) note(`${paint('green', '✓', process.stderr)} ${file}`);
      else sayFaults(file, found);
      if (found.faults.length > 0) process.exitCode = exitCodes.refused;
    });

  recipes
    .command('put')
    .argument('<file>')
    .description('Add a recipe, or a new version of one')
    .option('--plan', 'show what it would change, and put nothing (exit code 2: something)')
    .action((file: string, { plan }: { plan?: boolean }, command: Command) =>
      put(openSession(command), file, plan === true),
    );

  recipes
    .command('delete')
    .argument('<type>')
    .description('Delete one by which nothing serves')
    .action(async (recipe: string, _: unknown, command: Command) => {
      const { api, yes } = openSession(command);
      await confirm(`This deletes the recipe ${recipe}.`, recipe, yes);
      await api.DELETE(RECIPE, { params: { path: { recipe } } });
    });

  addRoll(recipes);
}
