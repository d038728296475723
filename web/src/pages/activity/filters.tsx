/** Which events are shown: the choices are in the address of the page. */
import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';
import { useSearchParams } from 'wouter';
import { useSomeMembers } from '../../api/access.ts';
import { useOverview } from '../../api/read.ts';
import type { EventFilter, EventSelector } from '../../api/use-events.ts';
import { isName } from '../../app/paths.ts';
import { personWord } from '../../components/access/who.tsx';

const kind = (label: string, ...types: EventSelector[]) => ({ value: types.join(','), label });

const kinds = [
  kind('Everything'),
  kind('Deployments', 'deployment'),
  kind('Builds and versions', 'build', 'version'),
  kind('Crashes', 'instance'),
  kind('Environments and resources', 'environment', 'resource'),
  kind('Secrets', 'secret'),
  kind('Settings', 'project', 'service', 'policy', 'webhook', 'drain', 'build-secret'),
  kind('Access', 'member', 'token', 'trust', 'access', 'session'),
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
export function filterOf(query: URLSearchParams): EventFilter {
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

/** The same for a while: "the last hour" stays the one before the page was opened. */
export const keyOfFilter = ({ since: _since, ...filter }: EventFilter, hours: string | null): string =>
  JSON.stringify([filter, hours]);

export function Filters({ project }: { project: string }) {
  const [query, setQuery] = useSearchParams();
  const { data } = useOverview(project);
  const { data: members = [] } = useSomeMembers(project);
  const onChange = (name: string, value: string) =>
    setQuery((before) => {
      const next = new URLSearchParams(before);
      if (value === '') next.delete(name);
      else next.set(name, value);
      return next;
    });
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
        ...members
          .filter(({ principal }) => principal.startsWith('user:'))
          .map(({ principal }) => ({ value: principal, label: personWord(principal) })),
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
              selectedOption={known ?? { value, label: personWord(value) }}
              options={options}
              onChange={({ detail }) => onChange(name, detail.selectedOption.value ?? '')}
            />
          </FormField>
        );
      })}
    </div>
  );
}
