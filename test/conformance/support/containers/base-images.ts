/**
 * Images by the names that Dockerfiles have them from Docker Hub, made of Debian's packages and of this machine's Go: the
 * engine gets them from a registry of the suite that it takes for a mirror.
 */
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shortHash } from '../../../../functions/core/names.ts';
import { exampleDirectory } from '../../../support/berth.ts';
import { cached } from '../cache.ts';
import { missingProgram, run } from '../process.ts';
import type { TestPodman } from './podman.ts';

/** Why none can be had here; undefined when they can. */
export const whyNoBases = (): Promise<string | undefined> =>
  missingProgram([
    ['mmdebstrap', '--version'],
    ['go', 'version'],
    ['python3', '-m', 'pip', '--version'],
  ]);

const SUITE = 'trixie';

/** What is made of these files of an example is made anew when they change. */
async function hashOf(example: string, ...names: string[]): Promise<string> {
  const texts = names.map((name) => readFile(join(exampleDirectory(example), name), 'utf8'));
  return shortHash((await Promise.all(texts)).join('\0'));
}

/** A folder with Debian, Python and pip, and what the example needs of PyPI; and with Ruby and gems for the layer on top. */
async function pythonFolder(): Promise<string> {
  const hash = await hashOf('flask-notes', 'requirements.txt');
  return cached(`container-debian-${SUITE}-${hash}-1`, async (directory) => {
    console.log('Making an image of Debian packages: this takes some minutes, once.');
    const python = ['python3', 'python3-pip'];
    const ruby = ['ruby', 'bundler', 'ruby-sinatra', 'ruby-rackup', 'puma', 'ruby-pg'];
    const packages = `--include=${[...python, ...ruby].join(',')}`;
    await run('mmdebstrap', ['--variant=minbase', packages, SUITE, join(directory, 'root.tar')]);
    const requirements = join(exampleDirectory('flask-notes'), 'requirements.txt');
    const platform = ['--only-binary=:all:', '--python-version', '3.13', '--implementation', 'cp'];
    await run('python3', [
      ...['-m', 'pip', 'download', '--quiet', '--dest', join(directory, 'wheels')],
      ...platform,
      ...['-r', requirements],
    ]);
    await writeFile(
      join(directory, 'Dockerfile'),
      [
        'FROM scratch',
        'ADD root.tar /',
        'RUN ln -s python3 /usr/bin/python',
        'COPY wheels /wheels',
        'ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_BREAK_SYSTEM_PACKAGES=1',
        '',
      ].join('\n'),
    );
  });
}

/** Bundler asks no index: the gems are those of Debian's packages, which have to satisfy the Gemfile. */
const BUNDLE = `#!/bin/sh
case "$1" in
  install) shift; exec /usr/bin/bundle install --local "$@" ;;
  *) exec /usr/bin/bundle "$@" ;;
esac
`;

const rubyFolder = (): Promise<string> =>
  cached('container-ruby-1', async (directory) => {
    await writeFile(join(directory, 'bundle'), BUNDLE, { mode: 0o755 });
    await writeFile(
      join(directory, 'Dockerfile'),
      'ARG BASE\nFROM ${BASE}\nCOPY bundle /usr/local/bin/bundle\n',
    );
  });

/**
 * A folder with this machine's Go and the modules that the example names, for an image on top of that. What the example
 * imports is compiled once, and not in each run.
 */
async function goFolder(): Promise<string> {
  const version = (await run('go', ['env', 'GOVERSION'])).trim();
  const hash = await hashOf('go-hello', 'go.mod', 'go.sum');
  return cached(`container-${version}-${hash}-5`, async (directory) => {
    const root = (await run('go', ['env', 'GOROOT'])).trim();
    for (const name of ['bin', 'pkg', 'src', 'go.env'])
      await cp(join(root, name), join(directory, 'go', name), {
        recursive: true,
        dereference: true,
        // No build reads the sources of the tools, nor tests: half of all that an engine would have to carry.
        filter: (path) => !/\/src\/cmd(\/|$)|\/testdata(\/|$)|_test\.go$/.test(path),
      });
    await mkdir(join(directory, 'go', 'lib'), { recursive: true });
    const modules = join(directory, 'fetched');
    const go = (...args: string[]): Promise<string> =>
      run('env', [
        ...['CGO_ENABLED=0', `GOCACHE=${join(directory, 'compiled')}`, `GOMODCACHE=${modules}`],
        ...['go', '-C', exampleDirectory('go-hello'), ...args],
      ]);
    await go('mod', 'download', '-modcacherw');
    await go('build', '-modcacherw', '-trimpath', '-o', '/dev/null', '.');
    // As the proxy of modules has them: the build fetches them from there, and checks them by go.sum.
    await rename(join(modules, 'cache', 'download'), join(directory, 'modules'));
    await rm(modules, { recursive: true });
    const variables = 'GOTOOLCHAIN=local GOCACHE=/compiled GOPROXY=file:///modules';
    await writeFile(
      join(directory, 'Dockerfile'),
      `ARG BASE\nFROM \${BASE}\nCOPY go /usr/local/go\nCOPY compiled /compiled\nCOPY modules /modules\nENV PATH=/usr/local/go/bin:/usr/bin:/bin ${variables}\n`,
    );
  });
}

/** Pushes them where the engine looks for what Docker Hub has. */
export async function pushBases({ podman }: TestPodman, registry: { host: string }): Promise<void> {
  const named = (name: string): string => `${registry.host}/library/${name}`;
  const python = named('python:3.13-slim');
  await podman('build', '--quiet', '--tag', python, await pythonFolder());
  const others = [
    [named('golang:1.26'), await goFolder()],
    [named('ruby:3.3'), await rubyFolder()],
  ] as const;
  for (const [tag, folder] of others)
    await podman('build', '--quiet', '--build-arg', `BASE=${python}`, '--tag', tag, folder);
  const all = [...others.map(([tag]) => tag), python];
  for (const image of all)
    await podman('push', '--quiet', '--tls-verify=false', '--format=oci', '--compression-format=gzip', image);
  for (const image of all) await podman('rmi', '--force', image);
}
