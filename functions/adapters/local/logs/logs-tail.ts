/** The lines that a stream begins with, read as they are asked for: a reader that is slow holds a page of them. */
import type { LogLine, LogTail } from '../../../ports/logs.ts';
import { linesMissing } from '../../../ports/rules/logs-page.ts';
import { listFiles } from './logs-names.ts';
import { readPage } from './logs-pages.ts';
import { findTail, type LogPosition } from './logs-reader.ts';

/** Lines that are held at once. */
const PAGE = 100;

/** @param options.end what is there; what is appended meanwhile is left out */
export async function* tailLines(
  directory: string,
  options: LogTail & { end: LogPosition },
): AsyncGenerator<LogLine, void> {
  const { since, end } = options;
  const held: LogLine[] = [];
  let count = 0;
  const { from, first, isCut } = await findTail(directory, options, (line) => {
    count += 1;
    if (count <= PAGE) held.push(line);
  });
  if (isCut) yield linesMissing(first, since);
  if (count <= PAGE) return yield* held.reverse();
  held.length = 0;
  let last: LogLine | undefined = first;
  let at = from && `${from.index}.${from.place}`;
  while (at !== undefined) {
    const query = {
      limit: PAGE,
      direction: 'forward',
      from: at,
      ...(since !== undefined && { since }),
    } as const;
    const page = await readPage(directory, query, end);
    // A reader may be so slow that what it has not read is rotated away.
    // Perhaps all of it, up to its end: then the last line that was given says where they are missing.
    const next = page.lines[0] ?? last;
    if (next && !(await listFiles(directory)).includes(Number.parseInt(at, 10)))
      yield linesMissing(next, since);
    yield* page.lines;
    last = page.lines.at(-1) ?? last;
    at = page.next;
  }
}
