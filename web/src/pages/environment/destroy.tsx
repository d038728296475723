/** Destroying an environment: what will go, and its name typed. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import { useState } from 'react';
import { api, body } from '../../api/client.ts';
import { inWords } from '../../api/problem.ts';
import { invalidate } from '../../api/query.ts';
import { useOverview, useResources, useSecrets } from '../../api/read.ts';
import type { Environment } from '../../api/types.generated.ts';
import { navigate } from '../../app/navigation.ts';
import { operationPath } from '../../app/paths.ts';
import { plain } from '../../components/plain.ts';

export function Destroy({ environment }: { environment: Environment }) {
  const [isOpen, setOpen] = useState(false);
  const { state } = environment;
  if (state === 'destroying' || state === 'destroyed') return null;
  return (
    <div>
      <Button onClick={() => setOpen(true)}>Destroy {environment.name} …</Button>
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
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const path = { project, environment: name };
  const destroy = async () => {
    if (busy || typed !== name) return;
    setBusy(true);
    try {
      const { id } = await body(
        api.DELETE('/v1/projects/{project}/environments/{environment}', { params: { path } }),
      );
      invalidate();
      navigate(operationPath(project, id));
    } catch (caught) {
      const { what, hint } = inWords(caught);
      setError([what, hint].filter(Boolean).join(' '));
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      onDismiss={onClose}
      closeAriaLabel="Close"
      header={`Destroy ${name}?`}
      footer={
        <span className="row dialog-actions">
          <Button variant="link" onClick={onClose}>
            Keep it
          </Button>
          <Button variant="primary" disabled={typed !== name} loading={busy} onClick={() => void destroy()}>
            Destroy
          </Button>
        </span>
      }
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void destroy();
        }}
      >
        {error !== undefined && <Alert type="error">{plain(error)}</Alert>}
        <Going {...path} />
        <FormField label={`Type ${name} to confirm`}>
          <Input
            value={typed}
            onChange={({ detail }) => setTyped(detail.value)}
            spellcheck={false}
            autoFocus
          />
        </FormField>
        <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
      </form>
    </Modal>
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
