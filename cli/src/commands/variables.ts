/** `config`: plain variables of an environment. `secrets`: values that nobody shall see. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { all, body } from '../api.ts';
import { Failure } from '../failure.ts';
import { finish, type WaitOption } from '../follow.ts';
import { ago, note, say, sayJson, table } from '../output.ts';
import { confirm, readInput, readSecret } from '../prompt.ts';
import { openSession, type Session } from '../session.ts';
import { nameOfVariable, readersOf, servicesOf, takeUp, tellReaders } from './running/who-reads.ts';
import { addKeptForBuilds } from './source/kept-for-builds.ts';

const VARIABLES = '/v1/projects/{project}/environments/{environment}/variables';
const SECRET = '/v1/projects/{project}/environments/{environment}/secrets/{secret}';
/** The value on the command line would be in the history of the shell. @throws Failure */
function namedAlone(secret: string, noun: string): void {
  const at = secret.indexOf('=');
  if (at < 0) return;
  throw new Failure(
    'The value of a secret is read from standard input, and not from the command line.',
    `printf %s "$VALUE" | berth ${noun} set ${secret.slice(0, at)}`,
  );
}

/** Changes all of them in one step, unless somebody else has changed them in the meantime. */
async function changeVariables(session: Session, change: (all: Map<string, string>) => void): Promise<void> {
  const path = session.environment();
  const { data, response } = await session.api.GET(VARIABLES, { params: { path } });
  const variables = new Map(data?.items.map(({ name, value }) => [name, value]));
  change(variables);
  const etag = response.headers.get('etag');
  const answer = await body(
    session.api.PUT(VARIABLES, {
      params: { path, header: etag === null ? {} : { 'If-Match': etag } },
      body: { variables: Object.fromEntries(variables) },
    }),
  );
  if (session.json) sayJson(answer.items);
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Failure(`"${text}" is not NAME=value.`, 'Such as: berth config set LOG_LEVEL=debug');
  return [nameOfVariable(text.slice(0, at)), text.slice(at + 1)];
}

/** A value as a `.env` file has it, which `config import` reads again. */
function quoted(value: string): string {
  if (/^[\w./:@%+,-]*$/.test(value)) return value;
  return value.includes("'") || value.includes('\n') ? JSON.stringify(value) : `'${value}'`;
}

export function addVariables(program: Command): void {
  const config = program.command('config').description('Plain variables of an environment');

  config
    .command('list')
    .description('Show all')
    .action(async (_: unknown, command: Command) => {
      const { api, json, environment } = openSession(command);
      const { items } = await body(api.GET(VARIABLES, { params: { path: environment() } }));
      if (json) sayJson(items);
      else
        table(
          ['NAME', 'VALUE', 'CHANGED', 'BY'],
          items.map((each) => [each.name, each.value, ago(each.updatedAt), each.updatedBy]),
        );
    });

  config
    .command('set')
    .argument('<pairs...>', 'NAME=value, one or more')
    .description('Set one or more, and leave the others')
    .action(async (pairs: string[], _: unknown, command: Command) => {
      const wanted = pairs.map(pairOf);
      const session = openSession(command);
      await changeVariables(session, (variables) => {
        for (const [name, value] of wanted) variables.set(name, value);
      });
      await tellReaders(
        session,
        wanted.map(([name]) => name),
      );
    });

  config
    .command('unset')
    .argument('<names...>')
    .description('Remove one or more')
    .action(async (names: string[], _: unknown, command: Command) => {
      const session = openSession(command);
      const services = servicesOf(await readersOf(session), names);
      await changeVariables(session, (variables) => {
        for (const name of names) {
          if (!variables.delete(name))
            throw new Failure(`There is no variable "${name}".`, 'Those that there are: berth config list');
        }
      });
      if (services.length > 0 && !session.json) note(`What runs still has it. ${takeUp(session, services)}`);
    });

  config
    .command('export')
    .description('Print all as a .env file')
    .action(async (_: unknown, command: Command) => {
      const { api, environment } = openSession(command);
      const { items } = await body(api.GET(VARIABLES, { params: { path: environment() } }));
      for (const { name, value } of items) say(`${name}=${quoted(value)}`);
    });

  config
    .command('import')
    .argument('<file>', 'a .env file; - for standard input')
    .description('Set all from a .env file; what it does not name is removed')
    .action(async (file: string, _: unknown, command: Command) => {
      const session = openSession(command);
      const path = session.environment();
      const text = file === '-' ? await readInput() : readFileSync(file, 'utf8');
      const answer = await session.api.upload<{ items: unknown[] }>(
        `/v1/projects/${path.project}/environments/${path.environment}/variables`,
        new TextEncoder().encode(text),
        'text/plain',
        'PUT',
      );
      if (session.json) sayJson(answer.items);
      else {
        const services = servicesOf(await readersOf(session));
        note(
          `${answer.items.length} variables.${services.length > 0 ? ` ${takeUp(session, services)}` : ''}`,
        );
      }
    });

  addSecrets(program);
  addKeptForBuilds(program);
}

