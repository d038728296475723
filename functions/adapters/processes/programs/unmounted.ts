/** What a workload should know of a place where nothing is mounted: its paths lead to the machine's own files. */
import type { ScoreWorkload } from '../../../core/score/workload.ts';

const isBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);

/**
 * A sentence for each volume and file that is not below the working directory, from which it would be reached by a
 * relative path.
 */
export function unmounted({ containers }: ScoreWorkload, workingDir: string): string[] {
  const directory = workingDir === '' ? '/' : workingDir;
  return Object.entries(containers).flatMap(([name, { volumes = {}, files = {} }]) =>
    [
      ...Object.keys(volumes).map((target) => ({ kind: 'volume', target })),
      ...Object.keys(files).map((target) => ({ kind: 'file', target })),
    ]
      .filter(({ target }) => directory === '/' || !isBelow(target, directory))
      .map(
        ({ kind, target }) =>
          `Container "${name}": the ${kind} ${target} is at $BERTH_ROOT${target} on this machine. A program that opens ` +
          `${target} itself reaches the machine's own ${target}, which all environments share. Read the variable ` +
          `BERTH_ROOT, or mount below ${directory === '/' ? 'the working directory' : directory} and use a relative path.`,
      ),
  );
}
