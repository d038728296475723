/** `login`, `logout`, `whoami`, `contexts`, `link`. */
import { type Command, Option } from 'commander';
import { ApiError } from '../../../client/problem.ts';
import type { Role } from '../../../client/types.generated.ts';
import { body } from '../api.ts';
import { changeConfig, linkOf, readConfig } from '../config.ts';
import { Failure, told } from '../failure.ts';
import { note, say, sayJson, table } from '../output.ts';
import { isInteractive, readInput } from '../prompt.ts';
import { type GlobalOptions, openSession, type Session, serverOf } from '../session.ts';
import { signIn, signOut } from '../sign-in.ts';

const ROLES: readonly Role[] = ['viewer', 'developer', 'maintainer', 'administrator'];

interface LoginOptions extends GlobalOptions {
  name?: string;
  token?: boolean;
  browser: boolean;
  role: Role;
  expires: string;
}

export function addSignIn(program: Command): void {
  program
    .command('login')
    .argument('[server]', 'address of a Berth; the one that was used last by default')
    .description('Sign in, by a code that you confirm in a browser')
    .option('--name <name>', 'a name of your own for this server')
    .option('--token', 'read a token from standard input instead, as in a pipeline')
    .option('--no-browser', 'show the address and open nothing')
    .addOption(
      new Option(
        '--role <role>',
        'less than you may: viewer, developer or maintainer; this machine then has a token, and lets in nobody',
      )
        .choices(ROLES)
        .default('administrator'),
    )
    .option('--expires <time>', 'how long it stays signed in, up to 90d', '30d')
    .addHelpText(
      'after',
      '\nExamples:\n  berth login http://localhost:4600\n  printenv DEPLOY_TOKEN | berth login https://berth.example.com --token',
    )
    .action(async (address: string | undefined, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<LoginOptions>();
      const config = readConfig();
      const named = { ...options, ...(address !== undefined && { server: address }) };
      const server = serverOf(named, config, linkOf(config, process.cwd()));
      if (server === undefined) throw new Failure('Which Berth?', 'berth login https://berth.example.com');
      const token = options.token ? (await readInput()).trim() : undefined;
      if (token === '')
        throw new Failure('There is no token on standard input.', 'printenv TOKEN | berth login --token');
      const who = await signIn({
        server,
        name: options.name,
        token,
        browser: options.browser && isInteractive(),
        role: options.role,
        expiresIn: options.expires,
      });
      note(`Signed in to ${server} as ${who}.`);
    });

  program
    .command('logout')
    .argument('[context]', 'as `berth contexts` lists it; the current one by default')
    .description('Sign out, and revoke the token of this machine')
    .action(async (context: string | undefined) => {
      note(`Signed out of ${await signOut(context)}.`);
    });

  program
    .command('whoami')
    .description('Show who you are, and to which Berth')
    .action(async (_: unknown, command: Command) => {
      const { api, json } = openSession(command);
      const me = await body(api.GET('/v1/me'));
      if (json) sayJson(me);
      else say(`${me.id} at ${api.server}`);
    });

  program
    .command('contexts')
    .argument('[name]', 'use this one from now on')
    .description('List the servers that you are signed in to, or choose one')
    .action((name: string | undefined, _: unknown, command: Command) => {
      const config = readConfig();
      if (name !== undefined) {
        if (config.contexts[name] === undefined)
          throw new Failure(`There is no context "${name}".`, 'Those that there are: berth contexts');
        changeConfig((change) => {
          change.current = name;
        });
        return;
      }
      const rows = Object.entries(config.contexts).map(([each, { server }]) => ({
        name: each,
        server,
        current: each === config.current,
      }));
      if (command.optsWithGlobals<GlobalOptions>().json) sayJson(rows);
      else
        table(
          ['', 'NAME', 'SERVER'],
          rows.map((row) => [row.current ? '*' : '', row.name, row.server]),
        );
    });

  program
    .command('link')
    .description('Say once which project, environment and service this folder is')
    .option('--remove', 'forget it')
    .addHelpText('after', '\nExample:\n  berth link --project demo --env dev --service guestbook')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { remove?: boolean }>();
      const folder = process.cwd();
      if (options.remove) {
        changeConfig(({ links }) => {
          delete links[folder];
        });
        return;
      }
      const session = openSession(command);
      const { link } = session;
      if (options.project || options.env || options.service || options.server) {
        changeConfig(({ links }) => {
          links[folder] = link;
        });
        await tellMissing(session);
      }
      if (options.json) sayJson(link);
      else for (const [noun, name] of Object.entries(link)) say(`${noun.padEnd(12)} ${name}`);
    });
}

/** Says what of a link is not there: a typing error, or what `berth up` makes. */
async function tellMissing(session: Session): Promise<void> {
  const { project, environment, service } = session.link;
  if (project === undefined) return;
  const { api } = session;
  const looks: [string | undefined, string, (name: string) => Promise<unknown>][] = [
    [project, 'project', () => api.GET('/v1/projects/{project}', { params: { path: { project } } })],
    [
      environment,
      'environment',
      (name) =>
        api.GET('/v1/projects/{project}/environments/{environment}', {
          params: { path: { project, environment: name } },
        }),
    ],
    [
      service,
      'service',
      (name) =>
        api.GET('/v1/projects/{project}/services/{service}', {
          params: { path: { project, service: name } },
        }),
    ],
  ];
  for (const [name, noun, look] of looks) {
    if (name === undefined) continue;
    try {
      await look(name);
    } catch (error) {
      // The folder is linked all the same: what it is can be said without a connection.
      if (!(error instanceof ApiError && error.status === 404)) {
        note(`Linked. Whether there is such a ${noun} was not found out: ${told(error).what}`);
        return;
      }
      const where = noun === 'project' ? '' : ` in project ${project}`;
      note(
        `Linked. There is no ${noun} ${name}${where} yet: berth up makes it. Where it is a typing error, link again; berth ${noun === 'project' ? 'projects' : noun === 'environment' ? 'env' : 'ps'} ${noun === 'service' ? '--all' : 'list'} shows those that there are.`,
      );
      // Nothing can be in what is not there.
      if (noun === 'project') return;
    }
  }
}
