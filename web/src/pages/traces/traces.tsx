/** The traces of an environment: those that failed or took long first. */
import Container from '@cloudscape-design/components/container';
import Select from '@cloudscape-design/components/select';
import { Link, useSearchParams } from 'wouter';
import { took } from '../../../../client/took.ts';
import type { Trace } from '../../../../client/types.generated.ts';
import { useEnvironment } from '../../api/read.ts';
import { environmentPath, isName, tracePath } from '../../app/paths.ts';
import { Title } from '../../app/title.tsx';
import { Crumbs } from '../../components/page/crumbs.tsx';
import { type Column, DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';
import type { InEnvironment } from '../environment.tsx';
import Missing from '../missing.tsx';
import { type Order, orders, useTraces } from './read-traces.ts';
import './traces.css';

const words: Readonly<Record<Order, string>> = {
  failing: 'Failing first',
  slowest: 'Slowest first',
  newest: 'Newest first',
};
const options = orders.map((value) => ({ value, label: words[value] }));

export default function TracesPage({ project, environment }: InEnvironment) {
  const place = { project, environment };
  const [query, setQuery] = useSearchParams();
  const order = orders.find((one) => one === query.get('order')) ?? 'failing';
  const asked = query.get('service') ?? undefined;
  const service = isName(asked) ? asked : undefined;
  const { error } = useEnvironment(place);
  const traces = useTraces(place, order, service);
  if (error?.status === 404)
    return <Missing what={`There is no environment ${environment} in ${project} now.`} />;
  const show = (value: string | undefined) =>
    setQuery(
      (before) => {
        const next = new URLSearchParams(before);
        next.set('order', value ?? 'failing');
        return next;
      },
      { replace: true },
    );
  return (
    <div className="stack">
      <Crumbs project={project} of={[[environment, environmentPath(place)], ['Traces']]} />
      <div>
        <Title text={`Traces · ${environment}`}>
          Traces <span className="soft">of</span> {service ?? environment}
        </Title>
        <p className="soft page-lead">
          Where the time of requests went, of a part of them. Programs add spans by OpenTelemetry.
        </p>
      </div>
      <div className="trace-order">
        <Select
          ariaLabel="Order"
          selectedOption={options.find(({ value }) => value === order) ?? options[0]!}
          options={options}
          onChange={({ detail }) => show(detail.selectedOption.value)}
        />
      </div>
      <Container>
        <DataTable
          label="Traces"
          of={traces}
          keyOf={({ id }) => id}
          none="No request was traced within the last 7 days."
          columns={columnsOf(place)}
        />
      </Container>
    </div>
  );
}

const columnsOf = (place: InEnvironment): readonly Column<Trace>[] => [
  { head: 'What', cell: ({ id, name }) => <Link href={tracePath(place, id)}>{plain(name)}</Link> },
  { head: 'Services', cell: ({ services }) => services.join(', ') },
  { head: 'Began', cell: ({ startedAt }) => <Ago at={startedAt} /> },
  { head: 'Took', cell: ({ durationMs }) => took(durationMs) },
  { head: 'Spans', cell: ({ spans }) => spans },
  {
    head: 'Failed',
    cell: ({ errors }) => (errors > 0 ? <strong className="trace-failed">{errors}</strong> : '–'),
  },
];
