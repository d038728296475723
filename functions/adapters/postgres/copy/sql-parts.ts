/** Parts of the questions to PostgreSQL's catalogs. */

/** Whatever a server has from its beginning has a lower number. */
export const FIRST_OWN = 16_384;

/** Extensions that hosts keep in every database for themselves, which hold nothing of the owner's. */
export const HOSTS_EXTENSIONS = `'pg_stat_statements'`;

/** A clause: the object was made by the database's owner, and comes with no extension. */
export const ownObject = (catalog: string, oid: string): string =>
  `${oid} >= ${FIRST_OWN} AND NOT EXISTS (
    SELECT FROM pg_depend AS member
    WHERE member.classid = '${catalog}'::regclass AND member.objid = ${oid} AND member.deptype = 'e')`;

/** Relations of the owner of these kinds, as `c`, with their schema as `n`. */
export const ownRelations = (kinds: string): string =>
  `pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_(toast|temp)'
   WHERE c.relkind IN (${[...kinds].map((kind) => `'${kind}'`).join(', ')}) AND ${ownObject('pg_class', 'c.oid')}`;

/** The collation of a column `a` of type `t`, where it is not its type's. */
export const COLLATE = `CASE WHEN a.attcollation NOT IN (0, t.typcollation)
  THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END`;

export const SEQUENCE_OPTIONS = `format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s',
  s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)`;

/** What a relation `c` was given between parentheses, such as its fill factor. */
export const OPTIONS = `coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '')`;

const orOwner = (oid: string, otherwise: string): string =>
  `CASE WHEN current_setting('berth.copy_format', true) IS DISTINCT FROM '1'
      AND ${oid} = (SELECT datdba FROM pg_database WHERE datname = current_database())
    THEN 'CURRENT_USER' ELSE ${otherwise} END`;

/**
 * The name of a role. The owner has another name where a copy is of another environment: copies have "CURRENT_USER" in place of
 * it, but for those of the first format.
 */
export const roleName = (oid: string): string => orOwner(oid, `pg_get_userbyid(${oid})::text`);
/** As statements have it. */
export const quotedRole = (oid: string): string => orOwner(oid, `quote_ident(pg_get_userbyid(${oid}))`);

/** Who is granted something, in an exploded access list `acl`. */
export const GRANTEE = `CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE ${quotedRole('acl.grantee')} END`;
