/** `db`: backups of databases, and imports. */
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ApiError, problemOf } from '../../../../client/problem.ts';
import type { Operation } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { Failure } from '../../failure.ts';
import { finish, type WaitOption } from '../../follow.ts';
import { ago, note, sayJson, table } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';

interface ResourceOption {
  resource?: string;
}

const DATABASE = '/v1/projects/{project}/environments/{environment}/resources/{resource}';

/** The one that is meant, or the only one there is. @throws Failure */
async function databaseOf({ api, environment }: Session, { resource }: ResourceOption) {
  const path = environment();
  if (resource !== undefined) return { ...path, resource: resource.replace('#', ':') };
  const { items } = await body(
    api.GET('/v1/projects/{project}/environments/{environment}/resources', {
      params: { path, query: { limit: '100' } },
    }),
  );
  const found = items.filter(({ type }) => type === 'postgres').map(({ uid }) => uid);
  const [only] = found;
  if (found.length === 1 && only !== undefined) return { ...path, resource: only.replace('#', ':') };
  throw found.length === 0
    ? new Failure('The environment has no database.', 'Deploy a service whose score.yaml asks for one.')
    : new Failure(
        'Which database?',
        `Add one of these: ${found.map((uid) => `--resource '${uid}'`).join(', ')}`,
      );
}

/**
 * The URL that is meant, which is never an argument: those are in the history of the shell and in the list of processes.
 * @returns undefined for a file @throws Failure
 */
async function urlOf(from: string): Promise<string | undefined> {
  if (/^postgres(?:ql)?:/.test(from))
    throw new Failure(
      'The URL was not taken: it has a password, and arguments are seen by others.',
      'Put it into a variable, and name that: --from env:DATABASE_URL; or give it on standard input: --from -',
    );
  if (from.startsWith('env:')) {
    const name = from.slice('env:'.length);
    const url = process.env[name];
    if (url) return url;
    throw new Failure(`There is no variable ${name}.`, `Set it, such as read -rs ${name} && export ${name}`);
  }
  if (from !== '-') return undefined;
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text.trim();
}

/** @throws Failure */
const authorityOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch(() => {
    throw new Failure(
      `The file ${file} can not be read.`,
      'Name a PEM file of the authorities that sign the certificate of the server.',
    );
  });

type DatabasePath = Awaited<ReturnType<typeof databaseOf>>;

/** Sends a file as it is read, once: it may be larger than memory. @throws Failure | ApiError */
async function sendDump({ api }: Session, path: DatabasePath, file: string): Promise<Operation> {
  const content = await openAsBlob(file).catch(() => {
    throw new Failure(`The file ${file} can not be read.`, 'Name a dump of pg_dump, or a backup of berth.');
  });
  const filled = `${DATABASE}/import`.replace(/\{(\w+)\}/g, (_all, name: keyof DatabasePath) =>
    encodeURIComponent(path[name]),
  );
  const headers = { 'content-type': 'application/octet-stream' };
  const answer = await api.relay(filled, { method: 'POST', headers, body: content });
  if (!answer.ok) throw new ApiError(answer.status, await problemOf(answer));
  return (await answer.json()) as Operation;
}

export function addDatabases(program: Command): void {
  const db = program.command('db').description('Backups of databases, and imports');
  const command = (name: string, description: string): Command =>
    db
      .command(name)
      .description(description)
      .option('--resource <uid>', 'the database, where the environment has more than one');

  command('backup', 'Back up a database, and prove that the backup can be restored')
    .option('--no-wait', 'start it and come back at once')
    .action(async (options: ResourceOption & WaitOption, own: Command) => {
      const session = openSession(own);
      const path = await databaseOf(session, options);
      await finish(
        session,
        await body(session.api.POST(`${DATABASE}/backups`, { params: { path } })),
        options,
      );
    });

  command('backups', 'Show its backups').action(async (options: ResourceOption, own: Command) => {
    const session = openSession(own);
    const path = await databaseOf(session, options);
    const { items } = await body(session.api.GET(`${DATABASE}/backups`, { params: { path } }));
    if (session.json) return sayJson(items);
    const rows = items.map(({ id, state, createdAt, bytes, rows: count, error }) => [
      id,
      state,
      ago(createdAt),
      bytes === undefined ? '' : String(bytes),
      count === undefined ? '' : String(count),
      error?.cause ?? '',
    ]);
    return table(['BACKUP', 'STATE', 'MADE', 'BYTES', 'ROWS', 'WHY'], rows);
  });

  command('restore', 'Put a backup in the place of the data, or undo that')
    .argument('[backup]', 'its id')
    .option('--undo', 'bring back what the last restore replaced')
    .option('--no-wait', 'start it and come back at once')
    .action(
      async (
        backup: string | undefined,
        options: ResourceOption & WaitOption & { undo?: boolean },
        own: Command,
      ) => {
        if ((backup === undefined) !== (options.undo === true))
          throw new Failure('What shall be restored?', 'Name a backup of `berth db backups`, or add --undo.');
        const session = openSession(own);
        const path = await databaseOf(session, options);
        const asked = { params: { path }, body: backup === undefined ? {} : { backup } };
        await finish(session, await body(session.api.POST(`${DATABASE}/restore`, asked)), options);
      },
    );

  command(
    'import',
    'Put data from elsewhere in the place of those of a database; `db restore --undo` goes back',
  )
    .requiredOption(
      '--from <source>',
      'a file of pg_dump or `berth`; `env:NAME`, a variable with the URL; `-`, for the URL on standard input',
    )
    .option('--authority <file>', 'PEM of the authorities that sign the certificate of the server')
    .option('--no-wait', 'start it and come back at once')
    .action(
      async (options: ResourceOption & WaitOption & { from: string; authority?: string }, own: Command) => {
        const { from, authority } = options;
        const session = openSession(own);
        const url = await urlOf(from);
        const params = { path: await databaseOf(session, options) };
        const path = `${DATABASE}/import` as const;
        if (url === undefined) {
          await finish(session, await sendDump(session, params.path, from), options);
          return;
        }
        const pem = authority === undefined ? {} : { authority: await authorityOf(authority) };
        await finish(session, await body(session.api.POST(path, { params, body: { url, ...pem } })), options);
      },
    );

  command('plan', 'Show or set when it is backed up by itself')
    .option('--schedule <fields>', 'minute, hour, day of the month, month, day of the week')
    .option('--zone <name>', 'the time zone of the schedule; UTC without it')
    .option('--keep <count>', 'how many backups stay; 7 without it')
    .option('--off', 'make none by itself')
    .action(
      async (
        options: ResourceOption & { schedule?: string; zone?: string; keep?: string; off?: boolean },
        own: Command,
      ) => {
        const { schedule, zone, keep, off } = options;
        const session = openSession(own);
        const path = await databaseOf(session, options);
        const isSet = schedule !== undefined || keep !== undefined || off === true;
        const asked = {
          ...(schedule !== undefined && !off && { schedule }),
          ...(zone !== undefined && { timeZone: zone }),
          ...(keep !== undefined && { keep: Number(keep) }),
        };
        const plan = await body(
          isSet
            ? session.api.PUT(`${DATABASE}/backup-plan`, { params: { path }, body: asked })
            : session.api.GET(`${DATABASE}/backup-plan`, { params: { path } }),
        );
        if (session.json) return sayJson(plan);
        const when =
          plan.nextAt === undefined ? 'None is made by itself' : `The next is made ${ago(plan.nextAt)}`;
        return note(`${when}; ${plan.keep} are kept.`);
      },
    );
}
