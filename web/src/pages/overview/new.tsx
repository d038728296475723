/** Makes what a project consists of. */
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import FormField from '@cloudscape-design/components/form-field';
import RadioGroup from '@cloudscape-design/components/radio-group';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { CreateDialog } from '../../components/dialogs/create-dialog.tsx';

type What = 'environment' | 'service';

export function New({ project }: { project: string }) {
  const [open, setOpen] = useState<What>();
  const close = () => setOpen(undefined);
  return (
    <>
      <ButtonDropdown
        items={[
          { id: 'environment', text: 'Environment' },
          { id: 'service', text: 'Service' },
        ]}
        onItemClick={({ detail }) => setOpen(detail.id as What)}
      >
        New
      </ButtonDropdown>
      {open === 'environment' && <NewEnvironment project={project} onClose={close} />}
      {open === 'service' && <NewService project={project} onClose={close} />}
    </>
  );
}

interface NewProps {
  project: string;
  onClose(): void;
}

function NewService({ project, onClose }: NewProps) {
  const create = async (name: string) => {
    await api.POST('/v1/projects/{project}/services', { params: { path: { project } }, body: { name } });
    return `The service ${name} is there; now build a version of it.`;
  };
  return <CreateDialog header="New service" create={create} onClose={onClose} />;
}

const kinds = [
  { value: 'persistent', label: 'Persistent', description: 'It stays until it is destroyed.' },
  {
    value: 'ephemeral',
    label: 'Ephemeral',
    description: 'It sleeps after an hour without use, and is destroyed after 7 days unless it is extended.',
  },
] as const;

type Kind = (typeof kinds)[number]['value'];

function NewEnvironment({ project, onClose }: NewProps) {
  const [kind, setKind] = useState<Kind>('persistent');
  const create = async (name: string) => {
    await api.POST('/v1/projects/{project}/environments', {
      params: { path: { project } },
      body: { name, kind },
    });
    return `${name} is being made.`;
  };
  return (
    <CreateDialog header="New environment" create={create} onClose={onClose}>
      <FormField label="Kind">
        <RadioGroup
          value={kind}
          items={[...kinds]}
          onChange={({ detail }) => setKind(detail.value as Kind)}
        />
      </FormField>
    </CreateDialog>
  );
}
