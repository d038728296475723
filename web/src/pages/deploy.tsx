/** What to deploy where, and what that will change, before the last click. */
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import RadioGroup from '@cloudscape-design/components/radio-group';
import Select from '@cloudscape-design/components/select';
import { useSearchParams } from 'wouter';
import type { Instance, Overview, Version } from '../../../client/types.generated.ts';
import { useOverview, useVersions } from '../api/read.ts';
import { Title } from '../app/title.tsx';
import { Crumbs } from '../components/page/crumbs.tsx';
import { Loading } from '../components/page/loading.tsx';
import { plain } from '../components/plain.ts';
import { relativeTime, useNow } from '../components/time.tsx';
import { revisionOf, sizeWord, versionWord } from '../components/version.tsx';
import { PlanCard } from './deploy/plan-card.tsx';
import Missing from './missing.tsx';
import { FirstEnvironment, FirstService, FirstVersion } from './overview/first-steps.tsx';
import { pipelineOrder } from './overview/pipeline-order.ts';

/** Stands in the list of versions for what serves in another environment. */
const PROMOTE = 'promote';

export default function DeployPage({ project }: { project: string }) {
  const { data: overview, error } = useOverview(project);
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  if (!overview) return <Loading />;
  return (
    <div className="stack">
      <Crumbs project={project} of={[['Deploy']]} />
      <Title text={`Deploy · ${project}`}>Deploy</Title>
      {overview.environments.length === 0 ? (
        <FirstEnvironment project={project} />
      ) : overview.services.length === 0 ? (
        <FirstService project={project} />
      ) : (
        <Choices overview={overview} />
      )}
    </div>
  );
}

function Choices({ overview }: { overview: Overview }) {
  const { project, services, instances } = overview;
  const [query, setQuery] = useSearchParams();
  const environments = pipelineOrder(overview.environments);
  const named = (name: string, all: readonly { name: string }[]): string => {
    const wanted = query.get(name);
    return (all.find((each) => each.name === wanted) ?? all[0])?.name ?? '';
  };
  const service = named('service', services);
  const environment = named('environment', environments);
  const from = instances.find((one) => one.service === service && one.environment === query.get('from'));
  const there = instances.find((one) => one.service === service && one.environment === environment);
  const { data: versions } = useVersions(project, service);
  const wanted = query.get('version');
  const chosen =
    wanted ?? (from && from.environment !== environment ? PROMOTE : versions?.items[0]?.id) ?? undefined;
  const set = (change: Record<string, string>) =>
    setQuery((before) => ({ ...Object.fromEntries(before), ...change }), { replace: true });
  const place = { project, environment, service };
  const promotes = chosen === PROMOTE && from !== undefined;
  return (
    <div className="columns">
      <Container header={<Header variant="h2">What, and where</Header>}>
        <div className="stack">
          <div className="pair">
            <FormField label="Service">
              <Select
                selectedOption={{ value: service, label: service }}
                options={services.map(({ name }) => ({ value: name, label: name }))}
                onChange={({ detail }) =>
                  setQuery({ environment, service: detail.selectedOption.value ?? '' }, { replace: true })
                }
              />
            </FormField>
            <FormField label="Environment">
              <Select
                selectedOption={{ value: environment, label: environment }}
                options={environments.map(({ name, state }) => ({
                  value: name,
                  label: name,
                  description: state,
                }))}
                onChange={({ detail }) => set({ environment: detail.selectedOption.value ?? '' })}
              />
            </FormField>
          </div>
          {versions?.items.length === 0 ? (
            <FirstVersion project={project} service={service} />
          ) : (
            <FormField label="Version" stretch>
              <VersionChoice
                versions={versions?.items ?? []}
                from={from?.environment === environment ? undefined : from}
                there={there}
                chosen={chosen}
                onChoose={(version) => set({ version })}
              />
            </FormField>
          )}
        </div>
      </Container>
      {chosen !== undefined && (versions?.items.length ?? 0) > 0 && (
        <PlanCard
          place={place}
          choice={promotes ? { fromEnvironment: from.environment } : { version: chosen }}
        />
      )}
    </div>
  );
}

interface VersionChoiceProps {
  versions: readonly Version[];
  /** Where a version may be promoted from. */
  from: Instance | undefined;
  there: Instance | undefined;
  chosen: string | undefined;
  onChoose(version: string): void;
}

function VersionChoice({ versions, from, there, chosen, onChoose }: VersionChoiceProps) {
  const now = useNow();
  const current = from?.current;
  const promote = current && {
    value: PROMOTE,
    label: `As in ${from.environment}: ${plain(versionWord(current.version, current.revision))}`,
    description: `What serves there now: deployment ${current.number}.`,
  };
  const items = versions.map((version) => {
    const { commit, author, message } = revisionOf(version);
    const facts = [
      commit?.slice(0, 7),
      author,
      message,
      relativeTime(version.createdAt, now),
      author === undefined && `by ${version.createdBy}`,
      version.size !== undefined && sizeWord(version.size),
    ];
    const serves = there?.current?.version === version.id ? ` — serves in ${there.environment}` : '';
    return {
      value: version.id,
      label: `${plain(versionWord(version.id, revisionOf(version)))}${serves}`,
      description: facts
        .filter((fact) => typeof fact === 'string')
        .map(plain)
        .join(' · '),
    };
  });
  return (
    <RadioGroup
      ariaLabel="Version"
      value={chosen ?? null}
      items={promote ? [promote, ...items] : items}
      onChange={({ detail }) => onChoose(detail.value)}
    />
  );
}
