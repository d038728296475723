/** `deploy`, `promote`, `rollback`, `plan` and `diff`. */
import type { Command } from 'commander';
import type { Change, Deployment, Plan } from '../../../client/types.generated.ts';
import { all, body } from '../api.ts';
import { exitCodes, Failure } from '../failure.ts';
import { finish, type WaitOption } from '../follow.ts';
import { inCommands } from '../hints.ts';
import { ago, note, paint, plain, say, sayJson } from '../output.ts';
import { openSession, type Session } from '../session.ts';
import { type AlongOptions, promoteAlong } from './running/pipeline.ts';

/** What is deployed: exactly one of them. */
type What = { version: string } | { fromEnvironment: string } | { rollbackTo: number };

const INSTANCE = '/v1/projects/{project}/environments/{environment}/services/{service}';
const DEPLOYMENTS = '/v1/projects/{project}/environments/{environment}/services/{service}/deployments';

/** Deploys, follows it and prints where it answers. */
export async function deploy(session: Session, what: What, options: WaitOption): Promise<void> {
  const path = session.instance();
  const started = await body(session.api.POST(DEPLOYMENTS, { params: { path }, body: what }));
  note(`Deployment ${started.number} of ${path.service} to ${path.environment}:`);
  const ended = await finish(session, started, options);
  if (options.wait !== false && !session.json) say(String(ended.result?.url ?? ''));
}

async function planOf(session: Session, what: What): Promise<Plan> {
  const path = session.instance();
  const query = Object.fromEntries(Object.entries(what).map(([name, value]) => [name, String(value)]));
  return body(
    session.api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/plan', {
      params: { path, query },
    }),
  );
}

/** The newest version of the service. */
async function newest({ api, service }: Session): Promise<string> {
  const path = service();
  const { items } = await body(
    api.GET('/v1/projects/{project}/services/{service}/versions', {
      params: { path, query: { limit: '1' } },
    }),
  );
  if (items[0] === undefined)
    throw new Failure(`${path.service} has no version yet.`, 'Build one: berth build');
  return items[0].id;
}

/** How many deployments are looked through for one to go back to. */
const LOOKED_THROUGH = 500;

/** The newest deployment that put another image there than the one that serves now. */
async function before(session: Session): Promise<Deployment> {
  const path = session.instance();
  const { current } = await body(session.api.GET(INSTANCE, { params: { path } }));
  const items = await all(
    (query) => session.api.GET(DEPLOYMENTS, { params: { path, query } }),
    LOOKED_THROUGH,
  );
  const previous = items.find(
    ({ kind, status, digest }) =>
      status === 'succeeded' && kind !== 'stop' && kind !== 'remove' && digest !== current?.digest,
  );
  if (previous === undefined)
    throw new Failure(
      current === undefined
        ? 'No deployment has succeeded here that one could go back to.'
        : `Nothing else has been deployed here that one could go back to: all that succeeded has the image of version ${current.version}, which serves.`,
      'To other settings of the same image, go back by number, as berth releases shows it: berth rollback <number>',
    );
  return previous;
}

/** What a deployment is called beside its number: its tag or version, and when it was. */
const named = ({ version, revision, createdAt }: Deployment): string =>
  `version ${revision?.tag ?? version}, of ${ago(createdAt)}`;

