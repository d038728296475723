/** What a deployment will change, and the button that makes it. */
import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import type { Plan } from '../../../../client/types.generated.ts';
import { deploy } from '../../api/deploy.ts';
import { type DeploymentChoice, usePlan } from '../../api/read.ts';
import type { Place } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Changes } from '../../components/changes.tsx';
import { Command } from '../../components/command.tsx';
import { curl } from '../../components/curl.ts';
import { Facts } from '../../components/facts.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { recipesInWords } from '../../components/page/recipes-in-words.ts';
import { plain } from '../../components/plain.ts';
import { VersionName } from '../../components/version.tsx';
import { ByCurl } from '../overview/first-steps.tsx';

export function PlanCard({ place, choice }: { place: Place; choice: DeploymentChoice }) {
  const { data: plan, error } = usePlan(place, choice);
  const [busy, setBusy] = useState(false);
  const { project, environment, service } = place;
  const path = `/v1/projects/${project}/environments/${environment}/services/${service}/deployments`;
  return (
    <Container header={<Header variant="h2">What will change</Header>}>
      <div className="stack">
        {error && (
          <Alert type="error" header="It can not be deployed">
            {plain(error.message)} {plain(error.hint ?? '')}
          </Alert>
        )}
        {!plan && !error && <Loading />}
        {plan && !error && <PlanContent plan={plan} />}
        <div className="row">
          <Guarded
            action="deployment.create"
            where={{ name: environment }}
            variant="primary"
            loading={busy}
            disabled={!plan || error !== undefined}
            onClick={() => {
              setBusy(true);
              void deploy(place, choice).finally(() => setBusy(false));
            }}
          >
            Deploy to {environment}
          </Guarded>
        </div>
        <ByCurl>
          <Command text={curl('POST', path, choice)} />
        </ByCurl>
      </div>
    </Container>
  );
}

const actions = {
  make: 'will be made',
  keep: 'stays as it is',
  compute: 'nothing to make',
  unused: 'no longer used; stays until the environment is destroyed',
} as const;

const losses = {
  left: 'nobody uses its data from then on',
  empty: 'it begins without the data of the one whose place it takes',
} as const;

const dollars = (usd: number): string => `$${usd.toFixed(2)}`;

function costInWords({ before, after, difference }: Plan['cost']): string {
  const now = `${dollars(after)} a month while it is awake`;
  if (difference === 0) return `${now}, as now`;
  return `${now}, ${dollars(Math.abs(difference))} ${difference > 0 ? 'more' : 'less'} than the ${dollars(before)} of now`;
}

export function PlanContent({ plan }: { plan: Plan }) {
  const {
    number,
    from,
    version,
    revision,
    recipes,
    changes,
    resources,
    replicas,
    releaseCommand,
    rollout,
    warmSeconds,
    cost,
    problems,
    warnings,
  } = plan;
  return (
    <>
      {problems.map(({ code, cause, hint }) => (
        <Alert key={`${code} ${cause}`} type="warning" header={plain(cause)}>
          {plain(hint)}
        </Alert>
      ))}
      {warnings.map((warning) => (
        <Alert key={warning} type="info">
          {plain(warning)}
        </Alert>
      ))}
      <Facts
        of={[
          ['Deployment', from === undefined ? `#${number}, the first` : `#${number}, after #${from}`],
          ['Version', <VersionName key="version" version={version} revision={revision} />],
          [
            'Replicas',
            replicas.before === replicas.after ? replicas.after : `${replicas.before} → ${replicas.after}`,
          ],
          ['Runs before', releaseCommand !== undefined && <code key="release">{plain(releaseCommand)}</code>],
          ['Made by recipes', recipesInWords(recipes)],
          ['Step by step', rollout && stepsInWords(rollout)],
          [
            'What serves now',
            warmSeconds !== undefined &&
              `stays ready for ${warmSeconds < 120 ? `${warmSeconds} seconds` : `${Math.round(warmSeconds / 60)} minutes`}, to go back at once`,
          ],
          ['Cost on AWS', costInWords(cost)],
        ]}
      />
      <Changes of={changes} none="The same version with the same settings: nothing changes but the number." />
      {resources.length > 0 && (
        <div>
          <h3>Resources</h3>
          <ul className="plain-list">
            {resources.map(({ uid, name, type, action, data }) => (
              <li key={uid}>
                <strong>{plain(name)}</strong> ({type}): {actions[action]}
                {data !== undefined && <strong>; {losses[data]}</strong>}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

const stepsInWords = ({ stages }: NonNullable<Plan['rollout']>): string =>
  stages
    .map(({ percent, seconds }) => {
      if (seconds === 0) return `${percent} %`;
      return `${percent} % ${seconds === undefined ? 'until you go on' : `for ${seconds} s`}`;
    })
    .join(' → ');
