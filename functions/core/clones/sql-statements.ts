/** Divides SQL into its statements, as PostgreSQL reads it. */

/** What can hold a semicolon that ends nothing, and what can not: text, names, code between dollars, and comments. */
const PIECES =
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|--[^\r\n]*|\/\*|;|\w[\w$]*|[^'"$;/\-\w]+|[\s\S]/y;

export class SqlFault extends Error {}

const CONTROLS =
  /^(begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction|vacuum|create\s+database|copy)\b/i;

/** The end of a comment, in which others may be. @throws SqlFault */
function endOfComment(sql: string, start: number): number {
  const ends = /\/\*|\*\//g;
  ends.lastIndex = start;
  for (let depth = 0; ; ) {
    const found = ends.exec(sql);
    if (!found) throw new SqlFault('a comment has no end');
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return ends.lastIndex;
  }
}

/**
 * The statements, without comments and white space around them.
 * @throws SqlFault for what has no end, and for a statement that a transaction of another's can not have
 */
export function statementsIn(sql: string): string[] {
  if (sql.includes('\0')) throw new SqlFault('it holds the character U+0000');
  const statements: string[] = [];
  let code = '';
  const close = (): void => {
    const statement = code.trim();
    code = '';
    if (statement === '') return;
    const control = CONTROLS.exec(statement)?.[1];
    if (control) throw new SqlFault(`statement ${statements.length + 1} may not be ${control.toUpperCase()}`);
    statements.push(statement);
  };
  for (let at = 0; at < sql.length; ) {
    PIECES.lastIndex = at;
    const [piece = ''] = PIECES.exec(sql) ?? [];
    if (piece === '/*') {
      at = endOfComment(sql, at);
      code += ' ';
      continue;
    }
    at += piece.length;
    if (piece === ';') close();
    else if (piece === "'" || piece === '"') throw new SqlFault(`a text between ${piece} has no end`);
    else if (piece === '$' && /^\$([A-Za-z_]\w*)?\$/.test(sql.slice(at - 1, at + 64)))
      throw new SqlFault('a text between dollars has no end');
    else code += piece.startsWith('--') ? ' ' : piece;
  }
  close();
  return statements;
}
