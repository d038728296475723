/** Asks where output is sent, and which. */
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import type { LogDrain } from '../../../../../client/types.generated.ts';
import { api, body } from '../../../api/client.ts';
import { notify } from '../../../app/notifications.tsx';
import { ActionDialog } from '../../../components/dialogs/action-dialog.tsx';
import { ChoiceField, LinesField, TextField } from '../../../components/forms/fields.tsx';
import { linesOf } from '../../../components/forms/lines.ts';

const DRAINS = '/v1/projects/{project}/drains';

const formats = [
  { value: 'otlp', label: 'OTLP', description: 'OpenTelemetry over HTTP, in JSON' },
  { value: 'ndjson', label: 'NDJSON', description: 'A JSON object a line' },
] as const;

interface DrainDialogProps {
  project: string;
  /** Undefined: a new one. */
  drain?: LogDrain;
  onClose(): void;
}

/** `name: value`, a line each. */
const headersOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim()];
      }),
  );

export function DrainDialog({ project, drain, onClose }: DrainDialogProps) {
  const [url, setUrl] = useState(drain?.url ?? '');
  const [format, setFormat] = useState<LogDrain['format']>(drain?.format ?? 'otlp');
  const [environments, setEnvironments] = useState(drain?.filter?.environments?.join('\n') ?? '');
  const [services, setServices] = useState(drain?.filter?.services?.join('\n') ?? '');
  const [search, setSearch] = useState(drain?.filter?.search ?? '');
  const [operations, setOperations] = useState(drain?.operations ?? false);
  const [headers, setHeaders] = useState('');
  const [description, setDescription] = useState(drain?.description ?? '');
  const save = async () => {
    const note = description.trim();
    const filter = {
      ...(linesOf(environments).length > 0 && { environments: linesOf(environments) }),
      ...(linesOf(services).length > 0 && { services: linesOf(services) }),
      ...(search.trim() !== '' && { search: search.trim() }),
    };
    const isFiltered = Object.keys(filter).length > 0;
    const own = headersOf(headers);
    const wanted = { url: url.trim(), format, ...(Object.keys(own).length > 0 && { headers: own }) };
    if (!drain) {
      await body(
        api.POST(DRAINS, {
          params: { path: { project } },
          body: {
            ...wanted,
            ...(isFiltered && { filter }),
            ...(operations && { operations }),
            ...(note !== '' && { description: note }),
          },
        }),
      );
      notify({ type: 'success', content: 'What is printed from now on is sent.' });
      return;
    }
    const before = drain.filter ?? {};
    await body(
      api.PATCH(`${DRAINS}/{drain}`, {
        params: { path: { project, drain: drain.id } },
        body: {
          ...wanted,
          ...(JSON.stringify(filter) !== JSON.stringify(before) && { filter: isFiltered ? filter : null }),
          ...(operations !== drain.operations && { operations }),
          description: note === '' ? null : note,
        },
      }),
    );
    notify({ type: 'success', content: 'The log drain was changed.' });
  };
  return (
    <ActionDialog
      header={drain ? 'Change the log drain' : 'Add a log drain'}
      act={drain ? 'Save' : 'Add'}
      disabled={url.trim() === ''}
      run={save}
      onClose={onClose}
    >
      <TextField
        label="Address"
        constraint="An https URL at a public address; of OTLP the whole of it."
        value={url}
        onChange={setUrl}
        placeholder="https://otlp.example.com/v1/logs"
        autoFocus
      />
      <ChoiceField label="Format" value={format} choices={formats} onChange={setFormat} />
      <LinesField
        label="Headers"
        description={
          drain?.headers
            ? `It sends ${drain.headers.join(', ')}. What is written here takes their place.`
            : 'Optional, a line each, such as authorization: Bearer 3b1f. They are kept as secrets are.'
        }
        value={headers}
        onChange={setHeaders}
      />
      <LinesField
        label="Environments"
        description="A line each; * stands for any text. None: all of them."
        value={environments}
        onChange={setEnvironments}
      />
      <LinesField
        label="Services"
        description="A line each. None: all of them."
        value={services}
        onChange={setServices}
      />
      <TextField
        label="Search"
        description="Optional: only lines that it finds."
        value={search}
        onChange={setSearch}
        placeholder="@level:>=warn"
      />
      <Checkbox checked={operations} onChange={({ detail }) => setOperations(detail.checked)}>
        The output of builds, runs and other operations too
      </Checkbox>
      <TextField
        label="What it is for"
        description="Optional."
        value={description}
        onChange={setDescription}
      />
    </ActionDialog>
  );
}
