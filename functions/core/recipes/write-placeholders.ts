/** Writes text with placeholders as a Score file has it: the other way round of reading it. */
import type { Part } from '../score/placeholders.ts';

/** A placeholder in text. @example writePlaceholder(['resources', 'db', 'a.b']) // ${resources.db.a\.b} */
export const writePlaceholder = (path: readonly string[]): string =>
  `\${${path.map((name) => name.replaceAll('.', '\\.')).join('.')}}`;

/** What stands for itself, in one part wherever it is in several that follow one another. */
function merged(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if ('text' in part && last && 'text' in last) result[result.length - 1] = { text: last.text + part.text };
    else result.push(part);
  }
  return result;
}

/**
 * The text that is read as these parts, so that nothing in a part that stands for itself is taken for a placeholder.
 * @returns undefined where no text is: `${` that stands for itself, without its closing brace before a placeholder
 */
export function writeParts(parts: readonly Part[]): string | undefined {
  const all = merged(parts);
  let written = '';
  for (const [index, part] of all.entries()) {
    const text = 'path' in part ? writePlaceholder(part.path) : escaped(part.text, index === all.length - 1);
    if (text === undefined) return undefined;
    written += text;
  }
  return written;
}

function escaped(text: string, isLast: boolean): string | undefined {
  let written = '';
  let from = 0;
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', from)) {
    written += `${text.slice(from, at)}$$`;
    from = at + 1;
    if (text[from] !== '{') continue;
    // Behind an escaped opening brace all is as it is written, up to the closing one.
    const end = text.indexOf('}', from);
    if (end === -1 && !isLast) return undefined;
    if (end === -1) continue;
    written += text.slice(from, end + 1);
    from = end + 1;
  }
  return written + text.slice(from);
}
