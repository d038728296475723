/** Which pipelines of other systems a project trusts. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import type { Trust } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded, useMay } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';
import { Settings } from './page.tsx';
import { TrustDialog } from './trust-dialog.tsx';

const TRUSTS = '/v1/projects/{project}/trusts';

export default function PipelinesPage({ project }: { project: string }) {
  const may = useMay();
  const trusts = useList(
    may('trust.read').disabled ? undefined : `/v1/projects/${project}/trusts`,
    (query, signal) => api.GET(TRUSTS, { params: { path: { project }, query }, signal }),
  );
  const [isOpen, setOpen] = useState(false);
  const [going, setGoing] = useState<Trust>();
  return (
    <Settings
      project={project}
      page="pipelines"
      reads="trust.read"
      lead="Pipelines of GitHub, GitLab and others that need no stored token: each run shows the one that its own system signs for it, and gets access for 15 minutes."
      action={
        <Guarded action="trust.write" variant="primary" onClick={() => setOpen(true)}>
          Trust a pipeline
        </Guarded>
      }
    >
      <Container>
        <DataTable
          label="Trusted pipelines"
          of={trusts}
          keyOf={({ id }) => id}
          none="None is trusted yet."
          columns={[
            {
              head: 'Which',
              cell: ({ subjects, issuer, pullRequests }) => (
                <>
                  {subjects.map((subject) => (
                    <div key={subject}>
                      <code>{plain(subject)}</code>
                    </div>
                  ))}
                  <div className="soft small">of {plain(issuer)}</div>
                  {pullRequests && (
                    <div className="soft small">Pull requests too: {plain(pullRequests.reason)}</div>
                  )}
                </>
              ),
            },
            {
              head: 'May',
              cell: ({ role, environments }) => (
                <>
                  {role}
                  <span className="soft small">
                    {environments ? `in ${environments.join(', ')}` : 'in all environments'}
                  </span>
                </>
              ),
            },
            {
              head: 'Created',
              cell: ({ createdAt, createdBy }) => (
                <>
                  <Ago at={createdAt} /> by <Who id={createdBy} />
                </>
              ),
            },
            {
              head: 'Actions',
              isActions: true,
              cell: (trust) => (
                <span>
                  <Guarded
                    action="trust.write"
                    variant="inline-link"
                    destroys
                    ariaLabel={`Delete the trust in ${plain(trust.subjects[0] ?? '')}`}
                    onClick={() => setGoing(trust)}
                  >
                    Delete
                  </Guarded>
                </span>
              ),
            },
          ]}
        />
      </Container>
      {isOpen && <TrustDialog project={project} onClose={() => setOpen(false)} />}
      {going && (
        <ActionDialog
          header="Trust this pipeline no longer?"
          act="Delete the trust"
          destroys
          run={async () => {
            await api.DELETE(`${TRUSTS}/{trust}`, { params: { path: { project, trust: going.id } } });
            notify({ type: 'success', content: 'The trust was deleted.' });
          }}
          onClose={() => setGoing(undefined)}
        >
          <p>
            <code>{going.subjects.map(plain).join(', ')}</code>
          </p>
          <p>Tokens that it got by this end at once; runs of it that are under way fail.</p>
        </ActionDialog>
      )}
    </Settings>
  );
}
