/** Asks for a name and what else is needed, and stays open while it is refused. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import { type ReactNode, useState } from 'react';
import { inWords } from '../api/problem.ts';
import { invalidate } from '../api/query.ts';
import { notify } from '../app/notifications.tsx';
import { plain } from './plain.ts';

interface CreateDialogProps {
  header: string;
  /** @returns what to tell */
  create(name: string): Promise<string>;
  onClose(): void;
  children?: ReactNode;
}

export function CreateDialog({ header, create, onClose, children }: CreateDialogProps) {
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    if (busy) return;
    setBusy(true);
    try {
      notify({ type: 'success', content: await create(name.trim()) });
      invalidate();
      onClose();
    } catch (caught) {
      const { what, hint } = inWords(caught);
      setError([what, hint].filter(Boolean).join(' '));
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      onDismiss={onClose}
      closeAriaLabel="Close"
      header={header}
      footer={
        <span className="row dialog-actions">
          <Button variant="link" onClick={onClose}>
            Leave it
          </Button>
          <Button variant="primary" loading={busy} onClick={() => void save()}>
            Create
          </Button>
        </span>
      }
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {error !== undefined && <Alert type="error">{plain(error)}</Alert>}
        <FormField label="Name" constraintText="1 to 40 of a-z, 0-9 and -">
          <Input
            value={name}
            onChange={({ detail }) => setName(detail.value)}
            spellcheck={false}
            autoComplete={false}
            autoFocus
          />
        </FormField>
        {children}
        <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
      </form>
    </Modal>
  );
}
