/** Office hours of an environment, with their next beginnings and ends before they are set. */
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import type { Environment, OfficeHours } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { plain } from '../../components/plain.ts';

const fields = [
  ['days', 'Days'],
  ['from', 'From'],
  ['to', 'To'],
  ['zone', 'Time zone'],
] as const;

const usual = (): OfficeHours => ({
  days: 'mon-fri',
  from: '08:00',
  to: '19:00',
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
});

export function Hours({ environment }: { environment: Environment }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Guarded action="environment.update" where={environment} onClick={() => setOpen(true)}>
        Office hours …
      </Guarded>
      {isOpen && <HoursDialog environment={environment} onClose={() => setOpen(false)} />}
    </>
  );
}

function HoursDialog({ environment, onClose }: { environment: Environment; onClose(): void }) {
  const { project, name, officeHours } = environment;
  const [isOn, setOn] = useState(true);
  const [hours, setHours] = useState(officeHours ?? usual());
  const save = async () => {
    await body(
      api.PATCH('/v1/projects/{project}/environments/{environment}', {
        params: { path: { project, environment: name } },
        body: { officeHours: isOn ? hours : null },
      }),
    );
    notify({
      type: 'success',
      content: isOn ? `${name} sleeps outside of its office hours.` : `${name} has no office hours.`,
    });
  };
  return (
    <ActionDialog header={`Office hours of ${name}`} act="Set them" run={save} onClose={onClose}>
      <Checkbox checked={isOn} onChange={({ detail }) => setOn(detail.checked)}>
        It sleeps outside of office hours, and is woken when they begin
      </Checkbox>
      {isOn &&
        fields.map(([field, label]) => (
          <FormField key={field} label={label}>
            <Input
              value={hours[field]}
              onChange={({ detail }) => setHours({ ...hours, [field]: detail.value })}
              spellcheck={false}
            />
          </FormField>
        ))}
      {isOn && <Preview project={project} hours={hours} />}
    </ActionDialog>
  );
}

function Preview({ project, hours }: { project: string; hours: OfficeHours }) {
  const { data, error } = useQuery(
    `/v1/projects/${project}/office-hours-preview?${new URLSearchParams({ ...hours })}`,
    (signal) =>
      body(
        api.GET('/v1/projects/{project}/office-hours-preview', {
          params: { path: { project }, query: hours },
          signal,
        }),
      ),
  );
  if (error) return <p role="alert">{plain(error.message)}</p>;
  return (
    <ul className="plain-list" aria-label="Next beginnings and ends">
      {data?.turns.map(({ at, state }) => (
        <li key={at}>
          {new Date(at).toLocaleString()}: {state}
        </li>
      ))}
    </ul>
  );
}
