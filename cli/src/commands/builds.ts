/** `build` and `releases`. */
import type { Command } from 'commander';
import type { Operation } from '../../../client/types.generated.ts';
import { all, body } from '../api.ts';
import { archiveOf } from '../archive.ts';
import { Failure } from '../failure.ts';
import { finish, type WaitOption } from '../follow.ts';
import { ago, note, say, sayJson, table } from '../output.ts';
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
  note(`Sending ${folder} (${(archive.byteLength / 2 ** 20).toFixed(1)} MB) ...`);
  const at = `/v1/projects/${path.project}/services/${path.service}/builds?${new URLSearchParams(more)}`;
  return api.upload<Operation>(at, archive, 'application/gzip');
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
    .description('List what was deployed, the newest first; without --env, the versions that were built')
    .option('-n, --limit <count>', 'how many at most', '20')
    .action(async (options: { limit: string }, command: Command) => {
      const session = openSession(command);
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1)
        throw new Failure('--limit must be a whole number of at least 1.');
      if (session.link.environment === undefined) await sayVersions(session, limit);
      else await sayDeployments(session, limit);
    });
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
