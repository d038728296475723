/** `up`: from a folder to an address, in one command. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ApiError } from '../../../client/problem.ts';
import type { Operation } from '../../../client/types.generated.ts';
import { all, body } from '../api.ts';
import { filesToSend } from '../archive.ts';
import { changeConfig, type Link, linkOf, readConfig } from '../config.ts';
import { Failure } from '../failure.ts';
import { finish, type WaitOption } from '../follow.ts';
import { nameOf } from '../names.ts';
import { note } from '../output.ts';
import { ask, isInteractive } from '../prompt.ts';
import { type GlobalOptions, openSession, type Session, serverOf } from '../session.ts';
import { signIn } from '../sign-in.ts';
import { startBuild, versionOf } from './builds.ts';
import { deploy } from './deployments.ts';

const FIRST_ENVIRONMENT = 'dev';

export function addUp(program: Command): void {
  program
    .command('up')
    .argument('[folder]', 'the source; this folder by default', '.')
    .description('Build this folder, deploy it and print its address; make what is missing on the way')
    .option('--path <path>', 'what to build of it, such as apps/web of a monorepo')
    .option('--tag <tag>', 'a name for the version, such as v1.4.0')
    .addHelpText(
      'after',
      '\nExamples:\n  berth up\n  berth up --project shop --env pr-12 --service web ./web',
    )
    .action(
      async (folder: string, options: WaitOption & { tag?: string; path?: string }, command: Command) => {
        const at = resolve(folder);
        // Before anything is made for it.
        filesToSend(at);
        await signedIn(command);
        const session = await settle(openSession(command), at);
        const built = await finish(
          { ...session, json: false },
          await startBuild(session, { folder: at, ...options }),
        );
        await deploy(session, { version: versionOf(built) }, options);
      },
    );
}

/** Whoever is at a terminal and not signed in is asked to, rather than refused. */
async function signedIn(command: Command): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const config = readConfig();
  const server = serverOf(options, config, linkOf(config, process.cwd()));
  const known = Object.values(config.contexts).some(
    (each) => each.server === server && each.token !== undefined,
  );
  if (known || process.env.BERTH_TOKEN || server === undefined || !isInteractive()) return;
  const who = await signIn({ server, browser: true, role: 'administrator', expiresIn: '30d' });
  note(`Signed in to ${server} as ${who}.`);
}

/** Finds out what is meant, makes what is missing, and remembers it for this folder. */
async function settle(session: Session, folder: string): Promise<Session> {
  const project = session.link.project ?? (await chooseProject(session));
  const environment = session.link.environment ?? FIRST_ENVIRONMENT;
  const service = session.link.service ?? nameOf(folder);
  const { api } = session;
  await make(
    `project ${project}`,
    () => api.POST('/v1/projects', { body: { name: project } }),
    () => api.GET('/v1/projects/{project}', { params: { path: { project } } }),
  );
  const path = { project };
  await make(
    `service ${service} in project ${project}`,
    () => api.POST('/v1/projects/{project}/services', { params: { path }, body: { name: service } }),
    () => api.GET('/v1/projects/{project}/services/{service}', { params: { path: { project, service } } }),
  );
  const made = await make(
    `environment ${environment} in project ${project}`,
    () => api.POST('/v1/projects/{project}/environments', { params: { path }, body: { name: environment } }),
    () =>
      api.GET('/v1/projects/{project}/environments/{environment}', {
        params: { path: { project, environment } },
      }),
  );
  if (made !== undefined) await finish({ ...session, json: false }, made as Operation);
  const link: Link = { server: api.server, project, environment, service };
  // What is named for this once, as with --env, does not change what the folder is.
  changeConfig(({ links }) => {
    const before = links[folder];
    links[folder] = before?.server === link.server ? { ...link, ...before } : link;
  });
  return {
    ...session,
    link,
    project: () => project,
    environment: () => ({ project, environment }),
    service: () => ({ project, service }),
    instance: () => ({ project, environment, service }),
  };
}

/** Makes what is not there. @returns what was made; undefined when it was there already */
async function make(
  what: string,
  create: () => Promise<{ data?: unknown }>,
  read: () => Promise<unknown>,
): Promise<unknown> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
  note(`Making ${what} ...`);
  return body(create());
}

async function chooseProject({ api }: Session): Promise<string> {
  const projects = await all((query) => api.GET('/v1/projects', { params: { query } }));
  const names = projects.map(({ name }) => name);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (!isInteractive())
    throw new Failure(
      only === undefined ? 'There is no project yet, and this one needs a name.' : 'Which project is meant?',
      only === undefined
        ? 'Such as: berth up --project shop'
        : `Say it: berth up --project ${only}. There are ${names.join(', ')}, and a new name makes one.`,
    );
  const answer = await ask(
    only === undefined
      ? 'There is no project yet. What shall yours be called?'
      : `Which project? ${names.join(', ')} or a new name:`,
  );
  if (answer === '') throw new Failure('Nothing was done: no project was named.');
  return answer;
}
