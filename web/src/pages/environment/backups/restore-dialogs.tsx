/** What is asked before data are replaced: what goes, what stays, and whether it can be undone. */
import type { Backup, Resource } from '../../../../../client/types.generated.ts';
import { backupPaths, type Database } from '../../../api/backups.ts';
import { api, body } from '../../../api/client.ts';
import { navigate } from '../../../app/navigation.ts';
import { notify } from '../../../app/notifications.tsx';
import { operationPath } from '../../../app/paths.ts';
import { ActionDialog } from '../../../components/dialogs/action-dialog.tsx';
import { plain } from '../../../components/plain.ts';
import { Ago } from '../../../components/time.tsx';

interface DialogProps {
  database: Database;
  resource: Resource;
  onClose(): void;
}

/** Begins it, and goes where one can watch it. @param backup absent: what the last restore replaced comes back */
async function restore(database: Database, backup?: string): Promise<void> {
  const { id } = await body(
    api.POST(backupPaths.restore, {
      params: { path: { ...database } },
      body: { ...(backup !== undefined && { backup }) },
    }),
  );
  navigate(operationPath(database.project, id));
}

const moment = (at: string): string => new Date(at).toLocaleString();

const Services = ({ of: { services } }: { of: Resource }) =>
  services.length === 0 ? null : (
    <li>Connections of {services.join(', ')} are cut once, and find the other data with their next.</li>
  );

export function RestoreDialog({ database, resource, backup, onClose }: DialogProps & { backup: Backup }) {
  return (
    <ActionDialog
      header={`Restore the backup of ${moment(backup.createdAt)}?`}
      act="Replace the data"
      destroys
      run={() => restore(database, backup.id)}
      onClose={onClose}
    >
      <div>
        <p>
          <strong>{plain(resource.uid)}</strong> in <strong>{database.environment}</strong> goes back to what
          it was <Ago at={backup.createdAt} />:
        </p>
        <ul className="going">
          <li>Whatever was written, changed or deleted in it since then is gone from it.</li>
          <Services of={resource} />
          {resource.replacedAt !== undefined && (
            <li>What the restore of {moment(resource.replacedAt)} replaced is deleted for good.</li>
          )}
        </ul>
      </div>
      <p>
        What it holds now is kept beside it, closed, until the next restore: you can put it back. Nothing
        changes before the backup was restored beside it and found whole.
      </p>
    </ActionDialog>
  );
}

export function PutBackDialog({ database, resource, onClose }: DialogProps) {
  const { uid, replacedAt = '' } = resource;
  return (
    <ActionDialog
      header="Put back what the restore replaced?"
      act="Replace the data"
      destroys
      run={() => restore(database)}
      onClose={onClose}
    >
      <div>
        <p>
          <strong>{plain(uid)}</strong> in <strong>{database.environment}</strong> gets back what it held
          until {moment(replacedAt)}:
        </p>
        <ul className="going">
          <li>Whatever was written, changed or deleted in it since then is gone from it.</li>
          <Services of={resource} />
        </ul>
      </div>
      <p>What it holds now is kept beside it in its turn, and can be put back the same way.</p>
    </ActionDialog>
  );
}

export function DeleteDialog({
  database,
  backup,
  onClose,
}: Omit<DialogProps, 'resource'> & { backup: Backup }) {
  return (
    <ActionDialog
      header={`Delete the backup of ${moment(backup.createdAt)}?`}
      act="Delete the backup"
      destroys
      run={async () => {
        await api.DELETE(backupPaths.one, { params: { path: { ...database, backup: backup.id } } });
        notify({ type: 'success', content: 'The backup was deleted.' });
      }}
      onClose={onClose}
    >
      <p>
        {backup.state === 'failed'
          ? 'Nothing is kept of it but why it failed.'
          : 'What it holds goes with it, and can not be brought back. The database stays as it is.'}
      </p>
    </ActionDialog>
  );
}
