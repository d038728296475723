/**
 * Images by the names that Dockerfiles have them from Docker Hub, made of Debian's packages and of this machine's Go: the
 * engine gets them from a registry of the suite that it takes for a mirror.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

const SUITE = 'bookworm';

/** A folder with Debian, Python and pip, and what the example needs of PyPI. */
const pythonFolder = (): Promise<string> =>
  cached(`container-python-${SUITE}-1`, async (directory) => {
    console.log('Making an image of Debian packages: this takes some minutes, once.');
    const packages = '--include=python3,python3-pip';
    await run('mmdebstrap', ['--variant=minbase', packages, SUITE, join(directory, 'root.tar')]);
    const requirements = join(exampleDirectory('flask-notes'), 'requirements.txt');
    const platform = ['--only-binary=:all:', '--python-version', '3.11', '--implementation', 'cp'];
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

/**
 * A folder with this machine's Go, for an image on top of that. What a program that serves HTTP needs of the library is
 * compiled once, and not in each run.
 */
async function goFolder(): Promise<string> {
  const version = (await run('go', ['env', 'GOVERSION'])).trim();
  return cached(`container-${version}-4`, async (directory) => {
    const root = (await run('go', ['env', 'GOROOT'])).trim();
    for (const name of ['bin', 'pkg', 'src', 'go.env'])
      await cp(join(root, name), join(directory, 'go', name), {
        recursive: true,
        dereference: true,
        // No build reads the sources of the tools, nor tests: half of all that an engine would have to carry.
        filter: (path) => !/\/src\/cmd(\/|$)|\/testdata(\/|$)|_test\.go$/.test(path),
      });
    await mkdir(join(directory, 'go', 'lib'), { recursive: true });
    await run('env', [
      ...['CGO_ENABLED=0', `GOCACHE=${join(directory, 'compiled')}`],
      ...['go', 'build', '-trimpath', 'net/http'],
    ]);
    await writeFile(
      join(directory, 'Dockerfile'),
      'ARG BASE\nFROM ${BASE}\nCOPY go /usr/local/go\nCOPY compiled /compiled\nENV PATH=/usr/local/go/bin:/usr/bin:/bin GOTOOLCHAIN=local GOCACHE=/compiled\n',
    );
  });
}

/** Pushes them where the engine looks for what Docker Hub has. */
export async function pushBases({ podman }: TestPodman, registry: { host: string }): Promise<void> {
  const python = `${registry.host}/library/python:3.13-slim`;
  const go = `${registry.host}/library/golang:1.24`;
  await podman('build', '--quiet', '--tag', python, await pythonFolder());
  await podman('build', '--quiet', '--build-arg', `BASE=${python}`, '--tag', go, await goFolder());
  for (const image of [python, go])
    await podman('push', '--quiet', '--tls-verify=false', '--format=oci', '--compression-format=gzip', image);
  for (const image of [go, python]) await podman('rmi', '--force', image);
}
