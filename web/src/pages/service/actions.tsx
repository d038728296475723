/** What people do with a service beside deploying it: restart, stop, start, scale and remove it. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import type { Where } from '../../../../client/refusal.ts';
import type { InstanceDetail } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { navigate } from '../../app/navigation.ts';
import { notify } from '../../app/notifications.tsx';
import { environmentPath, type Place } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';

const BASE = '/v1/projects/{project}/environments/{environment}/services/{service}';

interface ActionsProps {
  place: Place;
  instance: InstanceDetail;
}

export function ServiceActions({ place, instance, where }: ActionsProps & { where: Where }) {
  const [open, setOpen] = useState<'scale' | 'stop' | 'remove'>();
  const { current, newest, health, changed } = instance;
  const params = { path: place };
  const isStopped = isStoppedByPeople(instance);
  const restart = useAction(async () => {
    await body(api.POST(`${BASE}/restart`, { params }));
    return `${place.service} restarts.`;
  }, 'It was not restarted');
  const start = useAction(async () => {
    await body(api.POST(`${BASE}/start`, { params }));
    return `${place.service} starts.`;
  }, 'It was not started');
  const close = () => setOpen(undefined);
  // Nothing of it is left to do anything with.
  if (newest?.kind === 'remove' && newest.finishedAt === undefined) return null;
  return (
    <>
      {current && !isStopped && (
        <>
          <Guarded
            action="instance.operate"
            where={where}
            variant={changed.length > 0 && health !== 'stopped' ? 'primary' : 'normal'}
            loading={restart.busy}
            onClick={restart.run}
          >
            Restart
          </Guarded>
          <Guarded action="instance.operate" where={where} onClick={() => setOpen('scale')}>
            Scale
          </Guarded>
        </>
      )}
      {current && (
        <Guarded
          action="instance.operate"
          where={where}
          variant={isStopped ? 'primary' : 'normal'}
          loading={start.busy}
          onClick={isStopped ? start.run : () => setOpen('stop')}
        >
          {isStopped ? 'Start' : 'Stop'}
        </Guarded>
      )}
      <Guarded action="instance.remove" where={where} destroys onClick={() => setOpen('remove')}>
        Remove
      </Guarded>
      {open === 'scale' && <Scale place={place} instance={instance} onClose={close} />}
      {open === 'stop' && <Stop place={place} onClose={close} />}
      {open === 'remove' && <Remove place={place} onClose={close} />}
    </>
  );
}

/** Whether people stopped it, which the state does not tell: a service of an environment that sleeps has the same. */
export function isStoppedByPeople({ current, newest }: InstanceDetail): boolean {
  return current?.kind === 'stop' || (newest?.kind === 'stop' && newest.finishedAt === undefined);
}

function Stop({ place, onClose }: { place: Place; onClose(): void }) {
  const { environment, service } = place;
  const stop = async () => {
    await body(api.POST(`${BASE}/stop`, { params: { path: place } }));
    notify({ type: 'success', content: `${service} stops.` });
  };
  return (
    <ActionDialog
      header={`Stop ${service} in ${environment}?`}
      act={`Stop ${service}`}
      destroys
      run={stop}
      onClose={onClose}
    >
      <p>
        Requests in flight end, and later ones are answered with 503 until it is started or deployed. Its data
        stays.
      </p>
    </ActionDialog>
  );
}

function Scale({ place, instance, onClose }: ActionsProps & { onClose(): void }) {
  const [text, setText] = useState(instance.scale === undefined ? '' : String(instance.scale));
  const save = async () => {
    const replicas = text.trim() === '' ? null : Number(text);
    await api.PUT(`${BASE}/scale`, { params: { path: place }, body: { replicas } });
    notify({ type: 'success', content: `${place.service} is being scaled.` });
  };
  return (
    <ActionDialog
      header={`Scale ${place.service}`}
      act="Scale"
      disabled={!/^(?:|[1-9]|1[0-9]|20)$/.test(text.trim())}
      run={save}
      onClose={onClose}
    >
      <FormField
        label="Replicas"
        constraintText="1 to 20; empty goes back to what the Score file says. Later deployments keep it."
      >
        <Input
          value={text}
          inputMode="numeric"
          placeholder="as in the Score file"
          onChange={({ detail }) => setText(detail.value)}
          autoFocus
        />
      </FormField>
    </ActionDialog>
  );
}

function Remove({ place, onClose }: { place: Place; onClose(): void }) {
  const [text, setText] = useState('');
  const { project, environment, service } = place;
  const remove = async () => {
    await body(api.DELETE(BASE, { params: { path: place } }));
    notify({ type: 'success', content: `${service} is being removed from ${environment}.` });
    navigate(environmentPath({ project, environment }));
  };
  return (
    <ActionDialog
      header={`Remove ${service} from ${environment}?`}
      act={`Remove ${service}`}
      destroys
      disabled={text.trim() !== service}
      run={remove}
      onClose={onClose}
    >
      <p>
        Its databases and volumes go with their data, unless another service uses them. Its deployments, logs
        and events stay.
      </p>
      <FormField label={`Write ${service} to confirm`}>
        <Input value={text} onChange={({ detail }) => setText(detail.value)} spellcheck={false} autoFocus />
      </FormField>
    </ActionDialog>
  );
}
