/** The secrets of an environment by name and version; values go in and never come out. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import type { Where } from '../../../../client/refusal.ts';
import type { Secret } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { useSecrets } from '../../api/read.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';
import { SecretDialog } from './secret-dialog.tsx';

const PATH = '/v1/projects/{project}/environments/{environment}/secrets/{secret}';

interface SecretsProps {
  project: string;
  environment: string;
  where: Where;
  /** Whether it takes new ones. */
  isReady: boolean;
}

/** What is open: a form for a new one (no name), for a new version of one, or the question before it goes. */
type Open = { what: 'put'; name?: string } | { what: 'delete'; name: string } | undefined;

export function Secrets({ project, environment, where, isReady }: SecretsProps) {
  const { data: secrets = [] } = useSecrets({ project, environment });
  const [open, setOpen] = useState<Open>();
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            isReady && (
              <Guarded action="secret.write" where={where} onClick={() => setOpen({ what: 'put' })}>
                Add a secret
              </Guarded>
            )
          }
        >
          Secrets
        </Header>
      }
    >
      {secrets.length === 0 && (
        <p className="soft">
          None yet. A workload reads one as <code>{'${resources.env.NAME}'}</code>, of a resource of type
          environment.
        </p>
      )}
      <ul className="plain-list lines">
        {secrets.map((secret) => (
          <SecretLine key={secret.name} secret={secret} where={where} isReady={isReady} onOpen={setOpen} />
        ))}
      </ul>
      {open?.what === 'put' && (
        <SecretDialog
          header={open.name === undefined ? 'Add a secret' : `New version of ${open.name}`}
          name={open.name}
          put={(secret, value) =>
            api.PUT(PATH, { params: { path: { project, environment, secret } }, body: { value } })
          }
          saved="Deployments from now on get it; what runs keeps what it has."
          taken={secrets.map(({ name }) => name)}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open?.what === 'delete' && (
        <DeleteSecret place={{ project, environment }} name={open.name} onClose={() => setOpen(undefined)} />
      )}
    </Container>
  );
}

interface SecretLineProps {
  secret: Secret;
  where: Where;
  isReady: boolean;
  onOpen(open: Open): void;
}

const SecretLine = ({
  secret: { name, version, source, updatedAt, updatedBy },
  where,
  isReady,
  onOpen,
}: SecretLineProps) => (
  <li className="row">
    <code>
      <strong>{name}</strong>
    </code>
    <span className="soft">{source ? `kept in ${plain(source.entry)}` : '••••••'}</span>
    <span className="soft small" title={`Version ${version}`}>
      <Ago at={updatedAt} /> by <Who id={updatedBy} />
    </span>
    {isReady && (
      <span className="row row-end">
        <Guarded
          action="secret.write"
          where={where}
          variant="inline-link"
          onClick={() => onOpen({ what: 'put', name })}
          ariaLabel={`New version of ${name}`}
        >
          New version
        </Guarded>
        <Guarded
          action="secret.delete"
          where={where}
          variant="inline-link"
          destroys
          onClick={() => onOpen({ what: 'delete', name })}
          ariaLabel={`Delete ${name}`}
        >
          Delete
        </Guarded>
      </span>
    )}
  </li>
);

interface DialogProps {
  place: { project: string; environment: string };
  onClose(): void;
}

function DeleteSecret({ place, name, onClose }: DialogProps & { name: string }) {
  const remove = async () => {
    await api.DELETE(PATH, { params: { path: { ...place, secret: name } } });
    notify({ type: 'success', content: `${name} was deleted.` });
  };
  return (
    <ActionDialog header={`Delete ${name}?`} act={`Delete ${name}`} destroys run={remove} onClose={onClose}>
      <p>
        All its versions go. What runs keeps running; a deployment or rollback that needs it fails from now
        on.
      </p>
    </ActionDialog>
  );
}
