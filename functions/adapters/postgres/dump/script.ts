/** A dump that is SQL, as pg_dump writes it by default. Commands of psql are not run: they would run here, and not on the server. */
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';
import { type ByteReader, damaged } from './byte-reader.ts';
import { type DumpItem, isCopy, rowsOf } from './dump-item.ts';
import { createSplitter } from './statements.ts';

/** Written around a dump, to keep what is in it from being a command. */
const HARMLESS = /^\\(?:un)?restrict\s/;

export async function* itemsOfScript(reader: ByteReader): AsyncGenerator<DumpItem> {
  const splitter = createSplitter();
  for (let line = await reader.line(); line; line = await reader.line()) {
    if (line.includes(0)) throw new CopyFailed('The file is neither SQL nor a dump of pg_dump -Fc.');
    const text = line.toString();
    if (splitter.isBetween() && text.startsWith('\\')) {
      if (HARMLESS.test(text)) continue;
      throw new CopyFailed(`The dump has a command of psql, which is not run: ${text.slice(0, 80).trim()}`);
    }
    for (const statement of splitter.feed(text)) {
      if (!isCopy(statement)) {
        yield { sql: statement };
        continue;
      }
      const rows = rowsOf(reader);
      yield { copy: statement, rows };
      for await (const _row of rows);
    }
  }
  if (!splitter.isBetween()) throw damaged();
}
