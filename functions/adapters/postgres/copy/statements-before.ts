/** Questions whose answers are the statements that make all that there has to be before rows: types, code, tables, views. */
import {
  COLLATE,
  FIRST_OWN,
  HOSTS_EXTENSIONS,
  OPTIONS,
  ownObject,
  ownRelations,
  SEQUENCE_OPTIONS,
} from './sql-parts.ts';

/** What this column is named changes with the version of the server. */
const LOCALE = `coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', collcollate)`;

const ownTypes = (kind: string): string =>
  `pg_type AS t WHERE t.typtype = '${kind}' AND ${ownObject('pg_type', 't.oid')} ORDER BY t.oid`;

const SCHEMAS = [
  `SELECT 'DROP SCHEMA public' AS statement WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND oid < ${FIRST_OWN})`,
  `SELECT format('CREATE SCHEMA %I', nspname) AS statement FROM pg_namespace
   WHERE nspname !~ '^pg_(toast|temp)' AND ${ownObject('pg_namespace', 'pg_namespace.oid')} ORDER BY oid`,
  `SELECT format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %s', extname, extnamespace::regnamespace) AS statement
   FROM pg_extension WHERE oid >= ${FIRST_OWN} AND extname NOT IN (${HOSTS_EXTENSIONS}) ORDER BY oid`,
];

const TYPES = [
  `SELECT format('CREATE COLLATION %s (PROVIDER = %s, %s, DETERMINISTIC = %s)', c.oid::regcollation,
     CASE collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
     CASE collprovider WHEN 'c' THEN format('LC_COLLATE = %L, LC_CTYPE = %L', collcollate, collctype)
       ELSE format('LOCALE = %L', ${LOCALE}) || coalesce(', RULES = ' || quote_literal(to_jsonb(c) ->> 'collicurules'), '') END,
     collisdeterministic::text) AS statement
   FROM pg_collation AS c WHERE ${ownObject('pg_collation', 'c.oid')} ORDER BY c.oid`,
  `SELECT format('CREATE TYPE %s AS ENUM (%s)', t.oid::regtype, coalesce((
     SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), '')) AS statement
   FROM ${ownTypes('e')}`,
  `SELECT format('CREATE DOMAIN %s AS %s%s%s%s', t.oid::regtype, format_type(t.typbasetype, t.typtypmod),
     CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation ELSE '' END,
     coalesce(' DEFAULT ' || pg_get_expr(t.typdefaultbin, 0), ''),
     (SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)), '' ORDER BY oid)
       FROM pg_constraint WHERE contypid = t.oid)) AS statement
   FROM pg_type AS t JOIN pg_type AS b ON b.oid = t.typbasetype
   WHERE t.typtype = 'd' AND ${ownObject('pg_type', 't.oid')} ORDER BY t.oid`,
  `SELECT format('CREATE TYPE %s AS (%s)', c.oid::regclass, (
     SELECT string_agg(format('%I %s%s', attname, format_type(atttypid, atttypmod), ${COLLATE}), ', ' ORDER BY attnum)
     FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)) AS statement
   FROM ${ownRelations('c')} ORDER BY c.oid`,
  `SELECT format('CREATE TYPE %s AS RANGE (SUBTYPE = %s, MULTIRANGE_TYPE_NAME = %s%s%s)', r.rngtypid::regtype,
     format_type(r.rngsubtype, NULL), r.rngmultitypid::regtype,
     CASE WHEN r.rngcollation NOT IN (0, b.typcollation) THEN ', COLLATION = ' || r.rngcollation::regcollation ELSE '' END,
     CASE WHEN r.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff::regproc ELSE '' END) AS statement
   FROM pg_range AS r JOIN pg_type AS b ON b.oid = r.rngsubtype
   WHERE ${ownObject('pg_type', 'r.rngtypid')} ORDER BY r.rngtypid`,
  `SELECT pg_get_functiondef(p.oid) AS statement FROM pg_proc AS p
   WHERE prokind IN ('f', 'p', 'w') AND prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('internal', 'c'))
     AND ${ownObject('pg_proc', 'p.oid')} ORDER BY p.oid`,
];

const IDENTITY_SEQUENCE = `(SELECT format('SEQUENCE NAME %s %s', s.seqrelid::regclass, ${SEQUENCE_OPTIONS})
  FROM pg_depend AS d JOIN pg_sequence AS s ON s.seqrelid = d.objid
  WHERE d.classid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype = 'i')`;

