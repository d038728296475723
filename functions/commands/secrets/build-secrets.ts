/** Secrets that every build of a project sees, such as the token of a private registry. */

import { buildSecretPath, buildSecretsKey, projectKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { BuildSecrets } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { BuildSecret } from '../../ports/builder.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { type Caller, commit, IdempotencyRace, missing, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';

export const BUILD_SECRETS_MAX = limits.buildSecrets.value;
/** What a build needs for itself: a secret of this name would be overruled, or lead it astray. */
const RESERVED =
  /^(?:PATH|HOME|TMPDIR|CI|NODE_ENV|NODE_OPTIONS|LC_ALL|(?:BERTH|AWS|CODEBUILD|DOCKER|LD|DYLD|NPM_CONFIG)_.*)$/i;

/** Those of a project; version 0 where there never were any. */
export async function readBuildSecrets(ports: Ports, project: string): Promise<Item<BuildSecrets>> {
  const key = buildSecretsKey(project);
  return (await ports.store.get<BuildSecrets>(key)) ?? { ...key, data: { secrets: {} }, version: 0 };
}

/** What a build is given of them: names and where they are, with a way to read them. */
export async function buildSecretsOf(ports: Ports, project: string): Promise<BuildSecret[]> {
  const { data } = await readBuildSecrets(ports, project);
  return Object.entries(data.secrets).map(([name, { version }]) => ({
    name,
    path: buildSecretPath(project, name),
    version,
    async read() {
      const value = await ports.secrets.get(this.path, version);
      if (value !== undefined) return value;
      throw new Problem('build_failed', `The build failed: its secret ${name} is gone.`, {
        hint: `Set it again with PUT /v1/projects/${project}/build-secrets/${name}, then build again.`,
      });
    },
  }));
}

/** @throws Problem not_found (project) | invalid_request | conflict (there are too many) */
export async function putBuildSecret(
  ports: Ports,
  caller: Caller,
  { project, name }: { project: string; name: string },
  value: string,
): Promise<{ name: string } & BuildSecrets['secrets'][string]> {
  if (RESERVED.test(name))
    throw new Problem(
      'invalid_request',
      `The secret was not kept: ${name} is a variable of builds themselves.`,
      {
        hint: 'Choose another name, such as NPM_TOKEN, and refer to that, as ${NPM_TOKEN} in .npmrc.',
      },
    );
  await getProject(ports.store, project);
  const path = buildSecretPath(project, name);
  // The value is written first, so that a record never names a version that does not exist.
  const version = await ports.secrets.put(path, value, { versionId: ports.effects.id() });
  try {
    return await retryOnConflict(async () => {
      const item = await readBuildSecrets(ports, project);
      const { secrets } = item.data;
      if (!Object.hasOwn(secrets, name) && Object.keys(secrets).length >= BUILD_SECRETS_MAX)
        throw new Problem(
          'conflict',
          `The secret was not kept: the project has ${BUILD_SECRETS_MAX} for builds.`,
          {
            hint: 'Delete one that no build needs.',
          },
        );
      const added = {
        version,
        updatedAt: new Date(ports.effects.now()).toISOString(),
        updatedBy: caller.actor,
      };
      const result = { name, ...added };
      await write(
        ports,
        caller,
        item,
        project,
        { ...secrets, [name]: added },
        {
          type: 'build-secret.changed',
          data: { name, version },
          result,
        },
      );
      return result;
    });
  } catch (error) {
    // The record was not written, so nothing can refer to this version.
    const refused = error instanceof Problem || error instanceof IdempotencyRace;
    if (refused) await undo(ports, project, name, version).catch(() => undefined);
    throw error;
  }
}

async function undo(ports: Ports, project: string, name: string, version: string): Promise<void> {
  const path = buildSecretPath(project, name);
  const { data } = await readBuildSecrets(ports, project);
  // Of a name that is in no record, nothing would ever remove the rest.
  await (Object.hasOwn(data.secrets, name)
    ? ports.secrets.revoke(path, version)
    : ports.secrets.remove(path));
}

/** @throws Problem not_found */
export async function deleteBuildSecret(
  ports: Ports,
  caller: Caller,
  { project, name }: { project: string; name: string },
): Promise<void> {
  await getProject(ports.store, project);
  await retryOnConflict(async () => {
    const item = await readBuildSecrets(ports, project);
    const { [name]: found, ...rest } = item.data.secrets;
    if (!found) throw missing(`secret "${name}" for builds`, 'List them with GET .../build-secrets.');
    await write(ports, caller, item, project, rest, { type: 'build-secret.deleted', data: { name } });
  });
  // If it was set again in the meantime, its value is not ours to remove.
  const { data } = await readBuildSecrets(ports, project);
  if (!Object.hasOwn(data.secrets, name)) await ports.secrets.remove(buildSecretPath(project, name));
}

type Told = (
  | { type: 'build-secret.changed'; data: { name: string; version: string } }
  | { type: 'build-secret.deleted'; data: { name: string } }
) & { result?: unknown };

const write = (
  ports: Ports,
  caller: Caller,
  { pk, sk, version }: Item<BuildSecrets>,
  project: string,
  secrets: BuildSecrets['secrets'],
  { result, ...event }: Told,
) =>
  commit(ports, caller, {
    writes: [
      { put: { pk, sk, data: { secrets } }, if: version === 0 ? 'absent' : { version } },
      { check: projectKey(project), if: 'present' },
    ],
    events: [{ project, ...event }],
    ...(result !== undefined && { result }),
  });

/** Removes those of a project that was deleted. */
export async function forgetBuildSecrets(ports: Ports, project: string): Promise<void> {
  const { data, version } = await readBuildSecrets(ports, project);
  if (version === 0) return;
  for (const name of Object.keys(data.secrets)) await ports.secrets.remove(buildSecretPath(project, name));
  await ports.store.transact([
    { check: projectKey(project), if: 'absent' },
    { delete: buildSecretsKey(project), if: { version } },
  ]);
}