const positive = (text: string): number => {
  const number = Number(text.replace(/^#/, ''));
  if (!Number.isInteger(number) || number < 1)
    throw new Failure(`"${text}" is no number of a deployment.`, 'They are in: berth releases');
  return number;
};

interface PlanOptions {
  from?: string;
  rollbackTo?: string;
}

async function toWhat(session: Session, version: string | undefined, options: PlanOptions): Promise<What> {
  if (options.from !== undefined) return { fromEnvironment: options.from };
  if (options.rollbackTo !== undefined) return { rollbackTo: positive(options.rollbackTo) };
  return { version: version ?? (await newest(session)) };
}

export function addDeployments(program: Command): void {
  program
    .command('deploy')
    .argument('[version]', 'id or tag of a version; the newest by default')
    .description('Deploy a version to an environment')
    .option('--no-wait', 'start it and come back at once')
    .addHelpText('after', '\nExamples:\n  berth deploy --env staging\n  berth deploy v1.4.0 --env production')
    .action(async (version: string | undefined, options: WaitOption, command: Command) => {
      const session = openSession(command);
      await deploy(session, { version: version ?? (await newest(session)) }, options);
    });

  program
    .command('promote')
    .argument('<from>', 'the environment that runs it')
    .description('Deploy what another environment runs, the very same image: to one, or along the pipeline')
    .option('--next', 'to the next stage of the pipeline')
    .option('--through <stage>', 'through the stages of the pipeline, to this one')
    .option('--to <environments>', 'to these, one after the other: eu,us')
    .option('--no-wait', 'start it and come back at once')
    .addHelpText(
      'after',
      '\nExamples:\n  berth promote staging --env production\n  berth promote dev --through production\n  berth promote staging --to eu,us',
    )
    .action(async (from: string, options: AlongOptions, command: Command) => {
      const session = openSession(command);
      const { next, through, to } = options;
      if (next || through !== undefined || to !== undefined) {
        await promoteAlong(session, from, options);
        return;
      }
      if (from === session.instance().environment)
        throw new Failure(
          `${from} is where it would be deployed to.`,
          `Name another one: berth promote ${from} --env <environment>`,
        );
      await deploy(session, { fromEnvironment: from }, options);
    });

  program
    .command('rollback')
    .argument('[number]', 'the deployment to go back to; the newest of another image by default')
    .description('Go back to what ran before, settings and secrets as they were')
    .option('--no-wait', 'start it and come back at once')
    .action(async (number: string | undefined, options: WaitOption, command: Command) => {
      const session = openSession(command);
      const previous = number === undefined ? await before(session) : undefined;
      const rollbackTo = previous?.number ?? positive(number ?? '');
      note(`Going back to deployment ${rollbackTo}${previous ? `: ${named(previous)}` : ''}.`);
      await deploy(session, { rollbackTo }, options);
    });

  program
    .command('plan')
    .argument('[version]', 'id or tag of a version; the newest by default')
    .description(
      'Show what a deployment would change (exit code 0: nothing, 2: something, 1: it would be refused)',
    )
    .option('--from <environment>', 'plan a promotion from there')
    .option('--rollback-to <number>', 'plan a rollback')
    .action(async (version: string | undefined, options: PlanOptions, command: Command) => {
      const session = openSession(command);
      const plan = await planOf(session, await toWhat(session, version, options));
      if (session.json) sayJson(plan);
      else sayPlan(plan);
      if (plan.problems.length > 0) process.exitCode = exitCodes.refused;
      else if (plan.changes.length > 0) process.exitCode = exitCodes.changes;
    });

  program
    .command('diff')
    .argument('<to>', 'number of a deployment')
    .argument('[from]', 'number of another; the one before by default')
    .description('Show what differs between two deployments (exit code 0: nothing, 2: something)')
    .action(async (to: string, from: string | undefined, _: unknown, command: Command) => {
      const session = openSession(command);
      const path = { ...session.instance(), number: String(positive(to)) };
      const query = from === undefined ? {} : { from: String(positive(from)) };
      const diff = await body(
        session.api.GET(
          '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/diff',
          { params: { path, query } },
        ),
      );
      if (session.json) sayJson(diff);
      else sayChanges(diff.changes);
      if (diff.changes.length > 0) process.exitCode = exitCodes.changes;
    });
}

const DATA = {
  left: 'its data stay until the environment is destroyed, and nobody uses them',
  empty: 'it begins without the data of the one that it takes the place of',
} as const;

function sayPlan(plan: Plan): void {
  say(
    `Deployment ${plan.number}: version ${plan.version}${plan.from === undefined ? '' : `, after ${plan.from}`}`,
  );
  for (const [name, recipe] of Object.entries(plan.recipes ?? {}))
    say(`  ${plain(name)} is made by ${recipe.type}, version ${recipe.version}`);
  sayChanges(plan.changes);
  sayResources(plan.resources);
  if (plan.rollout) {
    const steps = plan.rollout.stages.map(({ percent, seconds }) =>
      seconds === 0
        ? `${percent} %`
        : `${percent} % ${seconds === undefined ? 'until you go on' : `for ${seconds} s`}`,
    );
    say(`  takes over step by step: ${steps.join(', ')}`);
  }
  if (plan.warmSeconds !== undefined)
    say(
      `  what serves now stays warm for ${plan.warmSeconds} s, with ${plan.replicas.before} replica${plan.replicas.before === 1 ? '' : 's'}`,
    );
  const { before: was, after: will, difference } = plan.cost;
  if (difference !== 0)
    say(
      `  costs ${will.toFixed(2)} USD a month on AWS while awake, ${Math.abs(difference).toFixed(2)} ${difference > 0 ? 'more' : 'less'} than the ${was.toFixed(2)} of now`,
    );
  if (plan.releaseCommand !== undefined) say(`  runs first: ${plain(plan.releaseCommand)}`);
  for (const warning of plan.warnings)
    note(`${paint('yellow', 'Warning:', process.stderr)} ${plain(warning)}`);
  for (const { cause, hint } of plan.problems) {
    note(`${paint('red', 'Refused:', process.stderr)} ${plain(cause)}\n  ${plain(inCommands(hint))}`);
  }
}

/** What is done with resources, and what becomes of their data. */
export function sayResources(resources: Plan['resources']): void {
  for (const { name, type, action, data } of resources)
    if (action !== 'keep')
      say(`  ${action} ${type} ${plain(name)}${data === undefined ? '' : `: ${DATA[data]}`}`);
}

const SIGNS = { added: ['green', '+'], removed: ['red', '-'], changed: ['yellow', '~'] } as const;

export function sayChanges(changes: readonly Change[]): void {
  if (changes.length === 0) say('Nothing changes.');
  for (const { area, container, name, change, before: old, after, hidden } of changes) {
    const [color, sign] = SIGNS[change];
    const where = container === undefined ? '' : ` (${container})`;
    const values = hidden ? 'value not shown' : [old, after].filter((each) => each !== undefined).join(' → ');
    say(`  ${paint(color, sign)} ${area} ${plain(name)}${where}${values === '' ? '' : `: ${plain(values)}`}`);
  }
}
