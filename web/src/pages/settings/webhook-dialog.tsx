/** Asks where events are sent, and which. */
import FormField from '@cloudscape-design/components/form-field';
import Multiselect from '@cloudscape-design/components/multiselect';
import { useState } from 'react';
import { wordsByType } from '../../../../client/event-words.generated.ts';
import type { Webhook, WebhookWithSecret } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { notify } from '../../app/notifications.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { ChoiceField, TextField } from '../../components/forms/fields.tsx';

const WEBHOOKS = '/v1/projects/{project}/webhooks';

const types = Object.keys(wordsByType);
const nouns = [...new Set(types.map((type) => type.split('.', 1)[0] ?? ''))].sort();

/** A noun stands for all of its types. */
const options = nouns.map((noun) => ({
  label: noun,
  options: [
    { value: noun, label: noun, description: 'All of these' },
    ...types.filter((type) => type.startsWith(`${noun}.`)).map((type) => ({ value: type, label: type })),
  ],
}));

/** What is behind the address; the form that it takes stays as it is. */
const formats = [
  { value: 'signed', label: 'A program', description: 'Berth’s own form, signed' },
  { value: 'slack', label: 'Slack', description: 'The address of an incoming webhook' },
  {
    value: 'teams',
    label: 'Microsoft Teams',
    description: 'The address of a workflow that takes webhook requests',
  },
  {
    value: 'pagerduty',
    label: 'PagerDuty',
    description: 'Alerts alone: https://events.pagerduty.com/v2/enqueue# and the key of the integration',
  },
  {
    value: 'email',
    label: 'People, by e-mail',
    description:
      'mailto: and an address, such as mailto:team@example.com; choose the events that are worth one',
  },
] as const;
type Format = (typeof formats)[number]['value'];

interface WebhookDialogProps {
  project: string;
  /** Undefined: a new one. */
  webhook?: Webhook;
  onMade(made: WebhookWithSecret): void;
  onClose(): void;
}

export function WebhookDialog({ project, webhook, onMade, onClose }: WebhookDialogProps) {
  const [url, setUrl] = useState(webhook?.url ?? '');
  const [description, setDescription] = useState(webhook?.description ?? '');
  const [format, setFormat] = useState<Format>(webhook?.format ?? 'signed');
  const [chosen, setChosen] = useState<readonly string[]>(webhook?.types ?? []);
  const save = async () => {
    const note = description.trim();
    const wanted = { url: url.trim() };
    if (!webhook) {
      const made = await body(
        api.POST(WEBHOOKS, {
          params: { path: { project } },
          body: {
            ...wanted,
            ...(note !== '' && { description: note }),
            ...(chosen.length > 0 && { types: [...chosen] }),
            ...(format !== 'signed' && { format }),
          },
        }),
      );
      onMade(made);
      return;
    }
    await body(
      api.PATCH(`${WEBHOOKS}/{webhook}`, {
        params: { path: { project, webhook: webhook.id } },
        body: {
          ...wanted,
          description: note === '' ? null : note,
          types: chosen.length === 0 ? null : [...chosen],
        },
      }),
    );
    notify({ type: 'success', content: 'The webhook was changed.' });
  };
  return (
    <ActionDialog
      header={webhook ? 'Change the webhook' : 'Add a webhook'}
      act={webhook ? 'Save' : 'Add'}
      disabled={url.trim() === '' || (format === 'email' && chosen.length === 0)}
      run={save}
      onClose={onClose}
    >
      <TextField
        label="Address"
        constraint={
          format === 'email' ? 'mailto: and the address of one mailbox.' : 'An https URL at a public address.'
        }
        value={url}
        onChange={setUrl}
        placeholder="https://hooks.example.com/berth"
        autoFocus
      />
      {!webhook && <ChoiceField label="Who reads it" value={format} choices={formats} onChange={setFormat} />}
      <FormField
        label="Events"
        description={format === 'email' ? 'Those that are worth an e-mail.' : 'None chosen: all of them.'}
      >
        <Multiselect
          selectedOptions={chosen.map((value) => ({ value, label: value }))}
          options={options}
          onChange={({ detail }) => setChosen(detail.selectedOptions.flatMap(({ value }) => value ?? []))}
          filteringType="auto"
          placeholder={format === 'email' ? 'No events' : 'All events'}
        />
      </FormField>
      <TextField
        label="What it is for"
        description="Optional."
        value={description}
        onChange={setDescription}
      />
    </ActionDialog>
  );
}
