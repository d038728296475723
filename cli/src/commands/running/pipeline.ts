/** `pipeline`: environments in the order in which versions come to them, and promotions along it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { PipelineStanding, Promotion } from '../../../../client/types.generated.ts';
import { all, body } from '../../api.ts';
import { exitCodes, Failure } from '../../failure.ts';
import type { WaitOption } from '../../follow.ts';
import { inCommands } from '../../hints.ts';
import { ago, lasted, note, paint, plain, say, sayJson, table } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';

const PIPELINE = '/v1/projects/{project}/pipeline';
const PROMOTIONS = '/v1/projects/{project}/services/{service}/promotions';
const LOOK_MS = 1_000;

export interface AlongOptions extends WaitOption {
  to?: string;
  through?: string;
  next?: boolean;
}

/** Promotes what serves in an environment through several others, and follows it. */
export async function promoteAlong(
  session: Session,
  fromEnvironment: string,
  { to, through, wait: waits = true }: AlongOptions,
): Promise<void> {
  const { api } = session;
  const path = session.service();
  let promotion = await body(
    api.POST(PROMOTIONS, {
      params: { path },
      body: {
        fromEnvironment,
        ...(to !== undefined && { to: to.split(',').map((name) => name.trim()) }),
        ...(through !== undefined && { through }),
      },
    }),
  );
  if (!waits) {
    if (session.json) sayJson(promotion);
    else note('It goes on by itself. Look at it: berth pipeline promotions');
    return;
  }
  note(
    `Promotion of ${plain(path.service)} from ${plain(fromEnvironment)}, version ${plain(promotion.version)}:`,
  );
  process.once('SIGINT', () => {
    note('\nIt goes on without you. Stop it: berth pipeline cancel');
    process.exit(exitCodes.interrupted);
  });
  const told = new Set<string>();
  for (;;) {
    for (const line of linesOf(promotion)) {
      if (!told.has(line)) note(line);
      told.add(line);
    }
    if (promotion.state !== 'running') break;
    await wait(LOOK_MS);
    const params = { path: { ...path, promotion: promotion.id } };
    promotion = await body(api.GET(`${PROMOTIONS}/{promotion}`, { params }));
  }
  if (session.json) sayJson(promotion);
  if (promotion.state === 'succeeded') return;
  const { cause = 'It was canceled.', hint } = promotion.error ?? {};
  throw new Failure(plain(cause), hint && plain(inCommands(hint)), exitCodes.failed);
}

const SIGNS = { waiting: '', deploying: '…', succeeded: '✓', failed: '✗' } as const;

/** What has happened so far, a line each. */
const linesOf = ({ stages }: Promotion): string[] =>
  stages.flatMap(({ targets, bakesUntil, bakeSeconds, passedAt }) => [
    ...targets
      .filter(({ state }) => state !== 'waiting')
      .map(
        ({ environment, state, deployment }) =>
          `  ${SIGNS[state]} ${plain(environment)}: deployment ${deployment}`,
      ),
    ...(bakesUntil !== undefined && passedAt === undefined
      ? [`  … it has to serve for ${lasted(bakeSeconds * 1000)}, until ${bakesUntil}`]
      : []),
  ]);

/** `staging`, `staging@30m` or `production=eu,us@1h`. */
function stageOf(text: string) {
  const [, name, environments, bake] = /^([^=@]+)(?:=([^@]+))?(?:@(.+))?$/.exec(text) ?? [];
  if (name === undefined)
    throw new Failure(
      `"${plain(text)}" is no stage.`,
      'Such as: berth pipeline set dev staging@30m production=eu,us',
    );
  return {
    name,
    ...(environments !== undefined && { environments: environments.split(',') }),
    ...(bake !== undefined && { bake }),
  };
}

