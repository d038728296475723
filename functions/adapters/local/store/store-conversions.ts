/**
 * How a file of an older Berth becomes one of this: for each schema the SQL that leads to the next. What stands here is
 * not changed any more, and names records as they were then.
 */
export const CONVERSIONS: Readonly<Record<number, string>> = {
  /**
   * 1 to 2: versions and deployments had the workload each, which is now beside the version's id alone; instances were
   * records beside their environment, and are now part of its own.
   */
  1: `
    UPDATE items SET data = json_set(items.data, '$.workload', json(json_extract(version.data, '$.workload')))
      FROM items AS version
      WHERE items.pk GLOB 'versions#*' AND version.pk = items.pk AND version.sk GLOB 'version#*'
        AND items.sk = 'id#' || json_extract(version.data, '$.id');
    UPDATE items SET data = json_remove(data, '$.workload')
      WHERE pk GLOB 'versions#*' AND sk GLOB 'version#*';
    INSERT INTO items (pk, sk, data, version)
      SELECT 'versions#' || json_extract(data, '$.project') || '#' || json_extract(data, '$.service'),
        'id#' || json_extract(data, '$.version'),
        json_object('order', '', 'workload', json(json_extract(data, '$.workload'))), 1
      FROM items WHERE pk GLOB 'deployments#*'
      ON CONFLICT DO NOTHING;
    UPDATE items SET data = json_remove(data, '$.workload') WHERE pk GLOB 'deployments#*';
    UPDATE items SET data = json_set(data, '$.services', json((
        SELECT json_group_object(json_extract(instance.data, '$.service'), json_patch('{}', json_object(
          'newest', json_extract(instance.data, '$.newest'),
          'highest', json_extract(instance.data, '$.highest'),
          'current', json_extract(instance.data, '$.current'))))
        FROM items AS instance
        WHERE instance.sk GLOB 'instance#*' AND instance.pk = 'environment#'
          || json_extract(items.data, '$.project') || '#' || json_extract(items.data, '$.name'))))
      WHERE pk GLOB 'project#*' AND sk GLOB 'environment#*';
    DELETE FROM items WHERE pk GLOB 'environment#*' AND sk GLOB 'instance#*';
  `,
};
