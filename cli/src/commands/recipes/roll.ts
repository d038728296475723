/**
 * `recipes roll`: deploys anew what was made by an older version of a recipe, wave by wave. Each is a deployment as anyone may ask
 * for it; what is between them is this program, so that what ends it ends the roll, and the next one goes on where it was.
 */
import type { Command } from 'commander';
import type { Operation, RecipeUse } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { exitCodes, Failure } from '../../failure.ts';
import { note, paint, plain, say, sayJson } from '../../output.ts';
import { confirm } from '../../prompt.ts';
import { openSession, type Session } from '../../session.ts';
import { sayUses } from './uses.ts';

interface RollOptions {
  atOnce: string;
  asleep?: boolean;
  plan?: boolean;
}

const INSTANCE = '/v1/projects/{project}/environments/{environment}/services/{service}';

const waveOf = ({ kind, protected: isProtected }: RecipeUse): number =>
  isProtected ? 2 : kind === 'ephemeral' ? 0 : 1;

const WAVES = ['ephemeral environments', 'persistent environments', 'protected environments'];

const nameOf = ({ project, environment, service }: RecipeUse): string =>
  `${project}/${environment}/${service}`;

export function addRoll(recipes: Command): void {
  recipes
    .command('roll')
    .argument('<type>')
    .description(
      'Deploy anew what an older version of it made: ephemeral environments, then persistent, then protected ones',
    )
    .option('--plan', 'show what it would change, and deploy nothing (exit code 2: something)')
    .option('--at-once <number>', 'so many deployments at the same time', '4')
    .option('--asleep', 'also what sleeps, which wakes by it')
    .action(async (recipe: string, options: RollOptions, command: Command) => {
      const session = openSession(command);
      const atOnce = Number(options.atOnce);
      if (!Number.isInteger(atOnce) || atOnce < 1)
        throw new Failure(`"${options.atOnce}" is no number of deployments.`, 'Such as: --at-once 4');
      const path = { recipe };
      const { version, items } = await body(
        session.api.GET('/v1/recipes/{recipe}/uses', { params: { path } }),
      );
      const older = items.filter((use) => use.version < version);
      const chosen = older.filter(
        ({ state, problems }) =>
          problems.length === 0 && (state === 'runs' || (state === 'sleeps' && options.asleep)),
      );
      if (session.json && options.plan) sayJson({ version, items: older });
      else sayUses(older);
      for (const use of older.filter((one) => !chosen.includes(one)))
        note(
          `${nameOf(use)} is left as it is: it ${use.problems.length > 0 ? 'would be refused' : use.state}.`,
        );
      if (options.plan) {
        if (chosen.length > 0) process.exitCode = exitCodes.changes;
        return;
      }
      if (chosen.length === 0) {
        note(`Nothing has to be deployed: version ${version} of ${recipe} is wherever it can be.`);
        return;
      }
      await confirm(
        `This deploys ${chosen.length} services anew, to version ${version} of ${recipe}.`,
        recipe,
        session.yes,
      );
      for (const [index, words] of WAVES.entries()) {
        const wave = chosen.filter((use) => waveOf(use) === index);
        if (wave.length === 0) continue;
        note(`${words[0]?.toUpperCase()}${words.slice(1)}:`);
        await rollWave(session, wave, atOnce);
      }
    });
}

/** @throws Failure with the first that failed, once those that were begun have ended */
async function rollWave(session: Session, wave: readonly RecipeUse[], atOnce: number): Promise<void> {
  const waiting = [...wave];
  const failures: Failure[] = [];
  const work = async (): Promise<void> => {
    for (let use = waiting.shift(); use && failures.length === 0; use = waiting.shift()) {
      const name = nameOf(use);
      const failure = await rollOne(session, use).catch(
        (error: unknown) => new Failure(error instanceof Error ? error.message : String(error)),
      );
      note(`  ${paint(failure ? 'red' : 'green', failure ? '✗' : '✓', process.stderr)} ${name}`);
      if (failure)
        failures.push(new Failure(`${name}: ${plain(failure.message)}`, failure.hint, exitCodes.failed));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, wave.length) }, work));
  if (failures[0]) throw failures[0];
}

/** @returns why it failed */
async function rollOne({ api }: Session, use: RecipeUse): Promise<Failure | undefined> {
  const path = { project: use.project, environment: use.environment, service: use.service };
  const { current } = await body(api.GET(INSTANCE, { params: { path } }));
  if (current?.number !== use.number) {
    note(`  ${nameOf(use)} was deployed meanwhile, and is left as it is.`);
    return undefined;
  }
  const started = await body(
    api.POST(`${INSTANCE}/deployments`, { params: { path }, body: { version: use.serviceVersion } }),
  );
  const ended = await ending(api, started);
  if (ended.status === 'succeeded') return undefined;
  return new Failure(ended.error?.cause ?? `It ended as ${ended.status}.`, ended.error?.hint);
}

/** Waits for somebody else's approval too, where the environment asks for that. */
async function ending(api: Session['api'], started: Operation): Promise<Operation> {
  let operation = started;
  if (operation.approval?.state === 'pending')
    say(
      `  It waits for somebody else's: berth approve ${operation.number} --project ${operation.project} --env ${operation.environment} --service ${operation.service}`,
    );
  while (operation.status === 'queued' || operation.status === 'running')
    operation = await body(
      api.GET('/v1/operations/{operation}', {
        params: { path: { operation: operation.id }, query: { wait: '25' } },
      }),
    );
  return operation;
}
