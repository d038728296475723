/**
 * What makes two databases equal. That nothing is missing is asked of the catalogs themselves, by the names of all
 * objects of any kind, and not of the statements that make them: what no statement makes is seen as well.
 */
import type { SqlConnection } from '../../../ports/databases.ts';
import { HOSTS_EXTENSIONS, ownObject, ownRelations, roleName } from './sql-parts.ts';
import { STATEMENTS_AFTER, STATEMENTS_AFTER_ELSEWHERE } from './statements-after.ts';
import { STATEMENTS_BEFORE } from './statements-before.ts';

/** Catalogs with things that an owner can make in a database, with what belongs to others of them left out. */
const CATALOGS: Readonly<Record<string, string>> = {
  pg_namespace: `nspname !~ '^pg_(toast|temp)'`,
  pg_class: `relkind <> 't' AND relnamespace::regnamespace::text !~ '^pg_(toast|temp)'`,
  // Those of arrays and rows come with what they are of.
  pg_type: `typelem = 0 AND typrelid = 0`,
  pg_trigger: 'NOT tgisinternal',
  ...Object.fromEntries(
    [
      ...['pg_proc', 'pg_operator', 'pg_opclass', 'pg_opfamily', 'pg_cast', 'pg_collation', 'pg_conversion'],
      ...['pg_constraint', 'pg_attrdef', 'pg_rewrite', 'pg_policy', 'pg_extension', 'pg_language', 'pg_am'],
      ...[
        'pg_event_trigger',
        'pg_foreign_data_wrapper',
        'pg_foreign_server',
        'pg_publication',
        'pg_transform',
      ],
      ...[
        'pg_statistic_ext',
        'pg_ts_config',
        'pg_ts_dict',
        'pg_ts_parser',
        'pg_ts_template',
        'pg_default_acl',
      ],
    ].map((catalog) => [catalog, 'true']),
  ),
};

/** @param but other conditions for some of them */
const objectsOf = (but: Readonly<Record<string, string>> = {}): string =>
  Object.entries({ ...CATALOGS, ...but })
    .map(
      ([catalog, where]) =>
        `SELECT o.type || ' ' || o.identity AS fact FROM ${catalog}, pg_identify_object('${catalog}'::regclass, ${catalog}.oid, 0) AS o
         WHERE ${where} AND ${ownObject(catalog, `${catalog}.oid`)}`,
    )
    .join(' UNION ALL ');

const DETAILS = [
  `SELECT concat_ws(' ', 'relation', c.oid::regclass, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
     c.relreplident, c.relispartition, c.relispopulated, ${roleName('c.relowner')}) AS fact FROM ${ownRelations('rpvmSc')}`,
  // Rows are written down by the places of their columns.
  `SELECT concat_ws(' ', 'column', a.attrelid::regclass, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname,
     format_type(a.atttypid, a.atttypmod), nullif(a.attcollation, 0)::regcollation, a.attnotnull, a.attidentity, a.attgenerated, a.attstorage,
     a.attcompression, a.attislocal, a.attoptions, pg_get_expr(d.adbin, d.adrelid)) AS fact
   FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid IN (SELECT c.oid FROM ${ownRelations('rpvmcf')})`,
  `SELECT format('constraint %s %s %s %s', k.conname, k.conrelid::regclass, k.convalidated, pg_get_constraintdef(k.oid)) AS fact
   FROM pg_constraint AS k WHERE ${ownObject('pg_constraint', 'k.oid')}`,
  `SELECT format('extension %s %s', extname, extversion) AS fact FROM pg_extension`,
  `SELECT format('large object %s %s', oid, ${roleName('lomowner')}) AS fact FROM pg_largeobject_metadata`,
];

/** What is asked of a database to copy it, and to compare it. */
export interface Questions {
  /** Their answers are facts. */
  facts: readonly string[];
  before: readonly string[];
  after: readonly string[];
  /** Relations whose rows are summed up. */
  summed: string;
  /** A statement whose answers are the same on both sides is a fact too; where not, each has to succeed. */
  isSameServer: boolean;
}

/** Of databases on servers of the same version. */
export const SAME_SERVER: Questions = {
  facts: [objectsOf(), ...DETAILS],
  before: STATEMENTS_BEFORE,
  after: STATEMENTS_AFTER,
  summed: 'rm',
  isSameServer: true,
};

/**
 * Of a database on a server elsewhere, perhaps of an older version, with roles that are not here. Servers of other versions
 * write the same definition in other words, so that what is compared are names, forms and values. Access lists stay there. Rows of
 * materialized views are computed anew here. Event triggers of other roles than that of the login are the host's, who alone can make any.
 */
