/** The instructions of a Dockerfile, by their lines. */

export interface Instruction {
  /** In upper case, without ONBUILD before it. */
  name: string;
  /** What follows it, with one blank between words. */
  rest: string;
  /** Its line in the file, and the one after it. */
  from: number;
  to: number;
}

/** Whatever some parser takes for a blank between words. */
const BLANK = /[\s\u0085]+/;
const CONTINUED = /\\[ \t]*$/;
const COMMENT = /^\s*#/;
const HERE_DOCUMENT = /<<-?\s*["']?([A-Za-z_]\w*)["']?/g;
/**
 * What parsers differ in: those without here-documents take their lines for instructions, some do not go on after two
 * backslashes, and some not past a comment that does not begin its line.
 */
const AMBIGUOUS = /<<|\\\\[ \t]*$|^[ \t]+#/m;

const isNothing = (line: string): boolean => COMMENT.test(line) || line.trim() === '';

/** The instruction that begins at a line, were it to begin there. */
function instructionAt(lines: readonly string[], from: number): Instruction {
  let text = '';
  let to = from;
  for (; to < lines.length; to++) {
    const line = lines[to] ?? '';
    if (to > from && isNothing(line)) continue;
    text += line.replace(CONTINUED, '');
    if (!CONTINUED.test(line)) break;
  }
  let words = text.split(BLANK).filter((word) => word !== '');
  while (words[0]?.toUpperCase() === 'ONBUILD') words = words.slice(1);
  const [name = '', ...rest] = words;
  return { name: name.toUpperCase(), rest: rest.join(' '), from, to: to + 1 };
}

/** The lines of a file, which ends where one begins. */
export const linesOf = (text: string): string[] => text.replace(/^\ufeff/, '').split(/\r?\n/);

/** The instructions, without the lines of here-documents. */
export function instructionsOf(lines: readonly string[]): Instruction[] {
  const found: Instruction[] = [];
  for (let at = 0; at < lines.length; ) {
    if (isNothing(lines[at] ?? '')) {
      at += 1;
      continue;
    }
    const instruction = instructionAt(lines, at);
    found.push(instruction);
    at = instruction.to;
    if (!['RUN', 'COPY', 'ADD'].includes(instruction.name)) continue;
    for (const [, end] of instruction.rest.matchAll(HERE_DOCUMENT)) {
      const last = lines.findIndex((line, index) => index >= at && line.trim() === end);
      if (last !== -1) at = last + 1;
    }
  }
  return found;
}

/** All that some parser could take for an instruction. */
export const possibleInstructionsOf = (lines: readonly string[]): Instruction[] =>
  AMBIGUOUS.test(lines.join('\n'))
    ? lines.map((_line, at) => instructionAt(lines, at))
    : instructionsOf(lines);
