/** Programs from PyPI: each lives in an environment of its own, since they pin what they depend on. */
import { join } from 'node:path';
import { cached } from './cache.ts';
import { missingProgram, run } from './process.ts';

/** Why they can not be had here; undefined when they can. For `describe.skipIf`, with the reason printed. */
export const whyNoPython = (): Promise<string | undefined> =>
  missingProgram([['python3', '-m', 'venv', '-h']]);

/**
 * Installs packages if they are not there yet. What starts them is `python -m` or `-c`: the first lines of the
 * programs in bin/ name the directory in which they were installed.
 * @param packages with their versions: `name==1.2.3`
 * @returns the python that has them
 */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  const name = packages.join('-').replaceAll(/[^\w.]+/g, '-');
  const directory = await cached(name, async (partial) => {
    await run('python3', ['-m', 'venv', partial]);
    await run(join(partial, 'bin/python'), ['-m', 'pip', 'install', '-q', ...packages]);
  });
  return join(directory, 'bin/python');
}
