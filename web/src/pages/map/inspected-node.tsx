/** What is known of a node of the map, and the ways on from it. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { Link } from 'wouter';
import { backupsPath, environmentPath, servicePath } from '../../app/paths.ts';
import { Facts } from '../../components/facts.tsx';
import { perSecond } from '../../components/figures/series.ts';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { dollars } from '../costs/read-costs.ts';
import { type Graph, type GraphNode, neighbours } from './environment-graph.ts';

interface InspectedProps {
  graph: Graph;
  node: GraphNode;
  place: { project: string; environment: string };
  onChoose(id: string): void;
}

export function Inspected({ graph, node, place, onChoose }: InspectedProps) {
  const { id, name, type, state, rate, usdPerMonth } = node;
  const { from, to } = neighbours(graph, id);
  const buttons = (nodes: readonly GraphNode[]) =>
    nodes.length > 0 && (
      <span className="row">
        {nodes.map((one) => (
          <Button key={one.id} variant="inline-link" onClick={() => onChoose(one.id)}>
            {plain(one.name)}
          </Button>
        ))}
      </span>
    );
  return (
    <Container header={<Header variant="h2">{plain(name)}</Header>}>
      <div className="stack">
        <Facts
          of={[
            ['What it is', plain(type)],
            ['State', state !== undefined && <Status key="state" of={state} />],
            ['Requests', rate !== undefined && `${perSecond(rate)} in the last 5 minutes`],
            ['A month', usdPerMonth !== undefined && dollars(usdPerMonth)],
            ['Comes from', buttons(from)],
            ['Leads to', buttons(to)],
          ]}
        />
        <Ways node={node} place={place} />
      </div>
    </Container>
  );
}

function Ways({ node: { kind, type, service }, place }: Pick<InspectedProps, 'node' | 'place'>) {
  if (kind === 'resource')
    return type.startsWith('postgres') ? <Link href={backupsPath(place)}>Backups</Link> : null;
  if (service === undefined) return null;
  const of = { ...place, service };
  if (kind === 'job') return <Link href={servicePath(of, 'runs')}>Runs and jobs of {service}</Link>;
  if (kind === 'address' && type === 'domain')
    return <Link href={environmentPath(place)}>Domains of {place.environment}</Link>;
  return (
    <span className="row">
      <Link href={servicePath(of)}>Open {service}</Link>
      <Link href={servicePath(of, 'logs')}>Logs</Link>
      <Link href={servicePath(of, 'metrics')}>Metrics</Link>
    </span>
  );
}
