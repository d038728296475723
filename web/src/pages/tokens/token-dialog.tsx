/** Asks what a new token is for, what it may do, and for how long. */
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import type { Role } from '../../../../client/permissions.generated.ts';
import type { NewToken } from '../../../../client/types.generated.ts';
import { useProjects } from '../../app/projects.ts';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { ChoiceField, EnvironmentsField, RoleField, TextField } from '../../components/forms/fields.tsx';

const spans = [
  { value: '1d', label: '1 day' },
  { value: '7d', label: '7 days' },
  { value: '30d', label: '30 days' },
  { value: '90d', label: '90 days' },
  { value: '365d', label: '1 year' },
] as const;

export interface WantedToken {
  name: string;
  role: Role;
  expiresIn: string;
  project?: string;
  environments?: string[];
  createsTokens?: boolean;
}

interface TokenDialogProps {
  /** The project whose token it is; undefined: one's own, for a project of choice. */
  project?: string;
  make(wanted: WantedToken): Promise<NewToken>;
  onMade(token: NewToken): void;
  onClose(): void;
}

const ALL = '';

export function TokenDialog({ project, make, onMade, onClose }: TokenDialogProps) {
  const { data: projects = [] } = useProjects();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const [expiresIn, setExpiresIn] = useState<(typeof spans)[number]['value']>('30d');
  const [chosen, setChosen] = useState(ALL);
  const [environments, setEnvironments] = useState<string[]>([]);
  const [createsTokens, setCreatesTokens] = useState(false);
  const within = project ?? (chosen === ALL ? undefined : chosen);
  return (
    <ActionDialog
      header="New token"
      act="Create"
      disabled={name.trim() === ''}
      run={async () =>
        onMade(
          await make({
            name: name.trim(),
            role,
            expiresIn,
            ...(project === undefined && within !== undefined && { project: within }),
            ...(environments.length > 0 && { environments }),
            ...(createsTokens && { createsTokens }),
          }),
        )
      }
      onClose={onClose}
    >
      <TextField label="Name" description="What it is for." value={name} onChange={setName} autoFocus />
      <RoleField label="May do at most what this role may" value={role} onChange={setRole} />
      {project === undefined && (
        <ChoiceField
          label="Project"
          value={chosen}
          choices={[
            { value: ALL, label: 'All of mine' },
            ...projects.map((one) => ({ value: one.name, label: one.name })),
          ]}
          onChange={(value) => {
            setChosen(value);
            setEnvironments([]);
          }}
        />
      )}
      {within !== undefined && (
        <EnvironmentsField project={within} value={environments} onChange={setEnvironments} />
      )}
      <ChoiceField label="Expires after" value={expiresIn} choices={spans} onChange={setExpiresIn} />
      <Checkbox checked={createsTokens} onChange={({ detail }) => setCreatesTokens(detail.checked)}>
        It may make tokens itself, with its own limits or less
      </Checkbox>
    </ActionDialog>
  );
}
