/** `alerts`: what fires, who looks after it, and what is silenced. */
import type { Command } from 'commander';
import type { Alert } from '../../../../client/types.generated.ts';
import { all, body } from '../../api.ts';
import { Failure } from '../../failure.ts';
import { ago, note, plain, say, sayJson, table } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';

const ALERTS = '/v1/projects/{project}/alerts';
const SILENCES = '/v1/projects/{project}/alert-silences';

const pathOf = ({ project }: Session) => ({ project: project() });

async function firing(session: Session): Promise<Alert[]> {
  const params = { path: pathOf(session), query: { state: 'firing' as const } };
  return (await body(session.api.GET(ALERTS, { params }))).items;
}

/** The id that is meant: the one that fires where none is given. */
async function meant(session: Session, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  const [only, ...others] = await firing(session);
  if (only && others.length === 0) return only.id;
  throw new Failure(
    only ? `${others.length + 1} alerts fire: say which one.` : 'No alert fires.',
    'berth alerts list',
  );
}

export function addAlerts(program: Command): void {
  const alerts = program
    .command('alerts')
    .description('What is wrong in the project, and what is known of it');

  alerts
    .command('list')
    .description('Show the alerts that fire, each with what was seen and what to do next')
    .option('--all', 'those that were over within the last 30 days too')
    .action(async ({ all: every }: { all?: true }, command: Command) => {
      const session = openSession(command);
      const path = pathOf(session);
      const items = every
        ? await all<Alert>((query) => session.api.GET(ALERTS, { params: { path, query } }), 200)
        : await firing(session);
      if (session.json) return sayJson(items);
      if (items.length === 0) return note('No alert fires.');
      table(
        ['ID', 'RULE', 'ENVIRONMENT', 'SUBJECT', 'STATE', 'FIRED', 'LOOKED AFTER BY'],
        items.map(({ id, rule, environment, subject, state, silence, firedAt, acknowledged }) => [
          id,
          rule,
          environment,
          subject,
          state === 'firing' && silence !== undefined ? 'silenced' : state,
          ago(firedAt),
          acknowledged?.by ?? '',
        ]),
      );
      for (const { state, subject, evidence, deployment, next } of items) {
        if (state !== 'firing') continue;
        say(`\n${plain(subject)}: ${plain(evidence.words)}`);
        if (deployment)
          say(
            `  deployment ${deployment.number} of version ${plain(deployment.version)} began ${ago(deployment.at)}`,
          );
        say(`  ${plain(next)}`);
      }
    });

  alerts
    .command('ack')
    .argument('[alert]', 'its id; the one that fires by default')
    .option('--note <text>', 'what you do about it')
    .description('Say that you look after an alert')
    .action(async (given: string | undefined, { note: text }: { note?: string }, command: Command) => {
      const session = openSession(command);
      const path = { ...pathOf(session), alert: await meant(session, given) };
      const asked = text === undefined ? {} : { note: text };
      const found = await body(
        session.api.POST(`${ALERTS}/{alert}/acknowledge`, { params: { path }, body: asked }),
      );
      if (session.json) sayJson(found);
      else
        note(
          `${plain(found.acknowledged?.by ?? '')} looks after ${plain(found.rule)} on ${plain(found.subject)}.`,
        );
    });

  alerts
    .command('silence')
    .description('Tell nobody of some alerts for a time: those of --rule, about --subject, or in --in')
    .requiredOption('--for <time>', 'such as 2h, up to 30d')
    .requiredOption('--reason <text>')
    .option('--rule <name>')
    .option('--in <environment>')
    .option('--subject <name>', 'a service, job, resource, domain or operation')
    .action(
      async (
        asked: { for: string; reason: string; rule?: string; in?: string; subject?: string },
        command: Command,
      ) => {
        const session = openSession(command);
        const { in: environment, ...rest } = asked;
        const made = await body(
          session.api.POST(SILENCES, {
            params: { path: pathOf(session) },
            body: { ...rest, ...(environment !== undefined && { environment }) },
          }),
        );
        if (session.json) sayJson(made);
        else note(`Silenced until ${made.until}. End it: berth alerts unsilence ${made.id}`);
      },
    );

  alerts
    .command('silences')
    .description('List the silences that have not ended')
    .action(async (_: unknown, command: Command) => {
      const session = openSession(command);
      const { items } = await body(session.api.GET(SILENCES, { params: { path: pathOf(session) } }));
      if (session.json) return sayJson(items);
      return table(
        ['ID', 'RULE', 'ENVIRONMENT', 'SUBJECT', 'UNTIL', 'BY', 'REASON'],
        items.map(({ id, rule, environment, subject, until, createdBy, reason }) => [
          id,
          rule ?? 'all',
          environment ?? 'all',
          subject ?? 'all',
          until,
          createdBy,
          reason,
        ]),
      );
    });

  alerts
    .command('unsilence')
    .argument('<silence>', 'its id')
    .description('End a silence: what fires still is told of now')
    .action(async (silence: string, _: unknown, command: Command) => {
      const session = openSession(command);
      await session.api.DELETE(`${SILENCES}/{silence}`, {
        params: { path: { ...pathOf(session), silence } },
      });
      note('It is ended.');
    });
}
