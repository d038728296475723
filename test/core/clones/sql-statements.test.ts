import { expect, it } from 'vitest';
import { SqlFault, statementsIn } from '../../../functions/core/clones/sql-statements.ts';

it('SQL is divided where PostgreSQL ends a statement, and nowhere else', () => {
  const sql = `UPDATE a SET b = 'x;''y' -- and ; more
    WHERE "c;d" = E'it\\'s;'; /* a /* b; */ ; */ DO $$ BEGIN a; END $$;
    SELECT $tag$ ; $$ ; $tag$, a$b$c, 1 - 2 / 3;;`;
  expect(statementsIn(sql)).toEqual([
    expect.stringMatching(/^UPDATE a SET b = 'x;''y' \s+WHERE "c;d" = E'it\\'s;'$/),
    'DO $$ BEGIN a; END $$',
    'SELECT $tag$ ; $$ ; $tag$, a$b$c, 1 - 2 / 3',
  ]);
  expect(statementsIn(' -- nothing\n')).toEqual([]);
  expect(statementsIn('-- old Macs\rDELETE FROM a; -- the end')).toEqual(['DELETE FROM a']);
});

it('What has no end is refused, and what would end the transaction', () => {
  for (const sql of [
    "SELECT 'a",
    'SELECT "a',
    'SELECT $$ a',
    '/* a /* b */',
    'SELECT 1; commit',
    'BEGIN;',
    'SELECT 1 \0',
  ])
    expect(() => statementsIn(sql), sql).toThrow(SqlFault);
});
