/** What is kept of backups has a record, and the other way round; nothing of a backup or a restore is half done. */
import { pathOf } from '../../../functions/commands/backups/backup-records.ts';
import { BACKUP_PREFIX, RESOURCE_PREFIX } from '../../../functions/core/keys.ts';
import type { Backup, Resource } from '../../../functions/core/model/index.ts';
import type { SimulatedDatabases } from '../ports/databases.ts';
import type { Records } from '../ports/records.ts';
import type { SimulatedBackups } from '../ports/small.ts';
import type { World } from '../world.ts';
import type { Ledger } from './ledger.ts';

interface Observed {
  kept: Records;
  ledger: Ledger;
  databases: SimulatedDatabases;
  backups: SimulatedBackups;
}

export function createBackupOracle(world: World, { kept, ledger, databases, backups }: Observed) {
  const recordsOf = <T>(prefix: string): T[] =>
    kept.all().flatMap(({ sk, json }) => (sk.startsWith(prefix) ? [JSON.parse(json) as T] : []));

  /** What ended for its bound did not reach its database, and leaves its copy to the next one. */
  const wasCutShort = (): boolean =>
    [...ledger.operations.values()].some(
      ({ kind, endedAt, deadline }) =>
        (kind === 'backup' || kind === 'restore') && endedAt !== undefined && endedAt >= deadline,
    );

  /** A removal that failed leaves the rest of a masked snapshot, with the database that it is of, to who asks for it again. */
  function goesWithRemoval(database: string, resources: readonly Resource[]): boolean {
    const tag = databases.tagOf(database) ?? '';
    return resources.some(({ state, outputs }) => {
      const own = state === 'removing' ? databases.tagOf(outputs.values.name ?? '') : undefined;
      return own !== undefined && tag.startsWith(`${own} snapshot `);
    });
  }

  function checkDatabases(resources: readonly Resource[]): void {
    for (const name of databases.inventory())
      if (
        name.includes('_new_') &&
        !wasCutShort() &&
        !goesWithRemoval(name.replace('database ', ''), resources)
      )
        world.violate(`I4: the copy ${name} is left over`);
    for (const { uid, type, state, outputs } of resources)
      if (type === 'postgres' && state === 'ready' && !databases.isOpen(outputs.values.name ?? ''))
        world.violate(`the database of ${uid} is closed`);
  }

  function checkKept(resources: readonly Resource[]): void {
    const removing = new Set(
      resources.flatMap(({ state, uid, project, environment }) =>
        state === 'removing' ? [`${project}/${environment} ${uid}`] : [],
      ),
    );
    const paths = new Set(backups.paths());
    for (const backup of recordsOf<Backup>(BACKUP_PREFIX)) {
      const isKept = paths.delete(pathOf(backup));
      // What was cut short is told as that, and done when it is deleted again.
      if (backup.state === 'deleting') continue;
      // They go with their resource, which nothing can be restored to any more.
      if (removing.has(`${backup.project}/${backup.environment} ${backup.resource}`)) continue;
      if (backup.state === 'making' || isKept !== (backup.state === 'checked'))
        world.violate(
          `backup ${backup.id} is ${backup.state}, and ${isKept ? 'something' : 'nothing'} is kept of it`,
        );
    }
    for (const path of paths) world.violate(`I4: the backup ${path} has no record`);
  }

  return {
    atQuiet(): void {
      const resources = recordsOf<Resource>(RESOURCE_PREFIX);
      checkDatabases(resources);
      checkKept(resources);
    },
  };
}
