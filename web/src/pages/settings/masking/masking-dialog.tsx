/** The statements that mask a database. */
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import { ActionDialog } from '../../../components/dialogs/action-dialog.tsx';
import { ChoiceField, LinesField, TextField } from '../../../components/forms/fields.tsx';

/** Stands for a database that no environment has yet. */
const OTHER = '';

interface MaskingDialogProps {
  /** The one that is meant; undefined: it is chosen here. */
  resource?: string;
  sql?: string;
  isNew: boolean;
  /** Databases that have no rule. */
  known: readonly string[];
  save(rule: { resource: string; sql: string }): Promise<void>;
  onClose(): void;
}

export function MaskingDialog({ resource, sql = '', isNew, known, save, onClose }: MaskingDialogProps) {
  const [chosen, setChosen] = useState<string>(resource ?? known[0] ?? OTHER);
  const [written, setWritten] = useState('');
  const [text, setText] = useState(sql);
  const [isNothing, setNothing] = useState(!isNew && sql === '');
  const uid = chosen === OTHER ? written.trim() : chosen;
  return (
    <ActionDialog
      header={resource === undefined ? 'Mask a database' : `Mask ${resource}`}
      act="Save"
      size="large"
      disabled={uid === '' || (!isNothing && text.trim() === '')}
      run={() => save({ resource: uid, sql: isNothing ? '' : text })}
      onClose={onClose}
    >
      {resource === undefined && known.length > 0 && (
        <ChoiceField<string>
          label="Database"
          value={chosen}
          choices={[
            ...known.map((value) => ({ value, label: value })),
            { value: OTHER, label: 'Another one' },
          ]}
          onChange={setChosen}
        />
      )}
      {chosen === OTHER && (
        <TextField
          label="Uid of the database"
          description="As the page of an environment shows it: of whatever environment, it is the same."
          placeholder="postgres.default#web.db"
          value={written}
          onChange={setWritten}
        />
      )}
      <Checkbox checked={isNothing} onChange={({ detail }) => setNothing(detail.checked)}>
        There is nothing to mask in it
      </Checkbox>
      {!isNothing && (
        <LinesField
          label="SQL"
          description="Statements that end in semicolons. They run in the copy, in one transaction, before anyone can reach it."
          placeholder="UPDATE users SET email = 'user' || id || '@example.com';"
          rows={8}
          value={text}
          onChange={setText}
        />
      )}
    </ActionDialog>
  );
}
