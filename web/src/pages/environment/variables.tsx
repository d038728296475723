/** The variables of an environment: plain settings, which anyone who may look sees. */
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Textarea from '@cloudscape-design/components/textarea';
import { useState } from 'react';
import type { Where } from '../../../../client/refusal.ts';
import { api } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';
import { apiFetch } from '../../session.ts';
import { toDotenv } from './dotenv.ts';
import { isSettingName, NameField, ValueField } from './setting-fields.tsx';

const LIST = '/v1/projects/{project}/environments/{environment}/variables';
const ONE = `${LIST}/{variable}` as const;
const TAKEN = 'Deployments and restarts from now on take it; what runs keeps what it has.';

interface Place {
  project: string;
  environment: string;
}

interface Variable {
  name: string;
  value: string;
}

/** What is open: a form for a new one (no name) or a known one, the question before it goes, or all as a file. */
type Open =
  | { what: 'put' | 'remove'; of: Variable }
  | { what: 'file'; text: string; etag: string }
  | undefined;

const pathOf = ({ project, environment }: Place): string =>
  `/v1/projects/${project}/environments/${environment}/variables`;

/** @param isReady whether it takes new ones */
export function Variables({ isReady, where, ...place }: Place & { where: Where; isReady: boolean }) {
  const { data } = useQuery(pathOf(place), async (signal) => {
    const { data: list, response } = await api.GET(LIST, { params: { path: place }, signal });
    return { items: list?.items ?? [], etag: response.headers.get('etag') ?? '*' };
  });
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const items = data?.items ?? [];
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            isReady &&
            data && (
              <span className="row">
                <Guarded
                  action="variable.write"
                  where={where}
                  onClick={() => setOpen({ what: 'file', text: toDotenv(items), etag: data.etag })}
                >
                  Edit as a file
                </Guarded>
                <Guarded
                  action="variable.write"
                  where={where}
                  onClick={() => setOpen({ what: 'put', of: { name: '', value: '' } })}
                >
                  Add a variable
                </Guarded>
              </span>
            )
          }
        >
          Variables
        </Header>
      }
    >
      {data && items.length === 0 && (
        <p className="soft">
          None yet. A workload reads one as <code>{'${resources.env.NAME}'}</code>, of a resource of type
          environment.
        </p>
      )}
      <ul className="plain-list lines">
        {items.map(({ name, value, updatedAt, updatedBy }) => (
          <li className="row" key={name}>
            <code>
              <strong>{name}</strong>
            </code>
            {value === '' ? (
              <span className="soft">empty</span>
            ) : (
              <code className="value">{plain(value)}</code>
            )}
            <span className="soft small">
              <Ago at={updatedAt} /> by <Who id={updatedBy} />
            </span>
            {isReady && (
              <span className="row row-end">
                <Guarded
                  action="variable.write"
                  where={where}
                  variant="inline-link"
                  onClick={() => setOpen({ what: 'put', of: { name, value } })}
                  ariaLabel={`Change ${name}`}
                >
                  Change
                </Guarded>
                <Guarded
                  action="variable.write"
                  where={where}
                  variant="inline-link"
                  destroys
                  onClick={() => setOpen({ what: 'remove', of: { name, value } })}
                  ariaLabel={`Remove ${name}`}
                >
                  Remove
                </Guarded>
              </span>
            )}
          </li>
        ))}
      </ul>
      {open?.what === 'put' && (
        <PutVariable place={place} of={open.of} taken={items.map(({ name }) => name)} onClose={close} />
      )}
      {open?.what === 'remove' && <RemoveVariable place={place} name={open.of.name} onClose={close} />}
      {open?.what === 'file' && <AsFile place={place} {...open} onClose={close} />}
    </Container>
  );
}

interface DialogProps {
  place: Place;
  onClose(): void;
}

function PutVariable({
  place,
  of,
  taken,
  onClose,
}: DialogProps & { of: Variable; taken: readonly string[] }) {
  const isNew = of.name === '';
  const [name, setName] = useState(of.name);
  const [value, setValue] = useState(of.value);
  const variable = name.trim();
  const save = async () => {
    await api.PUT(ONE, { params: { path: { ...place, variable } }, body: { value } });
    notify({ type: 'success', content: `${variable} was saved. ${TAKEN}` });
  };
  return (
    <ActionDialog
      header={isNew ? 'Add a variable' : `Change ${of.name}`}
      act="Save"
      disabled={!isSettingName(variable) || (isNew && taken.includes(variable))}
      run={save}
      onClose={onClose}
    >
      {isNew && <NameField value={name} onChange={setName} taken={taken} />}
      <ValueField
        value={value}
        onChange={setValue}
        description="Anyone who may look at the environment sees it."
        autoFocus={!isNew}
      />
    </ActionDialog>
  );
}

function RemoveVariable({ place, name, onClose }: DialogProps & { name: string }) {
  const remove = async () => {
    await api.DELETE(ONE, { params: { path: { ...place, variable: name } } });
    notify({
      type: 'success',
      content: `${name} was removed. What runs keeps it; a later deployment that needs it fails.`,
    });
  };
  return (
    <ActionDialog header={`Remove ${name}?`} act={`Remove ${name}`} destroys run={remove} onClose={onClose}>
      <p>What runs keeps it; a later deployment that needs it fails.</p>
    </ActionDialog>
  );
}

/** @param etag of what the text shows: who changed a variable meanwhile does not lose it by this */
function AsFile({ place, text: given, etag, onClose }: DialogProps & { text: string; etag: string }) {
  const [text, setText] = useState(given);
  const save = async () => {
    await apiFetch(pathOf(place), {
      method: 'PUT',
      headers: { 'content-type': 'text/plain', 'if-match': etag },
      body: text,
    });
    notify({ type: 'success', content: `The variables were saved. ${TAKEN}` });
  };
  return (
    <ActionDialog header="All variables" act="Save" run={save} onClose={onClose}>
      <FormField
        label="As a .env file"
        description="NAME=value in each line; a value in quotes may have several. Those that are not named are removed."
        stretch
      >
        <Textarea
          value={text}
          rows={14}
          onChange={({ detail }) => setText(detail.value)}
          spellcheck={false}
          autoComplete={false}
          autoFocus
        />
      </FormField>
    </ActionDialog>
  );
}