/** What follows the type of a column. A partition takes identities from what it is a part of. */
const COLUMN_VALUE = `CASE
  WHEN a.attgenerated = 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid))
  WHEN a.attgenerated = 'v' THEN format(' GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(d.adbin, d.adrelid))
  WHEN a.attidentity <> '' AND NOT c.relispartition THEN format(' GENERATED %s AS IDENTITY (%s)',
    CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, ${IDENTITY_SEQUENCE})
  WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
  ELSE '' END`;

/** From PostgreSQL 18 on, that a column is never null has a name. */
const NAMED_NOT_NULL = `FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'n'`;

const COLUMNS = `(SELECT string_agg(format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod), ${COLLATE}, ${COLUMN_VALUE},
    CASE WHEN a.attnotnull AND NOT EXISTS (SELECT ${NAMED_NOT_NULL} AND k.conkey = ARRAY[a.attnum]) THEN ' NOT NULL' ELSE '' END
  ), ', ' ORDER BY a.attnum)
  FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attislocal OR c.relispartition))`;

const NOT_NULLS = `(SELECT string_agg(format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), ', ' ORDER BY k.conname)
  ${NAMED_NOT_NULL} AND (k.conislocal OR c.relispartition))`;

const PARENTS = `(SELECT ' INHERITS (' || string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) || ')'
  FROM pg_inherits WHERE inhrelid = c.oid AND NOT c.relispartition)`;

const UNLOGGED = `CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END`;

const alteredColumns = (change: string, value: string, where: string): string =>
  `SELECT format('ALTER TABLE ONLY %s ALTER COLUMN %I SET ${change}', a.attrelid::regclass, a.attname, ${value}) AS statement
   FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
   WHERE a.attnum > 0 AND NOT a.attisdropped AND ${where} AND a.attrelid IN (SELECT c.oid FROM ${ownRelations('rpm')})
   ORDER BY a.attrelid, a.attnum`;

const TABLES = [
  `SELECT format('CREATE %sSEQUENCE %s AS %s %s', ${UNLOGGED}, c.oid::regclass, format_type(s.seqtypid, NULL), ${SEQUENCE_OPTIONS}) AS statement
   FROM pg_sequence AS s, ${ownRelations('S')} AND c.oid = s.seqrelid AND NOT EXISTS (
     SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'i') ORDER BY c.oid`,
  `SELECT format('CREATE %sTABLE %s (%s)%s%s%s', ${UNLOGGED}, c.oid::regclass, concat_ws(', ', ${COLUMNS}, ${NOT_NULLS}), ${PARENTS},
     CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) END, ${OPTIONS}) AS statement
   FROM ${ownRelations('rp')} ORDER BY c.oid`,
  `SELECT format('ALTER TABLE ONLY %s ATTACH PARTITION %s %s', i.inhparent::regclass, c.oid::regclass, pg_get_expr(c.relpartbound, c.oid)) AS statement
   FROM pg_inherits AS i, ${ownRelations('rp')} AND i.inhrelid = c.oid AND c.relispartition ORDER BY c.oid`,
  alteredColumns(
    'STORAGE %s',
    `CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END`,
    'a.attstorage <> t.typstorage',
  ),
  alteredColumns(
    'COMPRESSION %s',
    `CASE a.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END`,
    `a.attcompression <> ''`,
  ),
  alteredColumns('STATISTICS %s', 'a.attstattarget', 'a.attstattarget >= 0'),
  alteredColumns('(%s)', `array_to_string(a.attoptions, ', ')`, 'a.attoptions IS NOT NULL'),
  `SELECT format('ALTER SEQUENCE %s OWNED BY %s.%I', c.oid::regclass, d.refobjid::regclass, a.attname) AS statement
   FROM pg_depend AS d JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid,
   ${ownRelations('S')} AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'a' ORDER BY c.oid`,
];

const VIEWS = [
  `SELECT format('CREATE %s %s%s AS %s%s', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END, c.oid::regclass, ${OPTIONS},
     rtrim(pg_get_viewdef(c.oid), ';'), CASE c.relkind WHEN 'm' THEN ' WITH NO DATA' ELSE '' END) AS statement
   FROM ${ownRelations('vm')} ORDER BY c.oid`,
];

export const STATEMENTS_BEFORE: readonly string[] = [...SCHEMAS, ...TYPES, ...TABLES, ...VIEWS];
