/** What registries of images are signed in to with; passwords go in and never come out. */
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { api, body } from '../../../api/client.ts';
import { useList } from '../../../api/list.ts';
import { notify } from '../../../app/notifications.tsx';
import { Guarded } from '../../../components/access/guarded.tsx';
import { Who } from '../../../components/access/who.tsx';
import { ActionDialog } from '../../../components/dialogs/action-dialog.tsx';
import { DataTable } from '../../../components/page/data-table.tsx';
import { plain } from '../../../components/plain.ts';
import { Ago } from '../../../components/time.tsx';
import { ValueField } from '../../environment/setting-fields.tsx';

const REGISTRY = '/v1/projects/{project}/registries/{registry}';
const HOST = /^(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(?::\d{1,5})?$|^localhost:\d{1,5}$/;
const LEAST = 8;

type Open = { what: 'put'; registry: string; username: string } | { what: 'delete'; registry: string };

export function Registries({ project }: { project: string }) {
  const registries = useList(`/v1/projects/${project}/registries`, (_query, signal) =>
    api.GET('/v1/projects/{project}/registries', { params: { path: { project } }, signal }),
  );
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const put = (registry: string, username: string) => setOpen({ what: 'put', registry, username });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="For images that Score files name, and that Dockerfiles stand on."
          actions={
            <Guarded action="build-secret.write" onClick={() => put('', '')}>
              Add a registry
            </Guarded>
          }
        >
          Registries of images
        </Header>
      }
    >
      <DataTable
        label="Registries of images"
        of={registries}
        keyOf={({ registry }) => registry}
        none="None yet."
        columns={[
          { head: 'Registry', cell: ({ registry }) => <code>{plain(registry)}</code> },
          { head: 'User', cell: ({ username }) => plain(username) },
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
            cell: ({ registry, username }) => (
              <span>
                <Guarded
                  action="build-secret.write"
                  variant="inline-link"
                  ariaLabel={`New password of ${registry}`}
                  onClick={() => put(registry, username)}
                >
                  New password
                </Guarded>
                <Guarded
                  action="build-secret.write"
                  variant="inline-link"
                  destroys
                  ariaLabel={`Delete ${registry}`}
                  onClick={() => setOpen({ what: 'delete', registry })}
                >
                  Delete
                </Guarded>
              </span>
            ),
          },
        ]}
      />
      {open?.what === 'put' && <RegistryDialog project={project} given={open} onClose={close} />}
      {open?.what === 'delete' && (
        <ActionDialog
          header={`Delete ${open.registry}?`}
          act={`Delete ${open.registry}`}
          destroys
          run={async () => {
            await api.DELETE(REGISTRY, { params: { path: { project, registry: open.registry } } });
            notify({ type: 'success', content: `${open.registry} was deleted.` });
          }}
          onClose={close}
        >
          <p>Versions from now on are made without its password, and are refused where they need it.</p>
        </ActionDialog>
      )}
    </Container>
  );
}

interface RegistryDialogProps {
  project: string;
  /** Empty: a new one. */
  given: { registry: string; username: string };
  onClose(): void;
}

function RegistryDialog({ project, given, onClose }: RegistryDialogProps) {
  const [host, setHost] = useState(given.registry);
  const [user, setUser] = useState(given.username);
  const [password, setPassword] = useState('');
  const isNew = given.registry === '';
  const registry = host.trim();
  const username = user.trim();
  return (
    <ActionDialog
      header={isNew ? 'Add a registry' : `New password of ${given.registry}`}
      act="Save"
      disabled={!HOST.test(registry) || username === '' || password.trim().length < LEAST}
      run={async () => {
        const path = { project, registry };
        await body(api.PUT(REGISTRY, { params: { path }, body: { username, password } }));
        notify({
          type: 'success',
          content: `${registry} was saved. Versions from now on are pulled with it.`,
        });
      }}
      onClose={onClose}
    >
      {isNew && (
        <FormField label="Registry" constraintText="Its host, such as ghcr.io; docker.io for Docker Hub.">
          <Input value={host} onChange={({ detail }) => setHost(detail.value)} spellcheck={false} autoFocus />
        </FormField>
      )}
      <FormField label="User">
        <Input value={user} onChange={({ detail }) => setUser(detail.value)} spellcheck={false} />
      </FormField>
      <ValueField
        label="Password"
        value={password}
        onChange={setPassword}
        description={`Or a token; at least ${LEAST} characters. Once saved it is never shown again.`}
        autoFocus={!isNew}
      />
    </ActionDialog>
  );
}
