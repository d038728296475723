/** What a dump is made of, in the order in which it is done. */
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';
import { checkEncoding } from '../copy/check-origin.ts';
import { type ByteReader, damaged } from './byte-reader.ts';

export type DumpItem =
  | { sql: string }
  /** A `COPY ... FROM stdin` with its rows. They are read before the next item is asked for. */
  | { copy: string; rows: AsyncIterable<Uint8Array> }
  | { object: string; bytes: AsyncIterable<Uint8Array> };

const COPY = /^COPY\s[\s\S]+\sFROM\s+stdin\b/i;
export const isCopy = (statement: string): boolean => COPY.test(statement);

/** About so many bytes of rows are sent at a time. */
const BATCH_BYTES = 65_536;

/** The lines up to `\.`. @throws CopyFailed where there is none */
export async function* rowsOf(reader: ByteReader): AsyncGenerator<Uint8Array> {
  let batch: Buffer[] = [];
  let size = 0;
  for (;;) {
    const line = await reader.line();
    if (!line) throw damaged();
    const isEnd = line[0] === 0x5c && /^\\\.\r?\n?$/.test(line.toString('latin1', 0, 5));
    if (!isEnd) {
      batch.push(line);
      size += line.length;
    }
    if (size >= BATCH_BYTES || (isEnd && size > 0)) {
      yield Buffer.concat(batch, size);
      batch = [];
      size = 0;
    }
    if (isEnd) return;
  }
}

/** What names roles that are not here, or what belongs to the server and not to the database. */
const LEFT_OUT = [
  /^ALTER\s[\s\S]+\sOWNER\s+TO\s+\S+$/i,
  /^(?:GRANT|REVOKE|ALTER\s+DEFAULT\s+PRIVILEGES|SET\s+(?:SESSION\s+AUTHORIZATION|ROLE|default_tablespace|default_table_access_method))\b/i,
  /^(?:COMMENT\s+ON|CREATE|ALTER|DROP)\s+SCHEMA\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"?public"?(?:\s|$)/i,
  /^COMMENT\s+ON\s+EXTENSION\b/i,
  /^CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(?:plpgsql|pg_stat_statements)"?(?:\s|$)/i,
  // Hosts guard extensions by these, in every database.
  /^CREATE\s+EVENT\s+TRIGGER\s[\s\S]+\sEXECUTE\s+(?:FUNCTION|PROCEDURE)\s+_heroku\./i,
  /^SELECT\s+(?:\*\s+FROM\s+)?pg_catalog\.pg_restore_(?:relation|attribute|extended)_stats\b/i,
];

/** Whether a statement is not run. @throws CopyFailed where the dump has another encoding than can come here */
export function isLeftOut(statement: string): boolean {
  const [, encoding] = /^SET\s+client_encoding\s*(?:=|TO)\s*'?([\w-]+)'?$/i.exec(statement) ?? [];
  if (encoding !== undefined) checkEncoding(encoding);
  if (/^(?:CREATE|DROP|ALTER)\s+DATABASE\b/i.test(statement))
    throw new CopyFailed('The dump makes a database of its own: have pg_dump write it without --create.');
  return encoding !== undefined || LEFT_OUT.some((pattern) => pattern.test(statement));
}
