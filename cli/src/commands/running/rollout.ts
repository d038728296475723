/** `rollout`: how a version does that takes over step by step, and what to do with it. */
import type { Command } from 'commander';
import type { Rollout } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { Failure } from '../../failure.ts';
import { finish, type WaitOption } from '../../follow.ts';
import { note, paint, plain, say, sayJson } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';
import { deploy } from '../deployments.ts';

const DEPLOYMENTS = '/v1/projects/{project}/environments/{environment}/services/{service}/deployments';
const ROLLOUT = `${DEPLOYMENTS}/{number}/rollout` as const;

/** The newest deployment: the one that is under way, or was last. */
async function newest(session: Session) {
  const path = session.instance();
  const { items } = await body(session.api.GET(DEPLOYMENTS, { params: { path, query: { limit: '1' } } }));
  if (items[0] === undefined) throw new Failure(`${path.service} was never deployed here.`, 'berth deploy');
  return items[0];
}

const actions = {
  promote: ['Give it all requests now', 'It gets all requests now.'],
  continue: ['Begin its next step now', 'Its next step begins.'],
  pause: [
    'Let it stand still; its checks go on',
    'It stands still until you resume it: berth rollout resume',
  ],
  resume: ['Let it go on', 'It goes on.'],
} as const;

export function addRollout(program: Command): void {
  const rollout = program
    .command('rollout')
    .description('How the newest deployment does that takes over step by step')
    .action(async (_: unknown, command: Command) => {
      const session = openSession(command);
      const { number } = await newest(session);
      const path = { ...session.instance(), number: String(number) };
      const found = await body(session.api.GET(ROLLOUT, { params: { path } }));
      if (session.json) return sayJson(found);
      sayRollout(number, found);
    });

  for (const [action, [description, done]] of Object.entries(actions))
    rollout
      .command(action)
      .description(description)
      .action(async (_: unknown, command: Command) => {
        const session = openSession(command);
        const path = { ...session.instance(), number: String((await newest(session)).number) };
        const asked = { action: action as keyof typeof actions };
        const found = await body(session.api.POST(ROLLOUT, { params: { path }, body: asked }));
        if (session.json) sayJson(found);
        else note(done);
      });

  rollout
    .command('abort')
    .description('Take it back: what served before serves on')
    .action(async (_: unknown, command: Command) => {
      const session = openSession(command);
      const { number } = await newest(session);
      const path = { ...session.instance(), number: String(number) };
      const asked = await body(session.api.POST(`${DEPLOYMENTS}/{number}/cancel`, { params: { path } }));
      if (session.json) sayJson(asked);
      else note(`Deployment ${number} is taken back.`);
    });

  rollout
    .command('retry')
    .description('Try the same version again, from its first step on')
    .option('--no-wait', 'start it and come back at once')
    .action(async (options: WaitOption, command: Command) => {
      const session = openSession(command);
      await deploy(session, { version: (await newest(session)).version }, options);
    });

  rollout
    .command('watch')
    .description('Follow it to its end')
    .action(async (_: unknown, command: Command) => {
      const session = openSession(command);
      const { operation } = await newest(session);
      const path = { operation };
      await finish(session, await body(session.api.GET('/v1/operations/{operation}', { params: { path } })));
    });
}

function sayRollout(number: number, { stages, stage, percent, pausedAt, until, verdict }: Rollout): void {
  const steps = stages.map(({ percent: share }, at) =>
    at === stage ? paint('bold', `${share} %`) : `${share} %`,
  );
  say(
    `Deployment ${number}: ${percent} % of the requests, step ${stage + 1} of ${stages.length} (${steps.join(' → ')})`,
  );
  if (pausedAt !== undefined) say('It stands still: berth rollout resume');
  else if (until !== undefined) say(`The step lasts until ${until}`);
  for (const { state, words } of verdict?.checks ?? []) say(`  ${SIGNS[state]} ${plain(words)}`);
}

const SIGNS = { passed: '✓', failed: '✗', pending: '…', few: '?' } as const;
