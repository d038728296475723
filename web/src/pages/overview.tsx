/** The board of a project: services by environments, as in a pipeline. */
import type { Overview } from '../../../client/types.generated.ts';
import { useOverview } from '../api/read.ts';
import { followLink } from '../app/navigation.ts';
import { deployPath } from '../app/paths.ts';
import { Title } from '../app/title.tsx';
import { Guarded } from '../components/access/guarded.tsx';
import { Loading } from '../components/page/loading.tsx';
import { plain } from '../components/plain.ts';
import Missing from './missing.tsx';
import { Board } from './overview/board.tsx';
import { FirstEnvironment, FirstService } from './overview/first-steps.tsx';
import { New } from './overview/new.tsx';
import { pipelineOrder } from './overview/pipeline-order.ts';

export default function OverviewPage({ project }: { project: string }) {
  const { data: overview, error } = useOverview(project);
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  if (!overview) return <Loading />;
  const { displayName, instances, services, environments } = overview;
  return (
    <div className="stack">
      <div className="row">
        <Title text={project}>{displayName === undefined ? project : plain(displayName)}</Title>
        {environments.length > 0 && services.length > 0 && (
          <span className="row row-end">
            <New project={project} />
            <Guarded
              action="deployment.create"
              variant={instances.length === 0 ? 'normal' : 'primary'}
              href={deployPath(project)}
              onFollow={followLink}
            >
              Deploy
            </Guarded>
          </span>
        )}
      </div>
      <Content overview={overview} />
    </div>
  );
}

function Content({ overview }: { overview: Overview }) {
  const { project, services, environments, truncated } = overview;
  if (environments.length === 0) return <FirstEnvironment project={project} />;
  if (services.length === 0) return <FirstService project={project} />;
  return (
    <>
      <Board overview={overview} environments={pipelineOrder(environments)} />
      {truncated && <p className="soft">There is more than is shown here.</p>}
    </>
  );
}
