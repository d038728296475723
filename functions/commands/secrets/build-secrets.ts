/** Secrets that every build of a project sees, such as the token of a registry of packages. */
import { buildSecretPath } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { KeptForBuilds } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Caller } from '../../records/commit.ts';
import { type KeptList, putKept } from './kept-for-builds.ts';

export const BUILD_SECRETS_MAX = limits.buildSecrets.value;
/** What a build needs for itself: a secret of this name would be overruled, or lead it astray. */
const RESERVED =
  /^(?:PATH|HOME|TMPDIR|CI|NODE_ENV|NODE_OPTIONS|LC_ALL|(?:BERTH|AWS|CODEBUILD|DOCKER|LD|DYLD|NPM_CONFIG)_.*)$/i;

export const buildSecrets: KeptList<KeptForBuilds> = {
  member: 'secrets',
  max: BUILD_SECRETS_MAX,
  path: buildSecretPath,
  tooMany: `${BUILD_SECRETS_MAX} for builds`,
  called: (name) => `secret "${name}" for builds`,
  listing: 'GET .../build-secrets',
  changed: (name, { version }) => ({ type: 'build-secret.changed', data: { name, version } }),
  deleted: (name) => ({ type: 'build-secret.deleted', data: { name } }),
};

/** @throws Problem not_found (project) | invalid_request | conflict (there are too many) */
export async function putBuildSecret(
  ports: Ports,
  caller: Caller,
  { project, name }: { project: string; name: string },
  value: string,
) {
  if (RESERVED.test(name))
    throw new Problem(
      'invalid_request',
      `The secret was not kept: ${name} is a variable of builds themselves.`,
      {
        hint: 'Choose another name, such as NPM_TOKEN, and refer to that, as ${NPM_TOKEN} in .npmrc.',
      },
    );
  return putKept(ports, caller, buildSecrets, { project, name, value, more: {} });
}
