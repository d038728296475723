/** `cost`: what the environments of a project cost, and one of them. */
import type { Command } from 'commander';
import type { EnvironmentCost, ProjectCost } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { ago, note, plain, say, sayJson, table } from '../../output.ts';
import { type GlobalOptions, openSession } from '../../session.ts';

const usd = (amount: number): string => amount.toFixed(2);

const WHERE = { on_aws: '', as_if_on_aws: ', if it ran on AWS' } as const;

export function addCost(program: Command): void {
  program
    .command('cost')
    .description(
      'Show what the environments of the project cost, and which of them nobody uses; with -e, what one does',
    )
    .option('--idle-days <number>', 'from how many days without a request on one is idle; 7 by default')
    .action(async ({ idleDays }: { idleDays?: string }, command: Command) => {
      const { env } = command.optsWithGlobals<GlobalOptions>();
      const session = openSession(command);
      if (env !== undefined) {
        const path = session.environment();
        const found = await body(
          session.api.GET('/v1/projects/{project}/environments/{environment}/cost', { params: { path } }),
        );
        return session.json ? sayJson(found) : sayEnvironment(found);
      }
      const path = { project: session.project() };
      const query = idleDays === undefined ? {} : { idleDays };
      const found = await body(session.api.GET('/v1/projects/{project}/cost', { params: { path, query } }));
      return session.json ? sayJson(found) : sayProject(found);
    });
}

const pricesNote = ({ prices, common }: Pick<ProjectCost, 'prices' | 'common'>): void =>
  note(
    `List prices of AWS, ${prices.region}, ${prices.date}. Beside it: ${usd(common.usdPerMonth)} USD a month that all environments of an installation have in common.`,
  );

function sayEnvironment(found: EnvironmentCost): void {
  const { environment, lines, unpriced, usdPerMonth, usdPerDay, usdUntilExpiry, basis } = found;
  table(
    ['WHAT', 'NAME', 'UNIT', 'A MONTH', 'USD A MONTH'],
    lines.map(({ kind, name, unit, amount, usdPerMonth: cost }) => [
      kind,
      name,
      unit,
      String(amount),
      usd(cost),
    ]),
  );
  const rest = usdUntilExpiry === undefined ? '' : `, ${usd(usdUntilExpiry)} USD until it is destroyed`;
  say(`${environment}: ${usd(usdPerMonth)} USD a month, ${usd(usdPerDay)} USD a day${rest}${WHERE[basis]}.`);
  if (unpriced.length > 0) note(`Without a price, and not counted: ${unpriced.map(plain).join(', ')}`);
  pricesNote(found);
}

function sayProject(found: ProjectCost): void {
  const { environments, idle, usdPerMonth, usdPerDay, truncated } = found;
  table(
    ['ENVIRONMENT', 'STATE', 'USD A MONTH', 'USD A DAY', 'LAST USED'],
    environments.map((one) => [
      one.environment,
      one.state,
      usd(one.usdPerMonth),
      usd(one.usdPerDay),
      one.lastUsedAt === undefined ? 'not known' : ago(one.lastUsedAt),
    ]),
  );
  const where = environments.some(({ basis }) => basis === 'on_aws') ? 'on_aws' : 'as_if_on_aws';
  say(`All: ${usd(usdPerMonth)} USD a month, ${usd(usdPerDay)} USD a day${WHERE[where]}.`);
  if (idle.environments.length > 0)
    say(
      `Without a request for ${idle.days} days: ${idle.environments.join(', ')}; ${usd(idle.usdPerMonth)} USD a month.`,
    );
  if (truncated) note('There are more environments than that.');
  pricesNote(found);
}
