/** When a database is backed up by itself, and how many backups stay. */
import { useState } from 'react';
import type { BackupPlan } from '../../../../../client/types.generated.ts';
import { backupPaths, type Database } from '../../../api/backups.ts';
import { api } from '../../../api/client.ts';
import { notify } from '../../../app/notifications.tsx';
import { ActionDialog } from '../../../components/dialogs/action-dialog.tsx';
import { ChoiceField, TextField } from '../../../components/forms/fields.tsx';
import { intervals } from './plan-words.ts';

/** Stands for a schedule that is written out. */
const OTHER = 'other';

interface PlanDialogProps {
  database: Database;
  uid: string;
  plan: BackupPlan;
  onClose(): void;
}

export function PlanDialog({ database, uid, plan, onClose }: PlanDialogProps) {
  const { schedule: before = '' } = plan;
  const isKnown = intervals.some(({ value }) => value === before);
  const [choice, setChoice] = useState<string>(isKnown ? before : OTHER);
  const [written, setWritten] = useState(before);
  // Who has chosen none yet most likely means the time of where they are.
  const [timeZone, setTimeZone] = useState(
    before === '' ? Intl.DateTimeFormat().resolvedOptions().timeZone : plan.timeZone,
  );
  const [keep, setKeep] = useState(String(plan.keep));
  const schedule = choice === OTHER ? written.trim() : choice;
  const save = async () => {
    await api.PUT(backupPaths.plan, {
      params: { path: { ...database } },
      body: {
        ...(schedule !== '' && { schedule }),
        timeZone: timeZone.trim(),
        keep: Number(keep),
      },
    });
    notify({ type: 'success', content: `The plan for backups of ${uid} was saved.` });
  };
  return (
    <ActionDialog
      header="Back up by a plan"
      act="Save"
      run={save}
      disabled={!/^[1-9]\d*$/.test(keep) || (choice === OTHER && schedule === '')}
      onClose={onClose}
    >
      <ChoiceField<string>
        label="When"
        value={choice}
        choices={[...intervals, { value: OTHER, label: 'By another schedule' }]}
        onChange={setChoice}
      />
      {choice === OTHER && (
        <TextField
          label="Schedule"
          description="Five fields of cron: minute, hour, day of the month, month, day of the week."
          placeholder="30 2 * * 1-5"
          value={written}
          onChange={setWritten}
        />
      )}
      {choice !== '' && (
        <TextField label="Time zone" placeholder="Europe/Berlin" value={timeZone} onChange={setTimeZone} />
      )}
      <TextField
        label="Keep"
        description="So many of the newest that were checked stay. Older ones are deleted, whoever asked for them."
        value={keep}
        onChange={setKeep}
      />
      <p className="soft small">An environment that sleeps is not backed up: nothing changes in it.</p>
    </ActionDialog>
  );
}
