/** A service in an environment, behind tabs; each is loaded when it is first opened. */
import Tabs from '@cloudscape-design/components/tabs';
import { Suspense } from 'react';
import { Link } from 'wouter';
import type { Where } from '../../../client/refusal.ts';
import type { InstanceDetail } from '../../../client/types.generated.ts';
import { useEnvironment, useInstance } from '../api/read.ts';
import { lazyPage } from '../app/lazy-page.ts';
import { followLink, navigate } from '../app/navigation.ts';
import {
  deployPath,
  environmentPath,
  type Place,
  type ServiceTab,
  servicePath,
  serviceTabs,
} from '../app/paths.ts';
import { Title } from '../app/title.tsx';
import { Guarded } from '../components/access/guarded.tsx';
import { Crumbs } from '../components/page/crumbs.tsx';
import { Loading } from '../components/page/loading.tsx';
import { Status } from '../components/status.tsx';
import Missing from './missing.tsx';
import { ServiceActions } from './service/actions.tsx';

/** What every tab is given. */
export interface ServiceTabProps {
  place: Place;
  instance: InstanceDetail;
  /** The environment, as far as it decides who may do what. */
  where: Where;
}

const tabs = {
  status: { label: 'Status', Content: lazyPage(() => import('./service/status.tsx')) },
  history: { label: 'History', Content: lazyPage(() => import('./service/history.tsx')) },
  logs: { label: 'Logs', Content: lazyPage(() => import('./service/logs.tsx')) },
  runs: { label: 'Runs and jobs', Content: lazyPage(() => import('./service/runs.tsx')) },
  metrics: { label: 'Metrics', Content: lazyPage(() => import('./service/metrics.tsx')) },
  repository: { label: 'Repository', Content: lazyPage(() => import('./service/repository.tsx')) },
  events: { label: 'Events', Content: lazyPage(() => import('./service/events.tsx')) },
} as const;

const isTab = (text: string): text is ServiceTab => Object.hasOwn(tabs, text);

export default function ServicePage({ tab = 'status', ...place }: Place & { tab?: string }) {
  const { project, environment, service } = place;
  const { data: instance, error } = useInstance(place);
  const { data: where = { name: environment } } = useEnvironment({ project, environment });
  if (!isTab(tab)) return <Missing />;
  if (error?.status === 404) {
    return <Missing what={`There is no service ${service} in ${environment} now.`} />;
  }
  if (!instance) return <Loading />;
  return (
    <div className="stack">
      <Crumbs
        project={project}
        of={[
          [environment, environmentPath({ project, environment })],
          [service, tab === 'status' ? undefined : servicePath(place)],
          ...(tab === 'status' ? [] : ([[tabs[tab].label]] as const)),
        ]}
      />
      <div className="row">
        <Title text={`${service} · ${environment}`}>
          {service} <span className="soft">in</span>{' '}
          <Link href={environmentPath({ project, environment })}>{environment}</Link>
        </Title>
        <Status of={instance.state} />
        <span className="row row-end">
          <ServiceActions place={place} instance={instance} where={where} />
          <Guarded
            action="deployment.create"
            where={where}
            href={deployPath(project, { service, environment })}
            onFollow={followLink}
          >
            Deploy
          </Guarded>
        </span>
      </div>
      <Tabs
        ariaLabel={`${service} in ${environment}`}
        activeTabId={tab}
        onChange={({ detail }) =>
          isTab(detail.activeTabId) && navigate(servicePath(place, detail.activeTabId))
        }
        tabs={serviceTabs.map((id) => {
          const { label, Content } = tabs[id];
          return {
            id,
            label,
            href: servicePath(place, id),
            content: id === tab && (
              <Suspense fallback={<Loading />}>
                <Content place={place} instance={instance} where={where} />
              </Suspense>
            ),
          };
        })}
      />
    </div>
  );
}
