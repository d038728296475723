/**
 * `backup` writes down the data of a resource, and proves that they can be restored; `restore` puts them, or what the last
 * restore replaced, in the place of what the resource has.
 */
import { inputOf, operationKind } from '../operation-kind.ts';

export interface BackupInput {
  /** The resource's uid. */
  resource: string;
  backup: string;
}

export const backup = operationKind({
  target: 'environment',
  input: inputOf<BackupInput>(),
  boundSeconds: 4_620,
  cancelable: true,
  runsOn: 'resources',
  words: 'Backup in {environment}',
  steps: {
    writeBackup: { summary: 'Writes down all of the database as it is at one moment, while it is used.' },
    checkBackup: { summary: 'Restores it beside the database, compares the two, and removes what it made.' },
    finishBackup: { summary: 'The backup can be restored; removes those that are more than are kept.' },
    recoverBackup: { summary: 'Removes what was written, and says why there is no backup.' },
  },
  recovery: 'recoverBackup',
});

export interface RestoreInput {
  /** The resource's uid. */
  resource: string;
  /** Absent where what the last restore replaced comes back, and where `source` is there. */
  backup?: string;
  /**
   * `host:port/database` on a server elsewhere, or `file`, for a dump that was sent. The server's URL is a secret, and both are
   * forgotten at the end.
   */
  source?: string;
  /** Of the URL or the dump, with a source. */
  import?: string;
}

export const restore = operationKind({
  target: 'environment',
  input: inputOf<RestoreInput>(),
  boundSeconds: 4_620,
  cancelable: true,
  runsOn: 'resources',
  words: 'Restore in {environment}',
  steps: {
    loadBackup: {
      summary:
        'Restores the backup, or what is imported, beside the database, and compares it with what it was made of.',
    },
    swapData: {
      summary:
        'Lets it take the place of the database in one transaction; what it takes the place of stays, closed.',
    },
    finishRestore: { summary: 'The restore has succeeded.' },
    recoverRestore: { summary: 'Removes what was restored beside, unless it has taken over; says why.' },
  },
  recovery: 'recoverRestore',
});
