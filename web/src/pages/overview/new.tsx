/** Makes what a project consists of. */
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import FormField from '@cloudscape-design/components/form-field';
import RadioGroup from '@cloudscape-design/components/radio-group';
import { useState } from 'react';
import { createEnvironment, createService } from '../../api/create.ts';
import { navigate } from '../../app/navigation.ts';
import { newProjectPath } from '../../app/paths.ts';
import { useMay } from '../../components/access/guarded.tsx';
import { CreateDialog } from '../../components/dialogs/create-dialog.tsx';

type What = 'environment' | 'service';

export function New({ project }: { project: string }) {
  const [open, setOpen] = useState<What>();
  const may = useMay();
  const close = () => setOpen(undefined);
  return (
    <>
      <ButtonDropdown
        items={[
          { id: 'environment', text: 'Environment', ...may('environment.create') },
          { id: 'service', text: 'Service', ...may('service.create') },
          { id: 'project', text: 'Project', ...may('project.create') },
        ]}
        onItemClick={({ detail: { id } }) =>
          id === 'project' ? navigate(newProjectPath) : setOpen(id as What)
        }
      >
        New
      </ButtonDropdown>
      {open === 'environment' && <NewEnvironment project={project} onClose={close} />}
      {open === 'service' && (
        <CreateDialog header="New service" create={(name) => createService(project, name)} onClose={close} />
      )}
    </>
  );
}

const kinds = [
  { value: 'persistent', label: 'Persistent', description: 'It stays until it is destroyed.' },
  {
    value: 'ephemeral',
    label: 'Ephemeral',
    description: 'It sleeps after an hour without use, and expires after 7 days unless it is extended.',
  },
] as const;

type Kind = (typeof kinds)[number]['value'];

function NewEnvironment({ project, onClose }: { project: string; onClose(): void }) {
  const [kind, setKind] = useState<Kind>('persistent');
  return (
    <CreateDialog
      header="New environment"
      create={(name) => createEnvironment(project, { name, kind })}
      onClose={onClose}
    >
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
