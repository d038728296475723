/** The variables of an environment: plain settings, which anyone who may look sees. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { notify } from '../../app/notifications.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';

const LIST = '/v1/projects/{project}/environments/{environment}/variables';
const ONE = `${LIST}/{variable}` as const;
const TAKEN = 'Deployments and restarts from now on take it; what runs keeps what it has.';

interface VariablesProps {
  project: string;
  environment: string;
  /** Whether it takes new ones. */
  isReady: boolean;
}

export function Variables({ project, environment, isReady }: VariablesProps) {
  const place = { project, environment };
  const { data } = useQuery(`/v1/projects/${project}/environments/${environment}/variables`, (signal) =>
    body(api.GET(LIST, { params: { path: place }, signal })),
  );
  const [open, setOpen] = useState<{ name: string; value: string }>();
  const remove = async (variable: string) => {
    await api.DELETE(ONE, { params: { path: { ...place, variable } } });
    notify({ type: 'success', content: `${variable} was removed. ${TAKEN}` });
  };
  const [leaving, setLeaving] = useState<string>();
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            isReady && <Button onClick={() => setOpen({ name: '', value: '' })}>Add a variable</Button>
          }
        >
          Variables
        </Header>
      }
    >
      {data?.items.length === 0 && (
        <p className="soft">
          None yet. A workload reads one as <code>{'${resources.env.NAME}'}</code>, of a resource of type
          environment.
        </p>
      )}
      <ul className="plain-list lines">
        {data?.items.map(({ name, value, updatedAt, updatedBy }) => (
          <li className="row" key={name}>
            <code>
              <strong>{name}</strong>
            </code>
            <code>{plain(value)}</code>
            <span className="soft small">
              <Ago at={updatedAt} /> by {plain(updatedBy)}
            </span>
            {isReady && (
              <span className="row row-end">
                <Button
                  variant="inline-link"
                  onClick={() => setOpen({ name, value })}
                  ariaLabel={`Change ${name}`}
                >
                  Change
                </Button>
                <Button variant="inline-link" onClick={() => setLeaving(name)} ariaLabel={`Remove ${name}`}>
                  Remove
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {open && <PutVariable place={place} of={open} onClose={() => setOpen(undefined)} />}
      {leaving !== undefined && (
        <ActionDialog
          header={`Remove ${leaving}?`}
          labels={{ act: 'Remove', leave: 'Keep it' }}
          act={() => remove(leaving)}
          onClose={() => setLeaving(undefined)}
        >
          <p>What runs keeps it; a later deployment that needs it fails.</p>
        </ActionDialog>
      )}
    </Container>
  );
}

interface PutProps {
  place: { project: string; environment: string };
  of: { name: string; value: string };
  onClose(): void;
}

function PutVariable({ place, of, onClose }: PutProps) {
  const [name, setName] = useState(of.name);
  const [value, setValue] = useState(of.value);
  const save = async () => {
    await api.PUT(ONE, { params: { path: { ...place, variable: name.trim() } }, body: { value } });
    notify({ type: 'success', content: `${name.trim()} was saved. ${TAKEN}` });
  };
  return (
    <ActionDialog
      header={of.name === '' ? 'Add a variable' : `Change ${of.name}`}
      labels={{ act: 'Save', leave: 'Leave it' }}
      act={save}
      onClose={onClose}
    >
      {of.name === '' && (
        <FormField label="Name" constraintText="Letters, digits and _, not starting with a digit.">
          <Input value={name} onChange={({ detail }) => setName(detail.value)} spellcheck={false} autoFocus />
        </FormField>
      )}
      <FormField label="Value" description="Anyone who may look at the environment sees it.">
        <Input value={value} onChange={({ detail }) => setValue(detail.value)} autoFocus={of.name !== ''} />
      </FormField>
    </ActionDialog>
  );
}
