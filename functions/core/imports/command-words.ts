/** Command lines of manifests, as the words that a container is started with. */
import { splitWords, WordsError } from '../command-line.ts';
import type { Draft, ServiceDraft } from './draft.ts';
import { textOf, textsOf } from './loose.ts';

/** A dollar of a word is a dollar: Score and Kubernetes expand `$(NAME)` there. */
const plain = (word: string): string => word.replaceAll('$', '$$$$');

/** What Compose itself expands in a word, at its default; what has none is said. */
function expanded(draft: Draft, service: ServiceDraft, word: string): string {
  return word.replaceAll(
    /\$(?:(\$)|\{([A-Za-z_]\w*)(?::?[-?+]([^{}]*))?\}|([A-Za-z_]\w*))/g,
    (_whole, dollar, name, otherwise, bare) => {
      if (dollar !== undefined) return '$$$$';
      if (otherwise !== undefined) return plain(otherwise);
      const called = String(name ?? bare);
      if (!Object.values(service.containers).some(({ variables }) => Object.hasOwn(variables, called)))
        draft.say(
          'edit',
          service.name,
          `the command names ${called}, a variable of the shell that starts Compose`,
          `Give the container a variable ${called} in its Score file.`,
        );
      return `$(${called})`;
    },
  );
}

/**
 * A command of a manifest: a list of words, or a line. A line that needs a shell gets one.
 * @param by whose rules expand what is in it
 * @returns undefined where there is none
 */
export function readCommand(
  draft: Draft,
  service: ServiceDraft,
  value: unknown,
  by: 'compose' | 'copilot' | 'heroku',
): string[] | undefined {
  const line = textOf(value);
  const words = line === undefined ? textsOf(value) : wordsOf(line, by);
  if (words.length === 0 || words[0] === '') return undefined;
  if (by === 'compose') return words.map((word) => expanded(draft, service, word));
  return line === undefined ? words.map(plain) : words;
}

/** Compose expands dollars before it splits, so that they are kept for that; a shell of Heroku and Copilot does it. */
function wordsOf(line: string, by: 'compose' | 'copilot' | 'heroku'): string[] {
  try {
    if (by !== 'compose') return splitWords(line);
    // What Compose expands is taken out of the way of quotes and blanks, and put back.
    const kept: string[] = [];
    const hidden = line.replaceAll(
      /\$(?:\$|\{[^{}]*\}|[A-Za-z_]\w*)/g,
      (found) => `\uE000${kept.push(found) - 1}\uE001`,
    );
    return splitWords(hidden).map((word) =>
      word.replaceAll(/\uE000(\d{1,6})\uE001/g, (_whole, index) => kept[Number(index)] ?? ''),
    );
  } catch (error) {
    if (!(error instanceof WordsError)) throw error;
    return ['sh', '-c', by === 'compose' ? line : plain(line)];
  }
}
