/** Asks which pipeline to trust, and with what. */
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import type { Role } from '../../../../client/permissions.generated.ts';
import { api } from '../../api/client.ts';
import { notify } from '../../app/notifications.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import {
  ChoiceField,
  EnvironmentsField,
  LinesField,
  RoleField,
  TextField,
} from '../../components/forms/fields.tsx';
import { linesOf } from '../../components/forms/lines.ts';

const systems = {
  github: {
    label: 'GitHub Actions',
    issuer: 'https://token.actions.githubusercontent.com',
    example: 'repo:octo/guestbook:ref:refs/heads/main',
  },
  gitlab: {
    label: 'GitLab CI',
    issuer: 'https://gitlab.com',
    example: 'project_path:octo/guestbook:ref_type:branch:ref:main',
  },
} as const;
type System = keyof typeof systems;

const choices = [
  { value: 'github', label: systems.github.label },
  { value: 'gitlab', label: systems.gitlab.label },
] as const satisfies readonly { value: System; label: string }[];

export function TrustDialog({ project, onClose }: { project: string; onClose(): void }) {
  const [system, setSystem] = useState<System>('github');
  const [issuer, setIssuer] = useState<string>(systems.github.issuer);
  const [audience, setAudience] = useState(location.origin);
  const [subjects, setSubjects] = useState('');
  const [repositoryId, setRepositoryId] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const [environments, setEnvironments] = useState<string[]>([]);
  const [forPulls, setForPulls] = useState(false);
  const [reason, setReason] = useState('');
  const save = async () => {
    await api.POST('/v1/projects/{project}/trusts', {
      params: { path: { project } },
      body: {
        issuer: issuer.trim(),
        audience: audience.trim(),
        subjects: linesOf(subjects),
        role,
        ...(repositoryId.trim() !== '' && { repositoryId: repositoryId.trim() }),
        ...(environments.length > 0 && { environments }),
        ...(forPulls && { pullRequests: { reason: reason.trim() } }),
      },
    });
    notify({ type: 'success', content: 'The pipeline is trusted from now on.' });
  };
  return (
    <ActionDialog
      header="Trust a pipeline"
      act="Trust it"
      disabled={linesOf(subjects).length === 0 || (forPulls && reason.trim() === '')}
      run={save}
      onClose={onClose}
    >
      <ChoiceField
        label="System"
        value={system}
        choices={choices}
        onChange={(value) => {
          setSystem(value);
          setIssuer(systems[value].issuer);
        }}
      />
      <LinesField
        label="Which runs"
        description="Repository, and branch, tag or environment of it; one a line. A * stands for any text in one part behind the repository."
        value={subjects}
        onChange={setSubjects}
        placeholder={systems[system].example}
      />
      <RoleField value={role} onChange={setRole} most="maintainer" />
      <EnvironmentsField project={project} value={environments} onChange={setEnvironments} />
      <div className="pair">
        <TextField label="Issuer" value={issuer} onChange={setIssuer} />
        <TextField label="Audience" value={audience} onChange={setAudience} />
      </div>
      <TextField
        label="Number of the repository"
        description="Optional: a name may be given away, a number is not."
        value={repositoryId}
        onChange={setRepositoryId}
        placeholder="123456"
      />
      <Checkbox checked={forPulls} onChange={({ detail }) => setForPulls(detail.checked)}>
        Runs for pull requests as well, whose code anyone may have written
      </Checkbox>
      {forPulls && (
        <TextField
          label="Why"
          description="It stands in the audit trail. Such runs take the role developer or viewer, and named environments."
          value={reason}
          onChange={setReason}
        />
      )}
    </ActionDialog>
  );
}
