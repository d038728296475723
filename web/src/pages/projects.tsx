/** The projects there are; with a single one, its overview. */
import Container from '@cloudscape-design/components/container';
import { useEffect, useState } from 'react';
import { Link, Redirect } from 'wouter';
import { api } from '../api/client.ts';
import { invalidate } from '../api/query.ts';
import { followLink } from '../app/navigation.ts';
import { newProjectPath, projectPath } from '../app/paths.ts';
import { useProjects } from '../app/projects.ts';
import { Title } from '../app/title.tsx';
import { Guarded } from '../components/access/guarded.tsx';
import { Command } from '../components/command.tsx';
import { curl } from '../components/curl.ts';
import { Loading } from '../components/page/loading.tsx';
import { plain } from '../components/plain.ts';
import { Ago } from '../components/time.tsx';
import { ByCurl, CreateForm } from './overview/first-steps.tsx';

export default function Projects() {
  const { data: projects, reload } = useProjects();
  // What was read some time ago does not tell whether there is but one now.
  const [isFresh, setFresh] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once.
  useEffect(() => void reload().then(() => setFresh(true)), []);
  if (!projects || !isFresh) return <Loading />;
  const [only] = projects;
  if (only && projects.length === 1) return <Redirect to={projectPath(only.name)} replace />;
  if (projects.length === 0) return <FirstProject />;
  return (
    <>
      <div className="row page-head">
        <Title text="Projects" />
        <span className="row row-end">
          <Guarded action="project.create" href={newProjectPath} onFollow={followLink}>
            New project
          </Guarded>
        </span>
      </div>
      <ul className="cards">
        {projects.map(({ name, displayName, createdAt }) => (
          <li key={name}>
            <Container>
              <h2>
                <Link href={projectPath(name)}>{displayName === undefined ? name : plain(displayName)}</Link>
              </h2>
              <p className="soft">
                {name}, created <Ago at={createdAt} />
              </p>
            </Container>
          </li>
        ))}
      </ul>
    </>
  );
}

async function createProject(name: string): Promise<string> {
  await api.POST('/v1/projects', { body: { name } });
  invalidate();
  return `The project ${name} is there.`;
}

const FirstProject = () => (
  <div className="empty">
    <Title text="Welcome to Berth" />
    <h2>No projects yet</h2>
    <p>A project holds the services and environments of one team. Create the first one.</p>
    <CreateForm label="Name" name="demo" action="project.create" create={createProject} />
    <ByCurl>
      <Command text={curl('POST', '/v1/projects', { name: 'demo' })} />
    </ByCurl>
  </div>
);
