/**
 * What a Dockerfile may ask of an engine that all projects share. Engines trust whoever builds: by their mounts, addresses
 * and names of images a build reaches files of the machine, its own network, and images and caches of other projects.
 * What can not be read with certainty is refused.
 */
import { limits } from '../limits.ts';
import { shortHash } from '../names.ts';
import { Problem } from '../problem.ts';
import { type Instruction, instructionsOf, linesOf, possibleInstructionsOf } from './dockerfile-lines.ts';
import { type ExternalImage, readExternalImage } from './external-image.ts';

const OTHER_ESCAPE = /^[ \t]*#[ \t]*escape[ \t]*=[ \t]*(?!\\[ \t\r]*$)/im;

/** An image by its name, in the grammar of registries. */
const IMAGE =
  /^(?:[a-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/i;
/** By these engines read an image from a file, a directory or their own storage, or by a digest of their own. */
const ELSEWHERE =
  /^(?:containers-storage|dir|docker|docker-archive|docker-daemon|oci|oci-archive|ostree|sha256|sif|tarball):/i;
/** Engines take the beginning of an image's id for its name. */
const ID = /^[0-9a-f]+$/i;
/** What Berth itself keeps in the engine. */
const OURS = /^(?:localhost\/)?berth-/i;
/** What the operator has put there, for everybody. */
const OF_THE_ENGINE = /^localhost\//i;
const STAGE = /^[a-z][a-z0-9_.-]*$/i;

/** Options of mounts that lead nowhere but into the build itself. */
const OPTIONS: Readonly<Record<string, RegExp>> = {
  secret: /^(?:(?:id|target|dst|env|mode|uid|gid)=[\w./-]+|required(?:=\w+)?)$/,
  tmpfs: /^(?:(?:target|dst|destination)=\/[\w./-]*|size=\w+)$/,
  // A step that could write to the source would lay a link there, for the next mount to follow.
  bind: /^(?:(?:source|src|target|dst|destination)=[\w./@+-]+|(?:ro|readonly)(?:=true)?)$/,
  cache:
    /^(?:id=[\w./@+-]+|(?:target|dst|destination)=\/[\w./@+-]*|(?:mode|uid|gid|sharing)=\w+|(?:ro|rw|readonly|readwrite)(?:=\w+)?)$/,
};
const UPWARD = /(?:^|[=/])\.\.(?:\/|$)/;
const CACHE_MOUNT = /--mount=(?:\S*,)?type=cache\S*/g;

/** What a source that the engine fetches by itself begins with. */
const ADDRESSES = ['http://', 'https://', 'ftp://', 'git://', 'ssh://', 'git@', 'github.com/'];

const VARIABLE = /\$(?:(\w+)|\{(\w+)(?::?-([^${}]*))?\})/g;
/** Stands for what is not known. */
const UNKNOWN = '$';

const refuse = (what: string, hint: string): Problem =>
  new Problem('build_failed', `The Dockerfile can not be built here: ${what}.`, { hint });

/** Quotes and backslashes mean nothing to what a word stands for. */
const plain = (word: string): string => word.replaceAll(/["'\\]/g, '');

function split(rest: string): { flags: string[]; words: string[] } {
  const words = rest.split(' ');
  const first = words.findIndex((word) => !plain(word).startsWith('--'));
  const count = first === -1 ? words.length : first;
  return { flags: words.slice(0, count), words: words.slice(count) };
}

/** A text with the values of arguments; it has a `$` where it is not known. */
const expand = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replaceAll(VARIABLE, (_all, bare?: string, braced?: string, otherwise?: string) => {
    const name = bare ?? braced ?? '';
    // Those of the platform are words of the engine.
    return values.get(name) ?? otherwise ?? (/^(?:TARGET|BUILD)/.test(name) ? 'amd64' : '');
  });

/** A text as it is where no argument that has another default here is known. */
const expandToDefaults = (text: string, values: ReadonlyMap<string, string>): string =>
  expand(
    text.replaceAll(VARIABLE, (all, _bare, _braced, otherwise?: string) => otherwise ?? all),
    values,
  );

/**
 * The values of arguments: those that are given, and the defaults of the others. One with two of them is not known: which one is
 * meant depends on where it stands.
 */
function valuesOf(
  instructions: readonly Instruction[],
  given: Readonly<Record<string, string>>,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const { name, rest } of instructions) {
    if (name !== 'ARG') continue;
    for (const word of rest.split(' ')) {
      const [, key, text] = /^(\w+)(?:=(.*))?$/.exec(plain(word)) ?? [];
      const own = key !== undefined && Object.hasOwn(given, key) ? given[key] : undefined;
      if (key === undefined || (text === undefined && own === undefined)) continue;
      const value = own ?? expand(text ?? '', values);
      const known = values.get(key) ?? value;
      values.set(key, known === value ? value : UNKNOWN);
    }
  }
  return values;
}

function checkImage(name: string, stages: ReadonlySet<string>): void {
  if (name === 'scratch' || stages.has(name.toLowerCase())) return;
  const isNamed = IMAGE.test(name) && !ELSEWHERE.test(name) && !ID.test(name) && !OURS.test(name);
  // What is of no registry here could be of one to an engine, which would then give it to whoever names it so.
  if (isNamed && (readExternalImage(name) || OF_THE_ENGINE.test(name))) return;
  throw refuse(
    `"${name}" is not the name of an image in a registry`,
    'Name it with its registry, such as docker.io/library/debian:13, or a stage of the Dockerfile; arguments in it have one default.',
  );
}

/** @returns the mount; one of a cache is the scope's own */
function confineMount(flag: string, scope: string): string {
  const options = flag.slice('--mount='.length).split(',');
  const types = options.filter((option) => option.startsWith('type='));
  const others = options.filter((option) => !option.startsWith('type='));
  const type = types[0]?.slice('type='.length) ?? 'bind';
  const pattern = Object.hasOwn(OPTIONS, type) ? OPTIONS[type] : undefined;
  const isTaken = (option: string): boolean => pattern?.test(option) === true && !UPWARD.test(option);
  if (!pattern || types.length > 1 || !others.every(isTaken))
    throw refuse(
      `the mount "${flag}" is not taken`,
      'Mounts are of the types secret, cache, tmpfs and bind, without "from", "rw" and "..", and without quotes and variables; COPY --from takes files of images and stages.',
    );
  if (type !== 'cache') return flag;
  const textOf = (pattern: RegExp): string | undefined =>
    others.find((option) => pattern.test(option))?.replace(pattern, '');
  const name = textOf(/^id=/) ?? textOf(/^(?:target|dst|destination)=/) ?? '';
  const rest = others.filter((option) => !option.startsWith('id='));
  return `--mount=${['type=cache', `id=berth-${shortHash(`${scope} ${name}`, 32)}`, ...rest].join(',')}`;
}

/** Whether it is an address, or a variable could make it one. */
function mayBeAddress(source: string): boolean {
  const text = source.toLowerCase();
  const [literal = ''] = text.split('$', 1);
  return ADDRESSES.some(
    (address) => text.startsWith(address) || (literal !== text && address.startsWith(literal)),
  );
}

/** What ADD takes: words, or a list in JSON. */
function sourcesOf(words: readonly string[]): string[] {
  try {
    const list: unknown = JSON.parse(words.join(' '));
    if (Array.isArray(list)) return list.slice(0, -1).map(String);
  } catch {
    // Parsers go on with what is no JSON as words.
  }
  return words.slice(0, -1).map(plain);
}

/** @returns how a Dockerfile is checked, instruction by instruction in their order */
function createCheck(
  values: ReadonlyMap<string, string>,
  stagesBefore: (line: number) => number,
  image: (name: string) => void,
) {
  const stages = new Set<string>();
  const take = (name: string): void => {
    checkImage(name, stages);
    if (!stages.has(name.toLowerCase())) image(name);
  };
  return ({ name, rest, from }: Instruction): void => {
    const { flags, words } = split(rest);
    if (name === 'FROM') {
      const [base = '', as, stage = ''] = words.map(plain);
      // An argument of a stage is known there alone, and engines then take what the text has in its place.
      for (const name of new Set([expand(base, values), expandToDefaults(base, values)])) take(name);
      if (as?.toUpperCase() === 'AS' && STAGE.test(stage) && !ID.test(stage)) stages.add(stage.toLowerCase());
    }
    if (name === 'COPY' || name === 'ADD')
      for (const flag of flags.map(plain)) {
        const [, place] = /^--from=(.*)$/.exec(flag) ?? [];
        const isStage = /^\d{1,3}$/.test(place ?? '') && Number(place) < stagesBefore(from);
        if (place !== undefined && !isStage) take(place);
      }
    if (name === 'ADD' && sourcesOf(words).some(mayBeAddress))
      throw refuse(
        'ADD takes files of the source alone, since the engine itself would fetch an address',
        'Fetch it by a program in a RUN step; COPY takes files whose names are in variables.',
      );
    if (name === 'RUN')
      for (const flag of flags) {
        if (flag.startsWith('--mount=')) confineMount(flag, '');
        else if (!/^--network=(?:default|none)$/.test(flag))
          throw refuse(`RUN does not take "${flag}" here`, 'Leave it out.');
      }
    if (name.startsWith('--')) throw refuse(`"${name}" is no instruction`, 'Write it behind its own.');
  };
}

/** All can have those, so that nobody has them by another's password. */
const isOpenToAll = (name: string): boolean => name.startsWith('docker.io/library/');

/** Images on which a Dockerfile may stand that are not everyone's: their registries say whose they are. */
function basesOf(names: ReadonlySet<string>): ExternalImage[] {
  const read = [...names].flatMap((name) => readExternalImage(name) ?? []);
  return read.filter(({ name }) => !isOpenToAll(name));
}

/**
 * @param scope stands for those who share a cache, and is known to nobody else
 * @param args values of arguments, in the place of their defaults
 * @returns the Dockerfile to build, whose cache is the scope's own, and the images that it stands on
 * @throws Problem build_failed
 */
export function confineDockerfile(
  text: string,
  scope: string,
  args: Readonly<Record<string, string>> = {},
): { text: string; bases: ExternalImage[] } {
  if (OTHER_ESCAPE.test(text)) throw refuse('it sets another escape character', 'Escape with "\\".');
  const lines = linesOf(text);
  if (lines.length > limits.dockerfileLines.value || text.length > limits.dockerfile.value)
    throw refuse(
      `it has more than ${limits.dockerfileLines.value} lines or ${limits.dockerfile.value} characters`,
      'Split it, or call scripts.',
    );
  const begins = instructionsOf(lines).filter(({ name }) => name === 'FROM');
  const possible = possibleInstructionsOf(lines);
  const names = new Set<string>();
  const check = createCheck(
    valuesOf(possible, args),
    (line) => begins.filter(({ from }) => from < line).length,
    (name) => names.add(name),
  );
  for (const instruction of possible) check(instruction);
  // Engines know a step by the steps before it and its words, and not by all that it sees.
  const label = `LABEL dev.berth.cache=${shortHash(scope, 32)}`;
  const ends = new Set(begins.map(({ to }) => to));
  const confined = lines.map((line) => line.replaceAll(CACHE_MOUNT, (flag) => confineMount(flag, scope)));
  const built = [...confined, ''].flatMap((line, at) => (ends.has(at) ? [label, line] : [line])).join('\n');
  return { text: built, bases: basesOf(names) };
}
