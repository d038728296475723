/** Secrets that every build of a project sees; values go in and never come out. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import { api, body } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { DataTable } from '../../components/page/data-table.tsx';
import { Ago } from '../../components/time.tsx';
import { SecretDialog } from '../environment/secret-dialog.tsx';
import { Registries } from './build-secrets/registries.tsx';
import { Settings } from './page.tsx';

const SECRETS = '/v1/projects/{project}/build-secrets';

type Open = { what: 'put'; name?: string } | { what: 'delete'; name: string } | undefined;

export default function BuildSecretsPage({ project }: { project: string }) {
  const secrets = useList(`/v1/projects/${project}/build-secrets`, (_query, signal) =>
    api.GET(SECRETS, { params: { path: { project } }, signal }),
  );
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  return (
    <Settings
      project={project}
      page="build-secrets"
      reads="build-secret.read"
      lead="What builds need to fetch private packages, such as NPM_TOKEN. Each build sees them as variables; no image and no output has them."
      action={
        <Guarded action="build-secret.write" variant="primary" onClick={() => setOpen({ what: 'put' })}>
          Add a build secret
        </Guarded>
      }
    >
      <Container>
        <DataTable
          label="Build secrets"
          of={secrets}
          keyOf={({ name }) => name}
          none="None yet."
          columns={[
            { head: 'Name', cell: ({ name }) => <code>{name}</code> },
            { head: 'Value', cell: () => <span className="soft">••••••</span> },
            {
              head: 'Set',
              cell: ({ updatedAt, updatedBy }) => (
                <>
                  <Ago at={updatedAt} /> by <Who id={updatedBy} />
                </>
              ),
            },
            {
              head: 'Actions',
              isActions: true,
              cell: ({ name }) => (
                <span>
                  <Guarded
                    action="build-secret.write"
                    variant="inline-link"
                    ariaLabel={`New value of ${name}`}
                    onClick={() => setOpen({ what: 'put', name })}
                  >
                    New value
                  </Guarded>
                  <Guarded
                    action="build-secret.write"
                    variant="inline-link"
                    destroys
                    ariaLabel={`Delete ${name}`}
                    onClick={() => setOpen({ what: 'delete', name })}
                  >
                    Delete
                  </Guarded>
                </span>
              ),
            },
          ]}
        />
      </Container>
      <Registries project={project} />
      {open?.what === 'put' && (
        <SecretDialog
          header={open.name === undefined ? 'Add a build secret' : `New value of ${open.name}`}
          name={open.name}
          least={8}
          put={(secret, value) =>
            body(api.PUT(`${SECRETS}/{secret}`, { params: { path: { project, secret } }, body: { value } }))
          }
          saved="Builds from now on have it."
          taken={secrets.items?.map(({ name }) => name) ?? []}
          onClose={close}
        />
      )}
      {open?.what === 'delete' && (
        <ActionDialog
          header={`Delete ${open.name}?`}
          act={`Delete ${open.name}`}
          destroys
          run={async () => {
            const path = { project, secret: open.name };
            await api.DELETE(`${SECRETS}/{secret}`, { params: { path } });
            notify({ type: 'success', content: `${open.name} was deleted.` });
          }}
          onClose={close}
        >
          <p>Builds from now on do not have it, and fail where they need it.</p>
        </ActionDialog>
      )}
    </Settings>
  );
}
