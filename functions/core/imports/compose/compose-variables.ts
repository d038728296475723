/** Variables of a service of a Compose file. */
import { maySecret } from '../../diff/sensitive.ts';
import { withAddresses } from '../addresses-of-services.ts';
import { isVariable, literal } from '../draft.ts';
import { isMap, listOf, pairsOf, textAt, textOf } from '../loose.ts';
import { readNames } from '../manifest-text.ts';
import { pathFrom } from '../source-path.ts';
import { partOf, type Store, storeIn, storeVariable } from '../stores.ts';
import type { ComposeFile, ComposeService } from './compose.ts';

/** What Compose takes from the shell and from `.env`: `$$`, `${NAME}`, `${NAME:-default}`, `$NAME`. */
const INTERPOLATION = /\$(?:\$|\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_]\w*))/g;

/** The value with defaults in the place of what is interpolated: enough to see which host it names. */
const guessed = (value: string): string =>
  value.replaceAll(INTERPOLATION, (whole, _name, sign?: string, otherwise?: string) =>
    whole === '$$' ? '$' : sign?.endsWith('-') ? (otherwise ?? '') : 'x',
  );

export function readVariables(file: ComposeFile, each: ComposeService): void {
  const { draft, stores, hosts } = file;
  const { source, service, container } = each;
  const pairs = new Map([...envFiles(file, each), ...pairsOf(source.environment)]);
  const used = new Set<Store>();
  for (const value of pairs.values()) {
    const store = value === null ? undefined : storeIn(guessed(value), stores);
    if (store) used.add(store);
  }
  const [only] = used;
  for (const [name, value] of pairs) {
    if (!isVariable(name)) {
      draft.say(
        'edit',
        service.name,
        `the variable ${name.slice(0, 100)}`,
        'Its name is none that a process can have.',
      );
      continue;
    }
    container.variables[name] = value === null ? unset(file, each, name) : textFor(name, value);
  }

  function textFor(name: string, value: string): string {
    const guess = guessed(value);
    const named = storeIn(guess, stores);
    if (
      named &&
      (guess !== named.host || partOf(name) !== undefined || /HOST|URL|URI|ADDR|SERVER/i.test(name))
    )
      return storeVariable(draft, service, named, name, guess);
    if (only?.outputs && used.size === 1 && partOf(name) !== undefined && guess.length < 200)
      return storeVariable(draft, service, only, name, guess);
    if (!value.includes('$')) {
      const text = withAddresses(draft, service, name, value, (host) => hosts.get(host));
      // A password is not put into a file that is kept with the source.
      return text === value && maySecret(name, value)
        ? draft.secret(service, name, `a value in the Compose file, of ${each.key}`)
        : text;
    }
    return interpolated(file, each, name, value);
  }
}

/** Each variable of the shell becomes one of the environment; its default is the value there. */
function interpolated(file: ComposeFile, { service }: ComposeService, of: string, value: string): string {
  const { draft, hosts } = file;
  const pieces: string[] = [];
  let end = 0;
  for (const match of value.matchAll(INTERPOLATION)) {
    const [whole, braced, sign, otherwise = '', bare] = match;
    const before = value.slice(end, match.index);
    pieces.push(literal(before));
    end = match.index + whole.length;
    const name = braced ?? bare;
    if (name === undefined) pieces.push('$$');
    else if (sign?.endsWith('-')) pieces.push(draft.variable(service, name, new Map([['', otherwise]])));
    else if (sign?.endsWith('+')) pieces.push(literal(otherwise));
    else pieces.push(draft.secret(service, name, 'a variable of the shell, or of .env'));
  }
  const rest = value.slice(end);
  const tail = withAddresses(draft, service, of, rest, (host) => hosts.get(host));
  if (rest.includes('${'))
    draft.say(
      'edit',
      service.name,
      `the variable ${of}`,
      'Its value is nested deeper than it could be read: correct it in the Score file.',
    );
  return [...pieces, tail].join('');
}

/** A name without a value: Compose takes it from the shell, or from `.env`. */
const unset = ({ draft }: ComposeFile, { service }: ComposeService, name: string): string =>
  draft.secret(service, name, 'a variable of the shell, or of .env');

/** The names in its files of variables; their values are for `berth config import`. */
function envFiles(
  { draft, files, folder }: ComposeFile,
  { source, key, service }: ComposeService,
): Map<string, null> {
  const names = new Map<string, null>();
  for (const entry of listOf(source.env_file)) {
    const path = textOf(entry) ?? (isMap(entry) ? textAt(entry, 'path') : undefined) ?? '';
    const at = pathFrom(folder, path);
    const text = at === undefined ? undefined : files.get(at);
    if (text === undefined) {
      if (isMap(entry) && entry.required === false) continue;
      draft.say(
        'edit',
        service.name,
        `env_file: ${path.slice(0, 200)}, which was not there`,
        `Name each variable that ${key} reads in its Score file.`,
      );
      continue;
    }
    for (const name of readNames(path, text)) names.set(name, null);
    draft.say(
      'set',
      service.name,
      `the values in ${path.slice(0, 200)}`,
      `berth config import ${path.slice(0, 200)}, and berth secrets set for those that are secret.`,
    );
  }
  return names;
}
