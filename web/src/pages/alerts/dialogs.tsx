/** What is said of alerts: that somebody looks after one, and that nobody is to be told of some. */
import { useState } from 'react';
import type { Alert } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { notify } from '../../app/notifications.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { ChoiceField, TextField } from '../../components/forms/fields.tsx';
import { alertsApi, silencesApi } from './read-alerts.ts';

export function AcknowledgeDialog({ alert, onClose }: { alert: Alert; onClose(): void }) {
  const [note, setNote] = useState('');
  const send = async () => {
    const path = { project: alert.project, alert: alert.id };
    const body = note.trim() === '' ? {} : { note: note.trim() };
    await api.POST(`${alertsApi}/{alert}/acknowledge`, { params: { path }, body });
  };
  return (
    <ActionDialog
      header={`Look after ${alert.rule} of ${alert.subject}?`}
      act="I look after it"
      run={send}
      onClose={onClose}
    >
      <p>Others see that it is you. It goes on to fire until it is over.</p>
      <TextField
        label="What you do about it"
        description="Optional."
        value={note}
        onChange={setNote}
        autoFocus
      />
    </ActionDialog>
  );
}

const TIMES = [
  { value: '1h', label: 'One hour' },
  { value: '8h', label: '8 hours' },
  { value: '1d', label: 'A day' },
  { value: '7d', label: 'A week' },
] as const;
type Time = (typeof TIMES)[number]['value'];

interface SilenceDialogProps {
  project: string;
  /** Which alerts; what is absent stands for all. */
  of: { rule: string; environment?: string; subject?: string };
  onClose(): void;
}

export function SilenceDialog({ project, of, onClose }: SilenceDialogProps) {
  const [time, setTime] = useState<Time>('1h');
  const [reason, setReason] = useState('');
  const what = [
    of.rule,
    of.subject && `of ${of.subject}`,
    of.environment ? `in ${of.environment}` : 'everywhere',
  ];
  const send = async () => {
    const body = { ...of, for: time, reason: reason.trim() };
    await api.POST(silencesApi, { params: { path: { project } }, body });
    notify({ type: 'success', content: 'Nobody is told of it for that time.' });
  };
  return (
    <ActionDialog
      header={`Silence ${what.filter(Boolean).join(' ')}?`}
      act="Silence it"
      disabled={reason.trim() === ''}
      run={send}
      onClose={onClose}
    >
      <p>It fires all the same, and is shown here. What fires still when the time is over is told of then.</p>
      <ChoiceField label="For" value={time} choices={TIMES} onChange={setTime} />
      <TextField label="Why" value={reason} onChange={setReason} autoFocus />
    </ActionDialog>
  );
}
