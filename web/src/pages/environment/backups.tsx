/** The backups of an environment's databases. */
import Container from '@cloudscape-design/components/container';
import { useEnvironment, useResources } from '../../api/read.ts';
import { environmentPath } from '../../app/paths.ts';
import { Title } from '../../app/title.tsx';
import { Crumbs } from '../../components/page/crumbs.tsx';
import { Loading } from '../../components/page/loading.tsx';
import type { InEnvironment } from '../environment.tsx';
import Missing from '../missing.tsx';
import { DatabaseCard } from './backups/database-card.tsx';

export default function BackupsPage(place: InEnvironment) {
  const { project, environment: name } = place;
  const { data: environment, error } = useEnvironment(place);
  const { data: resources } = useResources(place);
  if (error?.status === 404) {
    return <Missing what={`There is no environment ${name} in ${project} now.`} />;
  }
  if (!environment || !resources) return <Loading />;
  const databases = resources.filter(({ backups, state }) => backups && state === 'ready');
  return (
    <div className="stack">
      <Crumbs project={project} of={[[name, environmentPath(place)], ['Backups']]} />
      <div>
        <Title text={`Backups · ${name}`}>
          Backups <span className="soft">of</span> {name}
        </Title>
        <p className="soft page-lead">
          All of a database at one moment, copied while it is used. Backups go with their environment.
        </p>
      </div>
      {databases.length === 0 && (
        <Container>
          <p>Nothing here can be backed up now.</p>
          <p className="soft">
            {resources.some(({ type }) => type === 'postgres')
              ? 'Its databases are not ready, or this installation has no place for backups: the database server makes its own.'
              : 'A service that names a resource of type postgres in its score.yaml gets a database with its next deployment.'}
          </p>
        </Container>
      )}
      {databases.map((resource) => (
        <DatabaseCard key={resource.uid} environment={environment} resource={resource} />
      ))}
    </div>
  );
}
