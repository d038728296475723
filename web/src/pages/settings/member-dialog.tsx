/** Lets somebody in, or changes their role. */
import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import type { Role } from '../../../../client/permissions.generated.ts';
import type { Member } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { useOverview } from '../../api/read.ts';
import { notify } from '../../app/notifications.tsx';
import { personWord, principalId } from '../../components/access/who.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { ChoiceField, RoleField, TextField } from '../../components/forms/fields.tsx';

const kinds = [
  { value: 'user', label: 'A person', description: 'By the id that your identity provider gives them.' },
  { value: 'email', label: 'A person by e-mail', description: 'Who signs in with this verified address.' },
  { value: 'group', label: 'A group', description: 'All who are in it at the identity provider.' },
] as const;

const examples = { user: 'ada', email: 'ada@example.com', group: 'payments' } as const;

interface MemberDialogProps {
  project: string;
  /** Undefined: a new one. */
  member?: Member;
  onClose(): void;
}

export function MemberDialog({ project, member, onClose }: MemberDialogProps) {
  const [kind, setKind] = useState<(typeof kinds)[number]['value']>('user');
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>(member?.role ?? 'developer');
  const [there, setThere] = useState<readonly [string, Role][]>(Object.entries(member?.environments ?? {}));
  const principal = member?.principal ?? principalId(kind, name.trim());
  const word = personWord(principal);
  const save = async () => {
    await api.PUT('/v1/projects/{project}/members/{principal}', {
      params: { path: { project, principal } },
      body: { role, ...(there.length > 0 && { environments: Object.fromEntries(there) }) },
    });
    notify({
      type: 'success',
      content: member ? `${word} is ${role} now.` : `${word} was let in as ${role}.`,
    });
  };
  return (
    <ActionDialog
      header={member ? `Change ${word}` : 'Add a member'}
      act={member ? 'Save' : 'Add'}
      disabled={!member && name.trim() === ''}
      run={save}
      onClose={onClose}
    >
      {!member && (
        <>
          <ChoiceField label="Who" value={kind} choices={kinds} onChange={setKind} />
          <TextField
            label={
              kind === 'email'
                ? 'E-mail address'
                : kind === 'group'
                  ? 'Name of the group'
                  : 'Id of the person'
            }
            value={name}
            onChange={setName}
            placeholder={examples[kind]}
          />
        </>
      )}
      <RoleField value={role} onChange={setRole} />
      <OtherRoles project={project} value={there} onChange={setThere} />
    </ActionDialog>
  );
}

interface OtherRolesProps {
  project: string;
  value: readonly [string, Role][];
  onChange(value: readonly [string, Role][]): void;
}

/** Roles in single environments. */
function OtherRoles({ project, value, onChange }: OtherRolesProps) {
  const { data } = useOverview(project);
  const free = (data?.environments ?? []).filter(({ name }) => !value.some(([one]) => one === name));
  const [next] = free;
  return (
    <>
      {value.map(([environment, role]) => (
        <div key={environment} className="row">
          <RoleField
            label={`Role in ${environment}`}
            value={role}
            onChange={(other) =>
              onChange(value.map((one) => (one[0] === environment ? [environment, other] : one)))
            }
          />
          <Button
            formAction="none"
            variant="inline-link"
            ariaLabel={`As in the project in ${environment}`}
            onClick={() => onChange(value.filter(([one]) => one !== environment))}
          >
            As in the project
          </Button>
        </div>
      ))}
      {next && (
        <div className="row">
          <span className="soft">Another role in</span>
          {free.map(({ name }) => (
            <Button
              key={name}
              formAction="none"
              variant="inline-link"
              ariaLabel={`Another role in ${name}`}
              onClick={() => onChange([...value, [name, 'viewer']])}
            >
              {name}
            </Button>
          ))}
        </div>
      )}
    </>
  );
}
