/** Takes the value of a secret: of a new one with its name, or of one that is there. */
import { useState } from 'react';
import { notify } from '../../app/notifications.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { isSettingName, NameField, ValueField } from './setting-fields.tsx';

interface SecretDialogProps {
  header: string;
  /** Undefined: a new one. */
  name: string | undefined;
  taken: readonly string[];
  /** Characters that the value has at least. */
  least?: number;
  put(name: string, value: string): Promise<unknown>;
  /** What follows from it, as a sentence. */
  saved: string;
  onClose(): void;
}

export function SecretDialog({
  header,
  name: given,
  taken,
  least = 0,
  put,
  saved,
  onClose,
}: SecretDialogProps) {
  const [typed, setName] = useState(given ?? '');
  const [value, setValue] = useState('');
  const name = typed.trim();
  return (
    <ActionDialog
      header={header}
      act="Save"
      disabled={
        !isSettingName(name) || value.trim().length < least || (given === undefined && taken.includes(name))
      }
      run={async () => {
        await put(name, value);
        notify({ type: 'success', content: `${name} was saved. ${saved}` });
      }}
      onClose={onClose}
    >
      {given === undefined && <NameField value={typed} onChange={setName} taken={taken} />}
      <ValueField
        value={value}
        onChange={setValue}
        description={`${least > 0 ? `At least ${least} characters. ` : ''}Once saved it is never shown again.`}
        autoFocus={given !== undefined}
      />
    </ActionDialog>
  );
}
