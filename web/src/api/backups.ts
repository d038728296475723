/** Backups of a database of an environment, and when they are made by themselves. */
import type { Backup, BackupPlan } from '../../../client/types.generated.ts';
import { api, body } from './client.ts';
import { type Reading, useQuery } from './query.ts';
import { apiPath } from './read.ts';

/** A resource of an environment, by its uid as a path can hold it: see databaseOf. */
export interface Database {
  project: string;
  environment: string;
  resource: string;
}

const RESOURCE = '/v1/projects/{project}/environments/{environment}/resources/{resource}';
export const backupPaths = {
  list: `${RESOURCE}/backups`,
  one: `${RESOURCE}/backups/{backup}`,
  plan: `${RESOURCE}/backup-plan`,
  restore: `${RESOURCE}/restore`,
} as const;

/** No path can hold the `#` of a uid, and no uid a colon. */
export const databaseOf = (place: { project: string; environment: string }, uid: string): Database => ({
  project: place.project,
  environment: place.environment,
  resource: uid.replace('#', ':'),
});

export const databasePath = (database: Database): string =>
  `${apiPath(database)}/resources/${encodeURIComponent(database.resource)}`;

/** All of them, the newest first. */
export const useBackups = (path: Database): Reading<Backup[]> =>
  useQuery(
    `${databasePath(path)}/backups`,
    async (signal) => (await body(api.GET(backupPaths.list, { params: { path }, signal }))).items,
    { isStill: true },
  );

export const useBackupPlan = (path: Database): Reading<BackupPlan> =>
  useQuery(
    `${databasePath(path)}/backup-plan`,
    (signal) => body(api.GET(backupPaths.plan, { params: { path }, signal })),
    { isStill: true },
  );
