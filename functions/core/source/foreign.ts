/** Files of other languages and builders: seen, named, and not built on one machine. */
import { Problem } from '../problem.ts';
import type { SourceFiles } from './detect.ts';
import { parsePackageJson } from './package-json.ts';

export const DOCKERFILE = 'Dockerfile';
/** Files of other languages that list what a program stands on. */
export const DEPENDENCY_FILES = ['requirements.txt', 'go.mod', 'Gemfile'] as const;

interface Foreign {
  name: string;
  language: string;
  /** A program needs the packages that it lists while it runs, so that without them nothing works. */
  packages: boolean;
}

const file = (name: string, language: string, packages = false): Foreign => ({ name, language, packages });

const FOREIGN: readonly Foreign[] = [
  file('requirements.txt', 'Python', true),
  file('pyproject.toml', 'Python', true),
  file('Pipfile', 'Python', true),
  file('Gemfile', 'Ruby', true),
  file('composer.json', 'PHP', true),
  file('mix.exs', 'Elixir', true),
  file('go.mod', 'Go'),
  file('Cargo.toml', 'Rust'),
  file('pom.xml', 'Java'),
  file('build.gradle', 'Java'),
  file('build.gradle.kts', 'Kotlin'),
  file(DOCKERFILE, 'a Dockerfile'),
];

const HINT =
  'With a Dockerfile it is built and run in a container, where Docker or Podman runs on the machine of Berth. Or build an image of it elsewhere and make a version of that: POST .../versions with {"image": "<reference>"}, for a Berth that deploys to a cluster. Berth on AWS builds it from this source.';

export const foreignOf = (files: SourceFiles): Foreign[] => FOREIGN.filter(({ name }) => files.has(name));

/** @throws Problem nothing_to_run where packages are listed that nothing here installs */
export function refuseUninstalled(foreign: readonly Foreign[]): void {
  const listed = foreign.filter(({ packages }) => packages);
  if (listed.length === 0) return;
  const names = listed.map(({ name, language }) => `${name} (${language})`).join(', ');
  throw new Problem(
    'nothing_to_run',
    `The source can not be built on one machine: it has ${names}, and Node.js programs and static sites are what is built there.`,
    { hint: HINT },
  );
}

const isWorkspace = (files: SourceFiles): boolean =>
  files.has('pnpm-workspace.yaml') ||
  parsePackageJson(files.get('package.json') ?? '{}').workspaces !== undefined;

/** The refusal of a source in which nothing says what to run. @param noEngine why a Dockerfile was not built, as a clause */
export function nothingToRun(files: SourceFiles, noEngine?: string): Problem {
  const foreign = foreignOf(files);
  const nothing =
    'Nothing to run was found: the source has no Procfile, no package.json with a start script, main or server.js, and no index.html.';
  if (isWorkspace(files))
    return new Problem('nothing_to_run', `${nothing} It is a workspace of several packages.`, {
      hint: 'Name the package to run with path, such as path=packages/api (berth up --path packages/api).',
    });
  if (foreign.length === 0)
    return new Problem('nothing_to_run', nothing, {
      hint: 'Add a start script to package.json, a Procfile with "web: <command>", or a command to the Score file.',
    });
  if (noEngine !== undefined)
    return new Problem('nothing_to_run', `The source is built by its Dockerfile, and ${noEngine}.`, {
      hint: 'Start Docker or Podman on the machine of Berth as its administrator, or name its socket in DOCKER_HOST, then build again.',
    });
  const names = foreign.map(({ name }) => name).join(', ');
  return new Problem('nothing_to_run', `${nothing} It has ${names}, which is not built on one machine.`, {
    hint: HINT,
  });
}
