/** The lines of a program's output that say why it failed: every error first, then what follows the first one. */
import { stripVTControlCharacters } from 'node:util';
import { quotesSource } from '../../core/logs/log-level.ts';
import { cut } from './log-lines.ts';

/** Lines of output that are kept to choose from. */
export const KEPT_LINES = 200;
/** Bytes of a line that is shown in an error. */
const SHOWN_BYTES = 300;

/** What programs print around the reason and what says nothing of it. */
const NOISE = [
  /complete log of this run|debug-\d+\.log/,
  /^npm (?:error|ERR!)\s*$/,
  /^npm (?:error|ERR!) (?:Usage:|Options:|\[-|npm (?:ci|install|run)$|aliases:|Run "npm help|Clean install a project)/,
  /^npm (?:error|ERR!) (?:signal|path|command|workspace|location) /,
  /^\s*at (?:.* \()?node:/,
  /^Node\.js v\d/,
  /^\s*\^+\s*$/,
];

/** How compilers, package managers and runtimes begin the line that names what is wrong. */
const ERRORS = [
  // Node.js, Python, Java and Ruby: `Error: …`, `TypeError [CODE]: …`, `pkg.module.SomeException: …`.
  /^(?:Uncaught )?(?:Exception in thread "[^"]{0,80}" )?(?:[A-Za-z_$][\w$]{0,60}\.){0,10}(?:[A-Z]\w{0,60})?(?:Error|Exception|Exit|Interrupt)(?: \[\w{1,60}\])?(?::|$)/,
  /^npm (?:error|ERR!) (?:code|missing script)/i,
  /^\s*\[?ERR_[A-Z_]+\]?\s/,
  /^(?:➤ )?YN\d{4}:.*(?:error|can't|couldn't|failed)/i,
  // tsc, with and without --pretty, rustc and compilers of C.
  /(?:^|\s)error TS\d{1,6}:/,
  /^error(?:\[\w{1,20}\])?:/,
  /^\S{1,300}:\d{1,9}(?::\d{1,9})?: (?:fatal )?error:/,
  // esbuild and vite, webpack and Next.js.
  /^\s*(?:✘|✖|×|X|⨯) ?\[?ERROR\b/i,
  /^\s*\[(?:ERROR|FATAL)\]/i,
  /^(?:ERROR|FATAL|CRITICAL)\b/,
  /^(?:error|fatal|panic|failed)(?: to |: )/i,
  /^Failed to (?:compile|build)/i,
  /^Module not found:/,
  /^thread '.{0,80}' panicked at/,
  // A shell, and a linker.
  /^(?:\/bin\/)?(?:sh|bash|dash): .*(?:not found|Permission denied|No such file)/,
  /error while loading shared libraries/,
  /JavaScript heap out of memory/,
];

/** Without colours and control characters: an error is shown in many places. */
const plain = (line: string): string =>
  cut(stripVTControlCharacters(line).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' '), SHOWN_BYTES).trimEnd();

const isError = (line: string): boolean => ERRORS.some((pattern) => pattern.test(line.slice(0, 500)));

export interface Telling {
  /** In the order of the output, each plain and bounded. */
  lines: string[];
  /** Errors that did not fit. */
  more: number;
  /** Whether a line names what is wrong; the last lines of the output otherwise. */
  found: boolean;
}

/** Members of an error of Node.js, printed below its trace: they say more than the trace does. */
const MEMBER = /^ {2,8}(?:code|errno|syscall|address|port|path|hostname|severity|detail|hint): /;
/** So far below an error its members are looked for. */
const MEMBERS_WITHIN = 40;

/** Lines of the trace of an error that tell as much as its own: of Python the last frame, which comes before it. */
function closestTo(error: number, lines: readonly string[]): number[] {
  const around: number[] = [];
  const frame = lines.slice(0, error).findLastIndex((line) => !line.startsWith('    '));
  if (frame !== -1 && quotesSource(lines[frame] ?? ''))
    for (let index = frame; index < error; index++) around.push(index);
  for (let index = error + 1; index < Math.min(lines.length, error + MEMBERS_WITHIN); index++) {
    if (isError(lines[index] ?? '')) break;
    if (MEMBER.test(lines[index] ?? '')) around.push(index);
  }
  return around;
}

/** @param most lines */
export function tellingLines(output: readonly string[], most: number): Telling {
  const lines = output.map(plain).filter((line) => line.trim() !== '' && !NOISE.some((n) => n.test(line)));
  const errors = lines.flatMap((line, index) => (isError(line) ? [index] : []));
  const [first] = errors;
  if (first === undefined) return { lines: lines.slice(-most), more: 0, found: false };
  const chosen = new Set(errors.slice(0, most));
  for (const index of closestTo(first, lines)) if (chosen.size < most) chosen.add(index);
  for (let index = first; index < lines.length && chosen.size < most; index++) chosen.add(index);
  const shown = lines.filter((_, index) => chosen.has(index));
  return { lines: shown, more: Math.max(0, errors.length - most), found: true };
}

/** The same as a sentence and the lines below it. */
export function quoteOutput(output: readonly string[], most: number): string {
  const { lines, more, found } = tellingLines(output, most);
  if (lines.length === 0) return 'It printed nothing.';
  const rest = more === 0 ? '' : `\nand ${more} more errors, which are in the log.`;
  return `${found ? 'Its output says' : 'Its last output'}:\n${lines.join('\n')}${rest}`;
}

/** The packages that a failed program looked for and did not find, such as "express"; no files of its own. */
export function missingPackages(output: readonly string[]): string[] {
  const names = output.flatMap((line) => {
    const [, name] =
      /Cannot find (?:module|package) '((?:@[\w.-]+\/)?[\w-][\w.-]*)/.exec(line.slice(0, 500)) ?? [];
    return name ?? [];
  });
  return [...new Set(names)];
}
