/** An environment that begins as this one. */
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import type { Environment } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { navigate } from '../../app/navigation.ts';
import { isName, operationPath } from '../../app/paths.ts';
import { Guarded, useMay } from '../../components/access/guarded.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { TextField } from '../../components/forms/fields.tsx';

export function Clone({ environment }: { environment: Environment }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Guarded action="environment.clone" where={environment} onClick={() => setOpen(true)}>
        Clone …
      </Guarded>
      {isOpen && <CloneDialog environment={environment} onClose={() => setOpen(false)} />}
    </>
  );
}

function CloneDialog({ environment, onClose }: { environment: Environment; onClose(): void }) {
  const { project, name: from, protection } = environment;
  const may = useMay();
  const [name, setName] = useState(`${from}-copy`);
  const [ttl, setTtl] = useState('');
  // Its secrets come along for those who may see them, but for those of a protected one unless it is asked for.
  const secretsGuard = may('secret.reveal', environment);
  const [secrets, setSecrets] = useState(!protection);
  const hasSecrets = secrets && !secretsGuard.disabled;
  const [withData, setWithData] = useState(false);
  const clone = async () => {
    const { id } = await body(
      api.POST('/v1/projects/{project}/environments/{environment}/clone', {
        params: { path: { project, environment: from } },
        body: {
          name: name.trim(),
          secrets: hasSecrets,
          withData,
          ...(ttl.trim() !== '' && { ttl: ttl.trim() }),
        },
      }),
    );
    navigate(operationPath(project, id));
  };
  return (
    <ActionDialog
      header={`Clone ${from}`}
      act="Clone it"
      disabled={!isName(name.trim())}
      run={clone}
      onClose={onClose}
    >
      <p>
        The new environment has the variables of {from} and the versions that serve there, and resources of
        its own. {from} stays as it is.
      </p>
      <TextField
        label="Name"
        constraint="1 to 40 of a-z, 0-9 and -"
        value={name}
        onChange={setName}
        autoFocus
      />
      <TextField
        label="Expires after"
        constraint="Such as 3d; empty: never"
        placeholder="3d"
        value={ttl}
        onChange={setTtl}
      />
      <Checkbox
        checked={hasSecrets}
        disabled={secretsGuard.disabled ?? false}
        description={
          secretsGuard.disabledReason ??
          (protection
            ? `${from} is protected and the new one is not: every developer reads them there.`
            : 'Without them, a service that needs one is deployed once you have set it.')
        }
        onChange={({ detail }) => setSecrets(detail.checked)}
      >
        With its secrets
      </Checkbox>
      <Checkbox
        checked={withData}
        description="Databases begin with what is in them now, masked as Settings, Data masking says. Without it they are empty."
        onChange={({ detail }) => setWithData(detail.checked)}
      >
        With the data of its databases
      </Checkbox>
    </ActionDialog>
  );
}
