/**
 * The environment of a container's processes, and the words they are started with.
 *
 * A process sees what its workload declares, what its image sets, and this, and nothing of Berth's own:
 *
 * - `PORT`: where to listen for the first service port; `PORT_{NAME}`: for each further one.
 * - `HOME`, `TMPDIR`: directories of its own.
 * - `PATH`: the program directories of the image, of Node, and of the system.
 * - `BERTH_ROOT`: the container's root directory on this machine. The container is not a file system of its
 *   own here: a file or volume declared at `/data` is at `$BERTH_ROOT/data`. Paths relative to the working
 *   directory are right as they are, and a word of `command` or `args` that is an absolute path of something
 *   in the container is translated; values of variables are not.
 * - `BERTH_WORKLOAD`: marks the process as one of this Berth's.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { portVariable } from '../../core/score/all-variables.ts';
import { expansionBudget } from '../../core/score/expansion-budget.ts';
import { expandVariables } from '../../core/score/variable-expansion.ts';
import type { ImageConfig } from '../../ports/registry.ts';
import type { ContainerSpec, ServicePort } from '../../ports/workloads.ts';
import { MARKER } from '../system/marked-processes.ts';
import { mapPath } from './root/root.ts';

export interface Surroundings {
  marker: string;
  root: string;
  home: string;
  tmp: string;
  /** Working directory on this machine. */
  directory: string;
  ports: ServicePort[];
  /** The port on this machine, by target port. */
  bound: ReadonlyMap<number, number>;
}

const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin'];
const systemDirectory = /^\/(usr\/)?(local\/)?s?bin\/?$/;

function searchPath(image: ImageConfig, { root, directory }: Surroundings): string {
  const own = (image.env.PATH ?? '')
    .split(':')
    .filter(
      (entry) =>
        entry.startsWith('/') &&
        !entry.includes('/..') &&
        !entry.includes('\0') &&
        !systemDirectory.test(entry),
    )
    .map((entry) => mapPath(root, entry))
    .filter((entry) => existsSync(entry));
  return [...own, join(directory, 'node_modules/.bin'), dirname(process.execPath), ...SYSTEM_PATH].join(':');
}

type Ports = Pick<Surroundings, 'ports' | 'bound'>;

const portVariables = ({ ports, bound }: Ports): Record<string, string> =>
  Object.fromEntries(
    ports.map((port, index) => [
      portVariable(index, port.name),
      String(bound.get(port.targetPort) ?? port.targetPort),
    ]),
  );

/** No name that the system would read differently, and nothing that ends the value early. */
const usable = ([name, value]: [string, string]): boolean =>
  name !== '' && !name.includes('=') && !name.includes('\0') && !value.includes('\0');

export function containerVariables(
  container: ContainerSpec,
  image: ImageConfig,
  surroundings: Surroundings,
): Record<string, string> {
  const { PATH: _, ...ofImage } = image.env;
  const entries = Object.entries({
    HOME: surroundings.home,
    TMPDIR: surroundings.tmp,
    PATH: searchPath(image, surroundings),
    ...ofImage,
    ...Object.fromEntries(container.variables.map(({ name, value }) => [name, value])),
    ...portVariables(surroundings),
    BERTH_ROOT: surroundings.root,
    [MARKER]: surroundings.marker,
  });
  return Object.fromEntries(entries.filter(usable));
}

/** In a container of an engine, which adds what its image sets: nothing of this machine is seen there. */
export function enclosedVariables(
  container: ContainerSpec,
  image: ImageConfig,
  ports: Ports,
): Record<string, string> {
  const entries = Object.entries({
    ...portVariables(ports),
    // The one place that all may write to.
    ...(image.env.HOME === undefined && { HOME: '/tmp' }),
    ...Object.fromEntries(container.variables.map(({ name, value }) => [name, value])),
  });
  return Object.fromEntries(entries.filter(usable));
}

/** A program and its arguments, from words in which an absolute path means one in the container. */
export function resolveWords(words: readonly string[], root: string): { command: string; args: string[] } {
  const resolved = words.map((word) => {
    if (!word.startsWith('/') || word.length < 2 || word.split('/').includes('..') || word.includes('\0'))
      return word;
    const mapped = mapPath(root, word);
    return existsSync(mapped) ? mapped : word;
  });
  return { command: resolved[0] ?? '', args: resolved.slice(1) };
}

/** What a container runs: its own words in place of the image's, variables expanded. */
export function containerWords(container: ContainerSpec, image: ImageConfig, surroundings: Ports): string[] {
  const known = {
    ...Object.fromEntries(container.variables.map(({ name, value }) => [name, value])),
    ...portVariables(surroundings),
  };
  // As Kubernetes does: one's own command leaves out the image's arguments as well.
  const args = container.args ?? (container.command ? [] : image.cmd);
  const budget = expansionBudget();
  return [...(container.command ?? image.entrypoint), ...args].map((word) =>
    expandVariables(word, known, budget),
  );
}