export function addPipeline(program: Command): void {
  const pipeline = program
    .command('pipeline')
    .description('Show what serves along the pipeline, and which commits each environment is behind')
    .action(async (_: unknown, command: Command) => {
      const session = openSession(command);
      const path = session.service();
      const found = await body(
        session.api.GET('/v1/projects/{project}/services/{service}/pipeline', { params: { path } }),
      );
      if (session.json) return sayJson(found);
      return sayStanding(found);
    });

  pipeline
    .command('set')
    .argument(
      '<stages...>',
      'in their order: name, name@30m to bake for so long, or name=environment,environment',
    )
    .description('Set the environments in the order in which versions come to them')
    .addHelpText('after', '\nExample:\n  berth pipeline set dev staging@30m production=eu,us')
    .action(async (stages: string[], _: unknown, command: Command) => {
      const session = openSession(command);
      const path = { project: session.project() };
      const asked = { stages: stages.map(stageOf) };
      const found = await body(session.api.PUT(PIPELINE, { params: { path }, body: asked }));
      if (session.json) sayJson(found);
      else note(`The pipeline: ${found.stages.map(({ name }) => plain(name)).join(' → ')}`);
    });

  pipeline
    .command('unset')
    .description('Delete the pipeline; environments stay as they are')
    .action(async (_: unknown, command: Command) => {
      const session = openSession(command);
      await session.api.DELETE(PIPELINE, { params: { path: { project: session.project() } } });
      note('There is no pipeline any more.');
    });

  pipeline
    .command('promotions')
    .description('List the promotions of a service, newest first')
    .option('--limit <count>', 'how many at most', '20')
    .action(async ({ limit }: { limit: string }, command: Command) => {
      const session = openSession(command);
      const path = session.service();
      const items = await all<Promotion>(
        (query) => session.api.GET(PROMOTIONS, { params: { path, query } }),
        Number(limit),
      );
      if (session.json) return sayJson(items);
      return table(
        ['ID', 'STATE', 'FROM', 'VERSION', 'ENVIRONMENTS', 'BEGAN'],
        items.map(({ id, state, fromEnvironment, version, stages, createdAt }) => [
          id,
          state,
          fromEnvironment,
          version,
          stages
            .flatMap(({ targets }) => targets.map((one) => `${SIGNS[one.state]}${one.environment}`))
            .join(' '),
          ago(createdAt),
        ]),
      );
    });

  pipeline
    .command('cancel')
    .argument('[promotion]', 'its id; the one that is under way by default')
    .description('Cancel a promotion: nothing more is begun, and what has succeeded stays')
    .action(async (given: string | undefined, _: unknown, command: Command) => {
      const session = openSession(command);
      const path = session.service();
      const promotion = given ?? (await underWay(session));
      const params = { path: { ...path, promotion } };
      const found = await body(session.api.POST(`${PROMOTIONS}/{promotion}/cancel`, { params }));
      if (session.json) sayJson(found);
      else note(`Promotion ${plain(promotion)} is to stop.`);
    });
}

async function underWay({ api, service }: Session): Promise<string> {
  const { items } = await body(api.GET(PROMOTIONS, { params: { path: service(), query: { limit: '1' } } }));
  const [newest] = items;
  if (newest?.state === 'running') return newest.id;
  throw new Failure('No promotion is under way.', 'berth pipeline promotions');
}

function sayStanding({ stages, promotion }: PipelineStanding): void {
  table(
    ['STAGE', 'ENVIRONMENT', 'VERSION', 'COMMIT', 'SINCE', 'BEHIND'],
    stages.flatMap(({ name, environments }) =>
      environments.map(({ environment, version, revision, since, behind, behindMore }) => [
        name,
        environment,
        version ?? '-',
        revision?.commit?.slice(0, 12) ?? revision?.tag,
        ago(since),
        behind.length === 0 && !behindMore ? '' : `${behind.length}${behindMore ? '+' : ''}`,
      ]),
    ),
  );
  for (const { environments } of stages)
    for (const { environment, behind } of environments) {
      if (behind.length === 0) continue;
      say(`\n${plain(environment)} is behind:`);
      for (const { version, revision, createdAt } of behind)
        say(
          `  ${paint('dim', plain(revision?.commit?.slice(0, 12) ?? version))} ${plain(revision?.message ?? revision?.tag ?? '')} ${paint('dim', ago(createdAt))}`,
        );
    }
  if (promotion !== undefined) note(`\nPromotion ${plain(promotion)} is under way.`);
}
