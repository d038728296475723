/** Asks for a name and what else is needed, and stays open while it is refused. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { type ReactNode, useState } from 'react';
import { notify } from '../../app/notifications.tsx';
import { ActionDialog } from './action-dialog.tsx';

interface CreateDialogProps {
  header: string;
  /** @returns what to tell */
  create(name: string): Promise<string>;
  onClose(): void;
  children?: ReactNode;
}

export function CreateDialog({ header, create, onClose, children }: CreateDialogProps) {
  const [name, setName] = useState('');
  return (
    <ActionDialog
      header={header}
      act="Create"
      run={async () => notify({ type: 'success', content: await create(name.trim()) })}
      onClose={onClose}
    >
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
    </ActionDialog>
  );
}
