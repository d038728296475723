/** An environment as a map: where requests come in, what serves them, and what that needs; the same as a list. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { Suspense, useState } from 'react';
import { Link } from 'wouter';
import { useEnvironment } from '../../api/read.ts';
import { lazyPage } from '../../app/lazy-page.ts';
import { environmentPath, servicePath } from '../../app/paths.ts';
import { Title } from '../../app/title.tsx';
import { perSecond } from '../../components/figures/series.ts';
import { Crumbs } from '../../components/page/crumbs.tsx';
import { type Column, DataTable } from '../../components/page/data-table.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { dollars } from '../costs/read-costs.ts';
import Missing from '../missing.tsx';
import { type Graph, type GraphNode, neighbours } from './environment-graph.ts';
import { Inspected } from './inspected-node.tsx';
import { useGraph } from './read-graph.ts';
import './map.css';

/** Has the library that lays it out: the list does not wait for that. */
const Picture = lazyPage(() => import('./graph-picture.tsx'));

interface MapProps {
  project: string;
  environment: string;
}

export default function MapPage(place: MapProps) {
  const { project, environment: name } = place;
  const { data: environment, error } = useEnvironment(place);
  const graph = useGraph(place, environment);
  const [chosen, choose] = useState<string>();
  if (error?.status === 404) return <Missing what={`There is no environment ${name} in ${project} now.`} />;
  const node = graph?.nodes.find(({ id }) => id === chosen);
  return (
    <div className="stack">
      <Crumbs project={project} of={[[name, environmentPath(place)], ['Map']]} />
      <div>
        <div className="row">
          <Title text={`Map of ${name} · ${project}`}>Map of {name}</Title>
          {environment && <Status of={environment.state} />}
        </div>
        <p className="soft page-lead">
          Where requests come in, what serves them, and what that needs. Choose anything to see more of it.
        </p>
      </div>
      {!graph && <Loading />}
      {graph?.nodes.length === 0 && (
        <Container>
          <p>Nothing is deployed here yet.</p>
        </Container>
      )}
      {graph && graph.nodes.length > 0 && (
        <>
          <div className="map-and-node">
            <Suspense fallback={<Loading />}>
              <Picture graph={graph} chosen={node?.id} onChoose={choose} />
            </Suspense>
            <div aria-live="polite">
              {node && <Inspected graph={graph} node={node} place={place} onChoose={choose} />}
            </div>
          </div>
          <Container header={<Header variant="h2">The same as a list</Header>}>
            <DataTable
              label="What is in it"
              of={{ items: graph.nodes, error: undefined, more: undefined }}
              keyOf={({ id }) => id}
              none=""
              columns={columnsOf(graph, place)}
            />
          </Container>
        </>
      )}
    </div>
  );
}

const names = (nodes: readonly GraphNode[]): string =>
  nodes.length === 0 ? '–' : nodes.map(({ name }) => plain(name)).join(', ');

const columnsOf = (graph: Graph, { project, environment }: MapProps): Column<GraphNode>[] => [
  {
    head: 'Name',
    cell: ({ kind, name, service }) =>
      kind === 'service' && service !== undefined ? (
        <Link href={servicePath({ project, environment, service })}>{plain(name)}</Link>
      ) : (
        plain(name)
      ),
  },
  { head: 'What it is', cell: ({ type }) => plain(type) },
  { head: 'State', cell: ({ state }) => (state === undefined ? '–' : <Status of={state} />) },
  {
    head: 'Requests',
    cell: ({ rate }) => (rate === undefined ? '–' : perSecond(rate)),
  },
  {
    head: 'A month',
    cell: ({ usdPerMonth }) => (usdPerMonth === undefined ? '–' : dollars(usdPerMonth)),
  },
  { head: 'Leads to', cell: ({ id }) => names(neighbours(graph, id).to) },
];