export const ELSEWHERE: Questions = {
  facts: [
    objectsOf({
      // Since PostgreSQL 18 that a column is never null is a constraint. Those of partitions have names that the server makes.
      pg_constraint: `contype <> 'n' AND conparentid = 0`,
      pg_extension: `extname NOT IN (${HOSTS_EXTENSIONS})`,
      pg_event_trigger: 'evtowner = current_user::regrole',
      pg_default_acl: 'false',
    }),
    `SELECT concat_ws(' ', 'relation', c.oid::regclass, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
       c.relreplident, c.relispartition, c.relispopulated) AS fact FROM ${ownRelations('rpvmSc')}`,
    `SELECT concat_ws(' ', 'column', a.attrelid::regclass, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname,
       format_type(a.atttypid, a.atttypmod), nullif(a.attcollation, 0)::regcollation, a.attnotnull, a.attidentity, a.attgenerated, a.atthasdef) AS fact
     FROM pg_attribute AS a WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid IN (SELECT c.oid FROM ${ownRelations('rpmcf')})`,
    `SELECT format('constraint %s %s %s', k.conname, k.conrelid::regclass, k.convalidated) AS fact
     FROM pg_constraint AS k WHERE k.contype <> 'n' AND k.conparentid = 0 AND ${ownObject('pg_constraint', 'k.oid')}`,
  ],
  before: STATEMENTS_BEFORE,
  after: STATEMENTS_AFTER_ELSEWHERE,
  summed: 'r',
  isSameServer: false,
};

interface Sequence {
  name: string;
  last: string;
  called: boolean;
}

export interface Facts {
  lines: string[];
  sequences: Sequence[];
  tables: number;
  rows: number;
}

/** Relations with rows. */
const tablesOf = (kinds: string): string =>
  `SELECT c.oid::regclass::text AS name FROM ${ownRelations(kinds)} AND (c.relkind = 'r' OR c.relispopulated) ORDER BY c.oid`;
const SEQUENCES = `SELECT c.oid::regclass::text AS name FROM ${ownRelations('S')} ORDER BY c.oid`;

export const asked = async <Row extends Record<string, unknown>>(
  sql: SqlConnection,
  questions: readonly string[],
): Promise<Row[]> => {
  const answers: Row[] = [];
  for (const question of questions) answers.push(...(await sql.query<Row>(question)));
  return answers;
};

export const statementsOf = async (sql: SqlConnection, questions: readonly string[]): Promise<string[]> =>
  (await asked<{ statement: string }>(sql, questions)).map(({ statement }) => statement);

/** All that has to be the same in a copy, a line each; rows by their number and a sum over their values. */
export async function factsOf(
  sql: SqlConnection,
  signal: AbortSignal,
  questions: Questions = SAME_SERVER,
): Promise<Facts> {
  const lines = (await asked<{ fact: string }>(sql, questions.facts)).map(({ fact }) => fact);
  if (questions.isSameServer)
    lines.push(...(await statementsOf(sql, [...questions.before, ...questions.after])));
  const tables = await sql.query<{ name: string }>(tablesOf(questions.summed));
  let rows = 0;
  for (const { name } of tables) {
    signal.throwIfAborted();
    const [row] = await sql.query<{ count: string; sum: string | null }>(
      `SELECT count(*) AS count, sum(hashtextextended(ROW("berth row".*)::text, 0)::numeric)::text AS sum FROM ONLY ${name} AS "berth row"`,
    );
    rows += Number(row?.count);
    lines.push(`rows ${name} ${row?.count} ${row?.sum}`);
  }
  const sequences: Sequence[] = [];
  for (const { name } of await sql.query<{ name: string }>(SEQUENCES)) {
    const [row] = await sql.query<Omit<Sequence, 'name'>>(
      `SELECT last_value::text AS last, is_called AS called FROM ${name}`,
    );
    if (row) sequences.push({ name, ...row });
    lines.push(`sequence ${name} ${row?.last} ${row?.called}`);
  }
  const objects = await sql.query<{ oid: string; sum: string }>(
    `SELECT l.oid::text AS oid, md5(lo_get(l.oid)) AS sum FROM pg_largeobject_metadata AS l ORDER BY l.oid`,
  );
  for (const { oid, sum } of objects) lines.push(`large object ${oid} ${sum}`);
  return { lines: lines.sort(), sequences, tables: tables.length, rows };
}
