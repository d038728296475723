/** `drains`: where the output of a project is sent. */
import { type Command, Option } from 'commander';
import type { LogDrain } from '../../../../client/types.generated.ts';
import { all, body } from '../../api.ts';
import { Failure } from '../../failure.ts';
import { note, plain, say, sayJson, table } from '../../output.ts';
import { readSecret } from '../../prompt.ts';
import { openSession, type Session } from '../../session.ts';

const DRAINS = '/v1/projects/{project}/drains';
const DRAIN = `${DRAINS}/{drain}` as const;

interface DrainOptions {
  format: LogDrain['format'];
  envs?: string[];
  services?: string[];
  search?: string;
  operations?: true;
  header?: string[];
  headerStdin?: string;
  description?: string;
}

const pathOf = ({ project }: Session) => ({ project: project() });

/** `name: value`. @throws Failure */
function headerOf(text: string): [name: string, value: string] {
  const [, name, value] = /^([A-Za-z0-9-]+):\s*(.+)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new Failure('A header has a name and a value.', "Such as --header 'authorization: Bearer 3b1f'.");
}

async function headersOf({ header = [], headerStdin }: DrainOptions): Promise<Record<string, string>> {
  const headers = Object.fromEntries(header.map(headerOf));
  return headerStdin === undefined ? headers : { ...headers, [headerStdin]: await readSecret() };
}

const stateOf = ({ enabled, state }: LogDrain): string =>
  !enabled ? 'paused' : state?.failure ? 'not taken' : 'sending';

export function addDrains(program: Command): void {
  const drains = program.command('drains').description('Where the output of the project is sent');

  drains
    .command('list')
    .description('Show all, each with how far it is')
    .action(async (_: unknown, command: Command) => {
      const session = openSession(command);
      const path = pathOf(session);
      const items = await all<LogDrain>((query) => session.api.GET(DRAINS, { params: { path, query } }));
      if (session.json) return sayJson(items);
      if (items.length === 0) return note('Nothing is sent anywhere.');
      table(
        ['ID', 'FORMAT', 'TO', 'STATE', 'BEHIND', 'DROPPED'],
        items.map((each) => [
          each.id,
          each.format,
          new URL(each.url).host,
          stateOf(each),
          `${each.state?.behind ?? 0}${each.state?.behindIsMore ? '+' : ''}`,
          `${each.state?.dropped ?? 0}${each.state?.droppedIsMore ? '+' : ''}`,
        ]),
      );
      for (const { id, state } of items)
        if (state?.failure || state?.elsewhere) say(`\n${id}: ${plain(state.words)}`);
    });

  drains
    .command('add')
    .argument('<url>', 'of the receiver; of OTLP the whole of it, such as https://otlp.example.com/v1/logs')
    .description('Send what is printed from now on to an address')
    .addOption(
      new Option('--format <format>', 'OTLP/HTTP logs in JSON, or a JSON object a line')
        .choices(['otlp', 'ndjson'])
        .default('otlp'),
    )
    .option('--envs <names...>', 'of these environments alone; * stands for any text')
    .option('--services <names...>', 'of these services alone')
    .option('--search <text>', 'only lines that it finds, as in berth logs --search')
    .option('--operations', 'the output of builds, runs and other operations too')
    .option('--header <header...>', "sent with each request, such as 'authorization: Bearer 3b1f'")
    .option('--header-stdin <name>', 'a header whose value is read from standard input')
    .option('--description <text>', 'what it is for')
    .action(async (url: string, options: DrainOptions, command: Command) => {
      const session = openSession(command);
      const { format, envs, services, search, operations, description } = options;
      const headers = await headersOf(options);
      const filter = {
        ...(envs && { environments: envs }),
        ...(services && { services }),
        ...(search !== undefined && { search }),
      };
      const made = await body(
        session.api.POST(DRAINS, {
          params: { path: pathOf(session) },
          body: {
            url,
            format,
            ...(Object.keys(filter).length > 0 && { filter }),
            ...(operations && { operations }),
            ...(Object.keys(headers).length > 0 && { headers }),
            ...(description !== undefined && { description }),
          },
        }),
      );
      if (session.json) return sayJson(made);
      return note(`Log drain ${made.id} sends from now on. Try it: berth drains test ${made.id}`);
    });

  drains
    .command('show')
    .argument('<drain>', 'its id')
    .description('Say what one sends, and how far it is')
    .action(async (drain: string, _: unknown, command: Command) => {
      const session = openSession(command);
      const path = { ...pathOf(session), drain };
      const found = await body(session.api.GET(DRAIN, { params: { path } }));
      if (session.json) return sayJson(found);
      const { filter, headers, operations } = found;
      say(`${found.format} to ${plain(found.url)}`);
      if (found.description !== undefined) say(plain(found.description));
      if (filter?.environments) say(`environments: ${filter.environments.join(', ')}`);
      if (filter?.services) say(`services: ${filter.services.join(', ')}`);
      if (filter?.search !== undefined) say(`search: ${plain(filter.search)}`);
      if (operations) say('with the output of operations');
      if (headers) say(`headers: ${headers.join(', ')}`);
      return say(plain(found.state?.words ?? ''));
    });

  drains
    .command('test')
    .argument('<drain>', 'its id')
    .description('Send a line at once')
    .action(async (drain: string, _: unknown, command: Command) => {
      const session = openSession(command);
      const path = { ...pathOf(session), drain };
      const { delivered, status, reason } = await body(
        session.api.POST(`${DRAIN}/test`, { params: { path } }),
      );
      if (session.json) return sayJson({ delivered, status, reason });
      if (!delivered)
        throw new Failure(`The line was not taken: ${plain(reason ?? '')}.`, `berth drains show ${drain}`);
      return note(`It was taken, with the status ${status}.`);
    });

  for (const [name, enabled, words, done] of [
    ['pause', false, 'Send nothing for now; what is printed meanwhile is not sent later', 'Nothing is sent.'],
    ['resume', true, 'Go on, or try again at once what was not taken', 'What is printed is sent.'],
  ] as const)
    drains
      .command(name)
      .argument('<drain>', 'its id')
      .description(words)
      .action(async (drain: string, _: unknown, command: Command) => {
        const session = openSession(command);
        const path = { ...pathOf(session), drain };
        await body(session.api.PATCH(DRAIN, { params: { path }, body: { enabled } }));
        note(done);
      });

  drains
    .command('remove')
    .argument('<drain>', 'its id')
    .description('Send nothing more, and forget it')
    .action(async (drain: string, _: unknown, command: Command) => {
      const session = openSession(command);
      await session.api.DELETE(DRAIN, { params: { path: { ...pathOf(session), drain } } });
      note('It is removed.');
    });
}
