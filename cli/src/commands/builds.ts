/** `build`, `releases` and `versions`. */
import type { Command } from 'commander';
import { ApiError, problemOf } from '../../../client/problem.ts';
import type { Operation, UploadTarget } from '../../../client/types.generated.ts';
import { all, body } from '../api.ts';
import { archiveOf } from '../archive.ts';
import { Failure } from '../failure.ts';
import { finish, type WaitOption } from '../follow.ts';
import { ago, note, say, sayJson, sized, table } from '../output.ts';
import { confirm } from '../prompt.ts';
import { openSession, type Session } from '../session.ts';

interface BuildOptions extends WaitOption {
  git?: string;
  ref?: string;
  tag?: string;
  /** What to build of the source, as a path in it. */
  path?: string;
}

export interface BuildRequest extends BuildOptions {
  folder: string;
}

/** Starts a build of a folder, or of a commit. */
export async function startBuild(
  { api, service }: Session,
  { folder, git, ref, tag, path: part }: BuildRequest,
): Promise<Operation> {
  const path = service();
  const more = { ...(tag !== undefined && { tag }), ...(part !== undefined && { path: part }) };
  if (git !== undefined) {
    const source = { url: git, ref: ref ?? 'main' };
    return body(
      api.POST('/v1/projects/{project}/services/{service}/builds', {
        params: { path },
        body: { git: source, ...more },
      }),
    );
  }
  const archive = await archiveOf(folder);
  note(`Sending ${folder} (${sized(archive.byteLength)}) ...`);
  const target = await body(
    api.POST('/v1/projects/{project}/services/{service}/uploads', {
      params: { path },
      body: { bytes: archive.byteLength },
    }),
  );
  await sendArchive(target, archive);
  return body(
    api.POST('/v1/projects/{project}/services/{service}/builds', {
      params: { path },
      body: { upload: target.id, ...more },
    }),
  );
}

/** To an address that lets in whoever has it: no credentials of Berth go there. */
async function sendArchive(
  { url, method, headers }: UploadTarget,
  archive: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const answer = await fetch(url, { method, headers, body: archive });
  if (!answer.ok) throw new ApiError(answer.status, await problemOf(answer));
}

/** The version that a build has made. */
export function versionOf({ result }: Operation): string {
  const version = result?.version;
  if (typeof version !== 'string') throw new Failure('The build has ended without a version.');
  return version;
}

export function addBuilds(program: Command): void {
  program
    .command('build')
    .argument('[folder]', 'the source; this folder by default', '.')
    .description('Build a version from a folder or from git')
    .option('--git <url>', 'build from this repository instead')
    .option('--ref <ref>', 'branch, tag or commit; main by default')
    .option('--path <path>', 'what to build of it, such as apps/web of a monorepo')
    .option('--tag <tag>', 'a name for the version, such as v1.4.0')
    .option('--no-wait', 'start it and come back at once')
    .addHelpText(
      'after',
      '\nExamples:\n  berth build --service web\n  berth build --git https://git.example.com/shop/web --ref v1.4.0',
    )
    .action(async (folder: string, options: BuildOptions, command: Command) => {
      const session = openSession(command);
      const { resolve } = await import('node:path');
      const ended = await finish(
        session,
        await startBuild(session, { folder: resolve(folder), ...options }),
        options,
      );
      if (options.wait && !session.json) say(versionOf(ended));
    });

  program
    .command('releases')
    .description('List what was deployed, the newest first; where no environment is meant, the versions')
    .option('-n, --limit <count>', 'how many at most', '20')
    .action(async ({ limit }: { limit: string }, command: Command) => {
      const session = openSession(command);
      if (session.link.environment === undefined) await sayVersions(session, countOf(limit));
      else await sayDeployments(session, countOf(limit));
    });

  const versions = program
    .command('versions')
    .description('List what was built, the newest first, wherever it runs')
    .option('-n, --limit <count>', 'how many at most', '20')
    .action(async ({ limit }: { limit: string }, command: Command) => {
      await sayVersions(openSession(command), countOf(limit));
    });

  versions
    .command('delete')
    .argument('<version>', 'id or tag of a version')
    .description('Delete a version that no environment holds, with its image')
    .action(async (version: string, _: unknown, command: Command) => {
      const session = openSession(command);
      const path = { ...session.service(), version };
      await confirm(`This deletes ${version} of ${path.service} with its image.`, version, session.yes);
      await body(
        session.api.DELETE('/v1/projects/{project}/services/{service}/versions/{version}', {
          params: { path },
        }),
      );
      if (!session.json) say(`${version} is deleted.`);
    });
}

function countOf(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new Failure('--limit must be a whole number of at least 1.');
  return limit;
}

async function sayVersions({ api, json, service }: Session, limit: number): Promise<void> {
  const path = service();
  const versions = await all(
    (query) => api.GET('/v1/projects/{project}/services/{service}/versions', { params: { path, query } }),
    limit,
  );
  if (json) return sayJson(versions);
  const rows = versions.map(({ id, tags, createdAt, createdBy }) => [
    id,
    tags.join(' '),
    ago(createdAt),
    createdBy,
  ]);
  return table(['VERSION', 'TAGS', 'BUILT', 'BY'], rows);
}

async function sayDeployments({ api, json, instance }: Session, limit: number): Promise<void> {
  const path = instance();
  const deployments = await all(
    (query) =>
      api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/deployments', {
        params: { path, query },
      }),
    limit,
  );
  if (json) return sayJson(deployments);
  const rows = deployments.map(({ number, kind, version, status, createdAt, createdBy, revision }) => [
    `#${number}`,
    kind,
    version,
    revision?.tag ?? revision?.commit?.slice(0, 12),
    status,
    ago(createdAt),
    createdBy,
  ]);
  return table(['', 'KIND', 'VERSION', 'REVISION', 'STATUS', 'WHEN', 'BY'], rows);
}
