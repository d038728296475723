/** The pipeline of a project: what serves where along it, and what is on its way. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import { useApprovals } from '../api/approvals.ts';
import { usePipeline } from '../api/pipelines.ts';
import { useOverview } from '../api/read.ts';
import { Title } from '../app/title.tsx';
import { Guarded } from '../components/access/guarded.tsx';
import { Crumbs } from '../components/page/crumbs.tsx';
import { Loading } from '../components/page/loading.tsx';
import { plain } from '../components/plain.ts';
import { pipelineOrder } from './overview/pipeline-order.ts';
import './pipeline/pipeline.css';
import { ServiceCard } from './pipeline/service-card.tsx';
import { StagesDialog } from './pipeline/stages-dialog.tsx';

export default function PipelinePage({ project }: { project: string }) {
  const { data: pipeline, error } = usePipeline(project);
  const { data: overview } = useOverview(project);
  const { data: approvals = [] } = useApprovals(project);
  const [isOpen, setOpen] = useState(false);
  const isUnset = error?.status === 404;
  const environments = pipelineOrder(overview?.environments ?? []).filter(
    ({ kind }) => kind === 'persistent',
  );
  return (
    <div className="stack">
      <Crumbs project={project} of={[['Pipeline']]} />
      <div>
        <div className="row">
          <Title text={`Pipeline · ${project}`}>Pipeline</Title>
          {(pipeline || isUnset) && (
            <span className="row-end">
              <Guarded
                action="pipeline.write"
                variant={isUnset ? 'primary' : 'normal'}
                onClick={() => setOpen(true)}
              >
                {isUnset ? 'Set the stages' : 'Change the stages'}
              </Guarded>
            </span>
          )}
        </div>
        <p className="soft page-lead">
          In which order versions come to the environments, what serves in each, and how far it is behind.
        </p>
      </div>
      {isUnset ? (
        <Container>
          <p>The project has no pipeline yet.</p>
          <p className="soft">
            Say in which order its environments get a version, and promote through all of them in one go.
          </p>
        </Container>
      ) : error && !pipeline ? (
        <p role="alert">{plain(error.message)}</p>
      ) : (
        !pipeline && <Loading />
      )}
      {pipeline && overview?.services.length === 0 && <p className="soft">There are no services yet.</p>}
      {pipeline &&
        overview?.services.map(({ name }) => (
          <ServiceCard key={name} project={project} service={name} approvals={approvals} />
        ))}
      {isOpen && (
        <StagesDialog
          project={project}
          pipeline={isUnset ? undefined : pipeline}
          environments={environments.map(({ name }) => name)}
          onClose={() => setOpen(false)}
        />
      )}
    </div>
  );
}