interface SourceOptions {
  fromAws?: string;
  fromVault?: string;
  key?: string;
  at?: string;
}

function sourceOf({ fromAws, fromVault, key, at }: SourceOptions) {
  const entry = fromAws ?? fromVault;
  if (fromAws !== undefined && fromVault !== undefined)
    throw new Failure('A secret is kept in one place.', 'Give --from-aws or --from-vault.');
  if (entry === undefined) {
    if (key === undefined && at === undefined) return undefined;
    throw new Failure(
      '--key and --at are of a secret that is kept elsewhere.',
      'Add --from-aws or --from-vault.',
    );
  }
  return {
    from: fromAws === undefined ? ('vault' as const) : ('aws-secrets-manager' as const),
    entry,
    ...(key !== undefined && { key }),
    ...(at !== undefined && { version: at }),
  };
}

function addSecrets(program: Command): void {
  const secrets = program.command('secrets').description('Secrets of an environment');

  secrets
    .command('list')
    .description('Show names and versions; values are never shown')
    .action(async (_: unknown, command: Command) => {
      const { api, json, environment } = openSession(command);
      const path = environment();
      const items = await all((query) =>
        api.GET('/v1/projects/{project}/environments/{environment}/secrets', { params: { path, query } }),
      );
      if (json) sayJson(items);
      else
        table(
          ['NAME', 'VERSION', 'KEPT IN', 'CHANGED', 'BY'],
          items.map(({ name, version, source, updatedAt, updatedBy }) => [
            name,
            version,
            source ? `${source.entry}${source.key === undefined ? '' : `#${source.key}`}` : 'berth',
            ago(updatedAt),
            updatedBy,
          ]),
        );
    });

  secrets
    .command('set')
    .argument('<name>')
    .description('Set a secret to what standard input says; it is in no history of a shell that way')
    .option('--from-aws <arn>', 'refer to a secret of AWS Secrets Manager instead')
    .option('--from-vault <path>', 'refer to an entry of Vault instead: mount/path')
    .option('--key <name>', 'the member of that entry')
    .option('--at <version>', 'that version of it at each deployment, and not the newest')
    .addHelpText(
      'after',
      '\nExamples:\n  printf %s "$KEY" | berth secrets set STRIPE_KEY\n  berth secrets set DB_PASSWORD --from-vault secret/shop/db --key password',
    )
    .action(async (secret: string, options: SourceOptions, command: Command) => {
      namedAlone(secret, 'secrets');
      const session = openSession(command);
      const { api, json, environment } = session;
      const path = { ...environment(), secret: nameOfVariable(secret) };
      const source = sourceOf(options);
      const content = source ? { source } : { value: await readSecret() };
      const answer = await body(api.PUT(SECRET, { params: { path }, body: content }));
      if (json) sayJson(answer);
      await tellReaders(session, [secret]);
    });

  secrets
    .command('unset')
    .argument('<name>')
    .description('Delete a secret with all its versions')
    .action(async (secret: string, _: unknown, command: Command) => {
      const session = openSession(command);
      const { api, environment, yes, json } = session;
      const path = { ...environment(), secret };
      const readers = (await readersOf(session)).get(secret) ?? [];
      await confirm(`This deletes ${secret} with all its versions.`, secret, yes);
      await api.DELETE(SECRET, { params: { path } });
      if (readers.length > 0 && !json) note(`What runs still has it. ${takeUp(session, readers)}`);
    });

  secrets
    .command('rotate')
    .argument('<name>')
    .description('Make a new value and bring it to what runs, without an outage')
    .option('--no-wait', 'start it and come back at once')
    .action(async (secret: string, options: WaitOption, command: Command) => {
      const session = openSession(command);
      const path = { ...session.environment(), secret };
      const started = await body(session.api.POST(`${SECRET}/rotate`, { params: { path }, body: {} }));
      await finish(session, started, options);
    });
}
