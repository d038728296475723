/** Questions whose answers are the statements that come after the rows: what checks, finds, guards and explains them. */
import { FIRST_OWN, GRANTEE, ownObject, ownRelations, quotedRole } from './sql-parts.ts';

const ownTables = `(SELECT c.oid FROM ${ownRelations('rpm')})`;

const CONSTRAINTS = [
  // Each partition has its own, and is attached below; what others check of a whole table, its parts check with it.
  `SELECT format('ALTER TABLE %s%s ADD CONSTRAINT %I %s', CASE WHEN k.contype IN ('p', 'u', 'x') THEN 'ONLY ' ELSE '' END,
     k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) AS statement
   FROM pg_constraint AS k WHERE k.conrelid IN ${ownTables} AND (k.contype IN ('p', 'u', 'x')
     OR (k.contype = 'c' AND k.conislocal) OR (k.contype = 'f' AND k.conparentid = 0))
   ORDER BY k.contype = 'f', k.oid`,
  `SELECT pg_get_indexdef(i.indexrelid) AS statement FROM pg_index AS i WHERE i.indrelid IN ${ownTables} AND NOT EXISTS (
     SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x')) ORDER BY i.indexrelid`,
  `SELECT format('ALTER INDEX %s ATTACH PARTITION %s', i.inhparent::regclass, c.oid::regclass) AS statement
   FROM pg_inherits AS i, ${ownRelations('iI')} AND i.inhrelid = c.oid ORDER BY c.oid`,
  `SELECT format('ALTER TABLE %s CLUSTER ON %I', i.indrelid::regclass, c.relname) AS statement
   FROM pg_index AS i, ${ownRelations('i')} AND i.indexrelid = c.oid AND i.indisclustered ORDER BY c.oid`,
  `SELECT format('ALTER TABLE ONLY %s REPLICA IDENTITY %s', c.oid::regclass, CASE c.relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL'
     ELSE 'USING INDEX ' || (SELECT quote_ident(x.relname) FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid
       WHERE i.indrelid = c.oid AND i.indisreplident) END) AS statement
   FROM ${ownRelations('rpm')} AND c.relreplident <> 'd' ORDER BY c.oid`,
  `SELECT pg_get_statisticsobjdef(s.oid) AS statement FROM pg_statistic_ext AS s
   WHERE ${ownObject('pg_statistic_ext', 's.oid')} ORDER BY s.oid`,
  `SELECT format('REFRESH MATERIALIZED VIEW %s', c.oid::regclass) AS statement
   FROM ${ownRelations('m')} AND c.relispopulated ORDER BY c.oid`,
];

const enabled = (what: string, name: string, table: string, state: string): string =>
  `format('ALTER TABLE %s %s ${what} %I', ${table}::regclass,
    CASE ${state} WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, ${name})`;

const CODE = [
  `SELECT pg_get_triggerdef(t.oid) AS statement FROM pg_trigger AS t
   WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND ${ownObject('pg_trigger', 't.oid')} ORDER BY t.oid`,
  `SELECT ${enabled('TRIGGER', 't.tgname', 't.tgrelid', 't.tgenabled')} AS statement FROM pg_trigger AS t
   WHERE NOT t.tgisinternal AND t.tgenabled <> 'O' AND ${ownObject('pg_trigger', 't.oid')} ORDER BY t.oid`,
  `SELECT pg_get_ruledef(r.oid) AS statement FROM pg_rewrite AS r
   WHERE r.rulename <> '_RETURN' AND ${ownObject('pg_rewrite', 'r.oid')} ORDER BY r.oid`,
  `SELECT ${enabled('RULE', 'r.rulename', 'r.ev_class', 'r.ev_enabled')} AS statement FROM pg_rewrite AS r
   WHERE r.rulename <> '_RETURN' AND r.ev_enabled <> 'O' AND ${ownObject('pg_rewrite', 'r.oid')} ORDER BY r.oid`,
  `SELECT format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname, p.polrelid::regclass,
     CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
     CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
     (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE ${quotedRole('role')} END, ', ') FROM unnest(p.polroles) AS role),
     ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS statement
   FROM pg_policy AS p WHERE ${ownObject('pg_policy', 'p.oid')} ORDER BY p.oid`,
  `SELECT format('ALTER TABLE ONLY %s ENABLE ROW LEVEL SECURITY', c.oid::regclass) AS statement
   FROM ${ownRelations('rp')} AND c.relrowsecurity ORDER BY c.oid`,
  `SELECT format('ALTER TABLE ONLY %s FORCE ROW LEVEL SECURITY', c.oid::regclass) AS statement
   FROM ${ownRelations('rp')} AND c.relforcerowsecurity ORDER BY c.oid`,
];

