/** Who is let into a project, as what; and what each role may do. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import type { Member } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { personWord, Who, WhoMark } from '../../components/access/who.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { DataTable } from '../../components/page/data-table.tsx';
import { Ago } from '../../components/time.tsx';
import { useSession } from '../../session.ts';
import { MemberDialog } from './member-dialog.tsx';
import { Settings } from './page.tsx';
import { RoleMatrix } from './role-matrix.tsx';

type Open = { what: 'put'; member?: Member } | { what: 'remove'; member: Member } | undefined;

const kinds: Readonly<Record<string, string>> = { user: 'Person', group: 'Group', email: 'By e-mail' };

export default function MembersPage({ project }: { project: string }) {
  const members = useList(`/v1/projects/${project}/members`, (query, signal) =>
    api.GET('/v1/projects/{project}/members', { params: { path: { project }, query }, signal }),
  );
  const { principal } = useSession();
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  return (
    <Settings
      project={project}
      page="members"
      reads="member.read"
      lead="People and groups who are let in, each with a role. Who is let in more than once has the highest of their roles."
      action={
        <Guarded action="member.write" variant="primary" onClick={() => setOpen({ what: 'put' })}>
          Add a member
        </Guarded>
      }
    >
      <Container>
        <DataTable
          label="Members"
          of={members}
          keyOf={(member) => member.principal}
          none="Nobody yet, but those who run this installation of Berth."
          columns={[
            {
              head: 'Who',
              cell: (member) => (
                <>
                  <WhoMark id={member.principal} />
                  {member.principal === principal?.id && <span className="badge">you</span>}
                </>
              ),
            },
            { head: 'Kind', cell: (member) => kinds[member.principal.split(':', 1)[0] ?? ''] ?? 'Other' },
            { head: 'Role', cell: (member) => <RoleOf member={member} /> },
            {
              head: 'Added',
              cell: ({ createdAt, createdBy }) => (
                <>
                  <Ago at={createdAt} /> by <Who id={createdBy} />
                </>
              ),
            },
            {
              head: 'Actions',
              isActions: true,
              cell: (member) => (
                <span>
                  <Guarded
                    action="member.write"
                    variant="inline-link"
                    ariaLabel={`Change ${personWord(member.principal)}`}
                    onClick={() => setOpen({ what: 'put', member })}
                  >
                    Change
                  </Guarded>
                  <Guarded
                    action="member.write"
                    variant="inline-link"
                    destroys
                    ariaLabel={`Remove ${personWord(member.principal)}`}
                    onClick={() => setOpen({ what: 'remove', member })}
                  >
                    Remove
                  </Guarded>
                </span>
              ),
            },
          ]}
        />
      </Container>
      <RoleMatrix />
      {open?.what === 'put' && (
        <MemberDialog project={project} {...(open.member && { member: open.member })} onClose={close} />
      )}
      {open?.what === 'remove' && <RemoveDialog member={open.member} onClose={close} />}
    </Settings>
  );
}

function RoleOf({ member: { role, environments = {} } }: { member: Member }) {
  const others = Object.entries(environments);
  return (
    <>
      {role}
      {others.length > 0 && (
        <span className="soft small">
          {others.map(([environment, there]) => `${there} in ${environment}`).join(', ')}
        </span>
      )}
    </>
  );
}

function RemoveDialog({ member: { project, principal }, onClose }: { member: Member; onClose(): void }) {
  const name = personWord(principal);
  const remove = async () => {
    await api.DELETE('/v1/projects/{project}/members/{principal}', {
      params: { path: { project, principal } },
    });
    notify({ type: 'success', content: `${name} was removed.` });
  };
  return (
    <ActionDialog header={`Remove ${name}?`} act={`Remove ${name}`} destroys run={remove} onClose={onClose}>
      <p>
        Their access to {project} ends at once, with the pages that they have open. What they made stays, and
        so do the tokens of the project.
      </p>
    </ActionDialog>
  );
}
