/** What all services of an environment print, as one log. */
import { apiPath, useEnvironment } from '../../api/read.ts';
import { environmentPath } from '../../app/paths.ts';
import { Title } from '../../app/title.tsx';
import { LogViewer } from '../../components/log/log-viewer.tsx';
import { Crumbs } from '../../components/page/crumbs.tsx';
import { Loading } from '../../components/page/loading.tsx';
import type { InEnvironment } from '../environment.tsx';
import Missing from '../missing.tsx';

export default function EnvironmentLogsPage({ project, environment }: InEnvironment) {
  const place = { project, environment };
  const { data, error } = useEnvironment(place);
  if (error?.status === 404) {
    return <Missing what={`There is no environment ${environment} in ${project} now.`} />;
  }
  if (!data) return <Loading />;
  return (
    <div className="stack">
      <Crumbs project={project} of={[[environment, environmentPath(place)], ['Logs']]} />
      <Title text={`Logs · ${environment}`}>
        Logs <span className="soft">of all services in</span> {environment}
      </Title>
      <LogViewer path={`${apiPath(place)}/logs`} from={place} />
    </div>
  );
}