/** Whatever has an access list of its own: what it is, its name, its owner, the list, and the table where it is one. */
const ACCESS_LISTS = `(
  SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name, c.relowner AS owner, c.relacl AS list,
      c.oid AS relation
    FROM ${ownRelations('rpvmS')}
  UNION ALL SELECT 'ROUTINE', p.oid::regprocedure::text, p.proowner, p.proacl, 0 FROM pg_proc AS p
    WHERE ${ownObject('pg_proc', 'p.oid')}
  UNION ALL SELECT 'TYPE', t.oid::regtype::text, t.typowner, t.typacl, 0 FROM pg_type AS t
    WHERE ${ownObject('pg_type', 't.oid')}
  UNION ALL SELECT 'SCHEMA', quote_ident(n.nspname), n.nspowner, n.nspacl, 0 FROM pg_namespace AS n
    WHERE n.nspname = 'public' OR (${ownObject('pg_namespace', 'n.oid')})
  UNION ALL SELECT 'LARGE OBJECT', l.oid::text, l.lomowner, l.lomacl, 0 FROM pg_largeobject_metadata AS l
) AS object`;

/** Numbers of roles differ between databases. Backups of the first format are compared as they were written. */
const GRANTS_ORDER = `CASE WHEN current_setting('berth.copy_format', true) = '1' THEN acl::text END,
  ${GRANTEE} COLLATE "C", acl.privilege_type COLLATE "C", acl.is_grantable`;

const grants = (what: string, list: string, on: string): string =>
  `(SELECT string_agg(format(' GRANT %s${what} ON ${on} TO %s%s;', acl.privilege_type, ${GRANTEE},
      CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), '' ORDER BY ${GRANTS_ORDER})
    FROM aclexplode(${list}) AS acl)`;

/** One statement an object: what is taken comes before what is given. */
const ACCESS = [
  `SELECT format('DO %L', concat('BEGIN',
     CASE WHEN list IS NOT NULL THEN format(' REVOKE ALL ON %s %s FROM PUBLIC, %s;', kind, name, ${quotedRole('owner')}) END,
     ${grants('', 'list', "' || replace(kind || ' ' || name, '%', '%%') || '")},
     columns, ' END')) AS statement
   FROM ${ACCESS_LISTS}, LATERAL (
     SELECT string_agg(${grants(" (' || replace(quote_ident(a.attname), '%', '%%') || ')", 'a.attacl', "' || replace(name, '%', '%%') || '")}, '' ORDER BY a.attnum) AS columns
     FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attacl IS NOT NULL AND NOT a.attisdropped) AS of_columns
   WHERE list IS NOT NULL OR columns IS NOT NULL ORDER BY kind, name`,
];

const COMMENTS = [
  `SELECT format('COMMENT ON %s %s IS %L', CASE WHEN o.type LIKE '% column' THEN 'COLUMN' WHEN o.type LIKE '% constraint' THEN 'CONSTRAINT'
     WHEN o.type = 'composite type' THEN 'TYPE' WHEN o.type = 'statistics object' THEN 'STATISTICS' ELSE upper(o.type) END,
     o.identity, d.description) AS statement
   FROM pg_description AS d, pg_identify_object(d.classoid, d.objoid, d.objsubid) AS o
   WHERE d.classoid <> 'pg_extension'::regclass
     AND (d.classoid = 'pg_largeobject'::regclass OR d.objoid >= ${FIRST_OWN})
     AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
   ORDER BY 1`,
];

/** @param which those of the settings of a database that come over */
const settingsOf = (which: string): string[] => [
  // Its value may be a list, which only the server itself can write down again.
  `SELECT format('DO %L', format('BEGIN PERFORM set_config(%L, %L, true); EXECUTE format(%L, current_database()); END',
     split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1),
     format('ALTER DATABASE %%I SET %s FROM CURRENT', split_part(setting, '=', 1)))) AS statement
   FROM pg_db_role_setting AS s, unnest(s.setconfig) AS setting
   WHERE s.setrole = 0 AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())${which} ORDER BY setting`,
];

export const STATEMENTS_AFTER: readonly string[] = [
  ...CONSTRAINTS,
  ...CODE,
  ...ACCESS,
  ...COMMENTS,
  ...settingsOf(''),
];

/** From a server elsewhere: without access lists, whose roles are not here, and what only administrators may set. */
export const STATEMENTS_AFTER_ELSEWHERE: readonly string[] = [
  ...CONSTRAINTS,
  ...CODE,
  ...COMMENTS,
  ...settingsOf(` AND split_part(setting, '=', 1) IN (SELECT name FROM pg_settings WHERE context = 'user')`),
];
