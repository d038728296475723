/** How a Dockerfile is built, as the annotations of a workload say it. */
import { splitWords, WordsError } from '../command-line.ts';
import { limits } from '../limits.ts';
import { Problem } from '../problem.ts';
import { checkPath } from './archive-path.ts';

export interface BuildSettings {
  /** Path of the Dockerfile from the folder of the Score file. */
  dockerfile?: string;
  /** The stage that is the image; the last one where absent. */
  target?: string;
  /** Values of `ARG`, by name. */
  args?: Readonly<Record<string, string>>;
}

const STAGE = /^[a-zA-Z][a-zA-Z0-9_.-]{0,127}$/;
const ARGUMENT = /^([A-Za-z_]\w{0,127})=([^$]*)$/s;
/** What engines set by themselves, or read as an order to them. */
const OF_THE_ENGINE =
  /^(?:(?:TARGET|BUILD)(?:PLATFORM|OS|OSVERSION|ARCH|VARIANT)|BUILDKIT_.*|(?:https?|ftp|no|all)_proxy)$/i;

/** @returns the path, or a string that says why not */
export function readDockerfilePath(text: string): { value: string } | string {
  const checked = checkPath(text);
  if ('fault' in checked) return `is no path in the source: ${checked.fault}`;
  const value = checked.segments.join('/');
  return value === '' || value.startsWith('-') ? 'must be the path of a file' : { value };
}

/** @returns the stage, or a string that says why not */
export const readStage = (text: string): { value: string } | string =>
  STAGE.test(text) ? { value: text } : 'must be the name of a stage, as FROM ... AS gives it';

/** @param text `NODE_VERSION=22 'GREETING=Good day'` @returns the values, or a string that says why not */
export function readBuildArguments(text: string): Record<string, string> | string {
  if (text.length > limits.buildArguments.value)
    return `must not be longer than ${limits.buildArguments.value} characters`;
  let words: string[];
  try {
    // Behind a first word they are no variables of a command.
    words = splitWords(`build ${text}`).slice(1);
  } catch (error) {
    if (error instanceof WordsError) return `can not be split into words: ${error.message}`;
    throw error;
  }
  const found = new Map<string, string>();
  for (const word of words) {
    const [, name = '', value = ''] = ARGUMENT.exec(word) ?? [];
    if (name === '') return 'must be words of the form NAME=value, without variables';
    if (OF_THE_ENGINE.test(name)) return `must not set ${name}, which is the engine's own`;
    if (found.has(name)) return `names ${name} twice`;
    found.set(name, value);
  }
  return Object.fromEntries(found);
}

/** The refusal of a source in which there is no such Dockerfile. */
export const noDockerfile = (path: string): Problem =>
  new Problem(
    'build_failed',
    `There is nothing to build: the Score file says how ${path} is built, and the source has none.`,
    {
      hint: 'Name its path from the folder of the Score file in berth.dev/dockerfile, or leave the annotations of builds out.',
    },
  );
