/** The conditions that each deployment has to meet: those of the project, and those of the platform. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import type { Policy } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { type List, useList } from '../../api/list.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { type Column, DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';
import { Settings } from './page.tsx';
import { PolicyDialog } from './policies/policy-dialog.tsx';
import { kindWords, ruleWords } from './policies/words.ts';

const POLICIES = '/v1/projects/{project}/policies';

type Open = { what: 'put'; policy?: Policy } | { what: 'delete'; policy: Policy } | undefined;

const columns: Column<Policy>[] = [
  {
    head: 'Policy',
    cell: ({ name, description }) => (
      <>
        {name}
        {description !== undefined && <div className="soft small">{plain(description)}</div>}
      </>
    ),
  },
  {
    head: 'Asks for',
    cell: ({ rule }) => (
      <>
        {ruleWords(rule)}
        <span className="soft small">{kindWords[rule.kind].label}</span>
      </>
    ),
  },
  {
    head: 'Where',
    cell: ({ environments, rollbacks }) => (
      <>
        {environments ? environments.map(plain).join(', ') : 'everywhere'}
        {rollbacks && <span className="soft small">rollbacks too</span>}
      </>
    ),
  },
  {
    head: 'Changed',
    cell: ({ updatedAt, updatedBy }) => (
      <>
        <Ago at={updatedAt} /> by <Who id={updatedBy} />
      </>
    ),
  },
];

const keyOf = ({ name }: Policy): string => name;

export default function PoliciesPage({ project }: { project: string }) {
  const own = useList(`/v1/projects/${project}/policies`, (_query, signal) =>
    api.GET(POLICIES, { params: { path: { project } }, signal }),
  );
  const platform = useList('/v1/policies', (_query, signal) => api.GET('/v1/policies', { signal }));
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  return (
    <Settings
      project={project}
      page="policies"
      reads="policy.read"
      lead="What each deployment has to meet. One that does not is refused with the policy's name, what was found, and the way out."
      action={
        <Guarded action="policy.write" variant="primary" onClick={() => setOpen({ what: 'put' })}>
          Add a policy
        </Guarded>
      }
    >
      <Container header={<Header variant="h2">Of this project</Header>}>
        <DataTable
          label="Policies of this project"
          of={own}
          keyOf={keyOf}
          none="None: every version may be deployed everywhere, by those who may deploy."
          columns={[
            ...columns,
            {
              head: 'Actions',
              isActions: true,
              cell: (policy) => (
                <span>
                  <Guarded
                    action="policy.write"
                    variant="inline-link"
                    ariaLabel={`Change ${policy.name}`}
                    onClick={() => setOpen({ what: 'put', policy })}
                  >
                    Change
                  </Guarded>
                  <Guarded
                    action="policy.write"
                    variant="inline-link"
                    destroys
                    ariaLabel={`Delete ${policy.name}`}
                    onClick={() => setOpen({ what: 'delete', policy })}
                  >
                    Delete
                  </Guarded>
                </span>
              ),
            },
          ]}
        />
      </Container>
      <OfThePlatform of={platform} />
      {open?.what === 'put' && (
        <PolicyDialog
          project={project}
          {...(open.policy && { policy: open.policy })}
          taken={own.items?.map(keyOf) ?? []}
          onClose={close}
        />
      )}
      {open?.what === 'delete' && (
        <ActionDialog
          header={`Delete ${open.policy.name}?`}
          act={`Delete ${open.policy.name}`}
          destroys
          run={async () => {
            await api.DELETE(`${POLICIES}/{policy}`, {
              params: { path: { project, policy: open.policy.name } },
            });
            notify({ type: 'success', content: `${open.policy.name} was deleted.` });
          }}
          onClose={close}
        >
          <p>Deployments from now on need not meet it: {ruleWords(open.policy.rule)}.</p>
        </ActionDialog>
      )}
    </Settings>
  );
}

const OfThePlatform = ({ of }: { of: List<Policy> }) => (
  <Container
    header={
      <Header variant="h2" description="They hold in every project; the platform team sets them.">
        Of the platform
      </Header>
    }
  >
    <DataTable label="Policies of the platform" of={of} keyOf={keyOf} none="None." columns={columns} />
  </Container>
);
