/** A project itself: its name for people, its repositories, and its end. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Overview } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useOverview } from '../../api/read.ts';
import { navigate } from '../../app/navigation.ts';
import { notify } from '../../app/notifications.tsx';
import { servicePath } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';
import { TextField } from '../../components/forms/fields.tsx';
import { Loading } from '../../components/page/loading.tsx';
import Missing from '../missing.tsx';
import { Settings } from './page.tsx';

export default function GeneralPage({ project }: { project: string }) {
  const { data: overview, error } = useOverview(project);
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  return (
    <Settings
      project={project}
      page="general"
      reads="project.read"
      lead="How the project is called, where its source lives, and its end."
    >
      {overview ? (
        <>
          <Name project={project} displayName={overview.displayName ?? ''} />
          <Repositories overview={overview} />
          <End overview={overview} />
        </>
      ) : (
        <Loading />
      )}
    </Settings>
  );
}

function Name({ project, displayName }: { project: string; displayName: string }) {
  const [text, setText] = useState(displayName);
  const { busy, run } = useAction(async () => {
    const name = text.trim();
    await body(
      api.PATCH('/v1/projects/{project}', {
        params: { path: { project } },
        body: { displayName: name === '' ? null : name },
      }),
    );
    return 'The name was saved.';
  }, 'It was not renamed');
  return (
    <Container header={<Header variant="h2">Name</Header>}>
      <form
        className="row create-form"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <TextField
          label="Display name"
          description={`What people see; addresses stay with ${project}.`}
          value={text}
          onChange={setText}
        />
        <Guarded
          action="project.update"
          formAction="submit"
          loading={busy}
          disabled={text.trim() === displayName}
        >
          Save
        </Guarded>
      </form>
    </Container>
  );
}

/** Where each service's repository, its deliveries and its previews are. */
function Repositories({ overview: { project, services, instances } }: { overview: Overview }) {
  return (
    <Container header={<Header variant="h2">Repositories and previews</Header>}>
      {services.length === 0 && <p className="soft">There are no services yet.</p>}
      <ul className="plain-list lines">
        {services.map(({ name }) => {
          const place = instances.find(({ service }) => service === name);
          return (
            <li key={name} className="row">
              <strong>{name}</strong>
              <span className="row-end">
                {place ? (
                  <Link
                    href={servicePath(
                      { project, environment: place.environment, service: name },
                      'repository',
                    )}
                  >
                    Repository and previews of {name}
                  </Link>
                ) : (
                  <span className="soft">Can be connected once it is deployed</span>
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </Container>
  );
}

function End({ overview: { project, environments, services } }: { overview: Overview }) {
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const isEmpty = environments.length === 0 && services.length === 0;
  return (
    <Container header={<Header variant="h2">Delete the project</Header>}>
      <div className="stack">
        <p className="soft">
          Only an empty project can be deleted: {environments.length} environments and {services.length}{' '}
          services are left in it. Its name stays taken, since its audit trail is kept.
        </p>
        <span>
          {isEmpty ? (
            <Guarded action="project.delete" destroys onClick={() => setOpen(true)}>
              Delete {project} …
            </Guarded>
          ) : (
            <Button disabled disabledReason="Destroy its environments and delete its services first.">
              Delete {project} …
            </Button>
          )}
        </span>
      </div>
      {isOpen && (
        <ActionDialog
          header={`Delete ${project}?`}
          act={`Delete ${project}`}
          destroys
          disabled={typed.trim() !== project}
          run={async () => {
            await api.DELETE('/v1/projects/{project}', { params: { path: { project } } });
            notify({ type: 'success', content: `${project} was deleted.` });
            navigate('/');
          }}
          onClose={() => setOpen(false)}
        >
          <p>Its members, tokens, policies, webhooks and log drains go. Its audit trail stays.</p>
          <TextField label={`Write ${project} to confirm`} value={typed} onChange={setTyped} autoFocus />
        </ActionDialog>
      )}
    </Container>
  );
}
