/** Destroying an environment: what will go, and its name typed. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import type { Environment } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useOverview, useResources, useSecrets } from '../../api/read.ts';
import { navigate } from '../../app/navigation.ts';
import { operationPath } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { plain } from '../../components/plain.ts';

export function Destroy({ environment }: { environment: Environment }) {
  const [isOpen, setOpen] = useState(false);
  const { state } = environment;
  if (state === 'destroying' || state === 'destroyed') return null;
  return (
    <div>
      <Guarded action="environment.delete" where={environment} destroys onClick={() => setOpen(true)}>
        Destroy {environment.name} …
      </Guarded>
      {isOpen && <DestroyDialog environment={environment} onClose={() => setOpen(false)} />}
    </div>
  );
}

interface DestroyDialogProps {
  environment: Environment;
  onClose(): void;
}

function DestroyDialog({ environment: { project, name }, onClose }: DestroyDialogProps) {
  const [typed, setTyped] = useState('');
  const path = { project, environment: name };
  const destroy = async () => {
    const { id } = await body(
      api.DELETE('/v1/projects/{project}/environments/{environment}', { params: { path } }),
    );
    navigate(operationPath(project, id));
  };
  return (
    <ActionDialog
      header={`Destroy ${name}?`}
      act={`Destroy ${name}`}
      destroys
      run={destroy}
      disabled={typed !== name}
      onClose={onClose}
    >
      <Going {...path} />
      <FormField label={`Type ${name} to confirm`}>
        <Input value={typed} onChange={({ detail }) => setTyped(detail.value)} spellcheck={false} autoFocus />
      </FormField>
    </ActionDialog>
  );
}

/** All that will be gone. */
function Going({ project, environment }: { project: string; environment: string }) {
  const { data: overview } = useOverview(project);
  const { data: resources = [] } = useResources({ project, environment });
  const { data: secrets = [] } = useSecrets({ project, environment });
  const services = overview?.instances.filter((one) => one.environment === environment) ?? [];
  const going = [
    ...services.map(({ service }) => `the service ${service}, with its history and log`),
    ...resources.map(({ type, uid }) => `the ${type} ${uid}, with all its data`),
    ...secrets.map(({ name }) => `the secret ${name}`),
  ];
  if (going.length === 0) return <p>Nothing is in it. It can not be undone.</p>;
  return (
    <div>
      <p>This goes with it, and can not be brought back:</p>
      <ul className="going">
        {going.map((one) => (
          <li key={one}>{plain(one)}</li>
        ))}
      </ul>
    </div>
  );
}
