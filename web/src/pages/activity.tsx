/** All that happens in a project, in one line of time; its filters are in its address. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useOverview } from '../api/read.ts';
import { type EventFilter, type EventSelector, useEvents } from '../api/use-events.ts';
import { isName } from '../app/paths.ts';
import { Title } from '../app/title.tsx';
import { Command } from '../components/command.tsx';
import { curl } from '../components/curl.ts';
import { EventList } from '../components/event-list.tsx';
import { Loading } from '../components/page/loading.tsx';
import { plain } from '../components/plain.ts';
import Missing from './missing.tsx';

const kind = (label: string, ...types: EventSelector[]) => ({ value: types.join(','), label });

const kinds = [
  kind('Everything'),
  kind('Deployments', 'deployment'),
  kind('Builds and versions', 'build', 'version'),
  kind('Crashes', 'instance'),
  kind('Environments and resources', 'environment', 'resource'),
  kind('Secrets', 'secret'),
  kind('Settings and access', 'project', 'service', 'member', 'token'),
  kind(
    'What went wrong',
    'deployment.failed',
    'build.failed',
    'instance.crashed',
    'environment.destroy-failed',
  ),
];

const spans = [
  { value: '', label: 'Any time' },
  { value: '1', label: 'Last hour' },
  { value: '24', label: 'Last day' },
  { value: '168', label: 'Last week' },
];

const ACTOR = /^(?:berth|administrator|[a-z]{2,10}:[!-~]{1,200})$/;
const HOUR_MS = 3_600_000;
/** The same for a while, so that time that goes by reads nothing again. */
const STEP_MS = 60_000;

/** What an address asks for; what it can not mean is left out. */
function filterOf(query: URLSearchParams): EventFilter {
  const [type, environment, service, actor, hours] = ['type', 'environment', 'service', 'actor', 'hours'].map(
    (name) => query.get(name) ?? '',
  ) as [string, string, string, string, string];
  const isSpan = spans.some(({ value }) => value !== '' && value === hours);
  const since = Math.floor(Date.now() / STEP_MS) * STEP_MS - Number(hours) * HOUR_MS;
  return {
    ...(kinds.some(({ value }) => value !== '' && value === type) && { type }),
    ...(isName(environment) && { environment }),
    ...(isName(service) && { service }),
    ...(ACTOR.test(actor) && { actor }),
    ...(isSpan && { since: new Date(since).toISOString() }),
  };
}

const sameMinute = ({ since: _since, ...filter }: EventFilter, hours: string | null): string =>
  JSON.stringify([filter, hours]);

export default function ActivityPage({ project }: { project: string }) {
  const [query, setQuery] = useSearchParams();
  const filter = filterOf(query);
  return (
    <div className="stack">
      <Title text={`Activity · ${project}`}>Activity</Title>
      <Filters
        project={project}
        query={query}
        onChange={(name, value) =>
          setQuery((before) => {
            const next = new URLSearchParams(before);
            if (value === '') next.delete(name);
            else next.set(name, value);
            return next;
          })
        }
      />
      <Timeline key={sameMinute(filter, query.get('hours'))} project={project} filter={filter} />
    </div>
  );
}

interface FiltersProps {
  project: string;
  query: URLSearchParams;
  onChange(name: string, value: string): void;
}

function Filters({ project, query, onChange }: FiltersProps) {
  const { data } = useOverview(project);
  const named = (all: string, names: readonly { name: string }[] = []) => [
    { value: '', label: all },
    ...names.map(({ name }) => ({ value: name, label: name })),
  ];
  const choices = [
    { name: 'type', label: 'What', options: kinds },
    { name: 'environment', label: 'Environment', options: named('Every environment', data?.environments) },
    { name: 'service', label: 'Service', options: named('Every service', data?.services) },
    {
      name: 'actor',
      label: 'Who',
      options: [
        { value: '', label: 'Anybody' },
        { value: 'administrator', label: 'administrator' },
        { value: 'berth', label: 'Berth itself' },
      ],
    },
    { name: 'hours', label: 'When', options: spans },
  ];
  return (
    <div className="filters" role="group" aria-label="Filters">
      {choices.map(({ name, label, options }) => {
        const value = query.get(name) ?? '';
        // The address may name what is in no list, such as somebody.
        const known = options.find((option) => option.value === value);
        return (
          <FormField key={name} label={label}>
            <Select
              selectedOption={known ?? { value, label: plain(value) }}
              options={options}
              onChange={({ detail }) => onChange(name, detail.selectedOption.value ?? '')}
            />
          </FormField>
        );
      })}
    </div>
  );
}

function Timeline({ project, filter: given }: { project: string; filter: EventFilter }) {
  // "The last hour" stays the one before the page was opened: what happens since is added.
  const [filter] = useState(given);
  const { items, error, older, isReading } = useEvents(project, filter);
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  if (error) return <p role="alert">{plain(error.message)}</p>;
  if (!items) return <Loading />;
  const path = `/v1/projects/${project}/events`;
  const asked = new URLSearchParams({ ...filter }).toString();
  return (
    <>
      {items.length === 0 && (
        <p className="soft">
          {older ? 'None among the newest; there may be older ones.' : 'Nothing like that has happened.'}
        </p>
      )}
      <EventList of={items} />
      {older && (
        <div>
          <Button loading={isReading} onClick={older}>
            Show older ones
          </Button>
        </div>
      )}
      <details>
        <summary>The same by curl</summary>
        <Command text={curl('GET', asked ? `${path}?${asked}` : path)} />
      </details>
    </>
  );
}
