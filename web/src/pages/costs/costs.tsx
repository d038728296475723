/** What the environments of a project cost, and which of them nobody uses. */
import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import { Link } from 'wouter';
import type { ProjectCost } from '../../../../client/types.generated.ts';
import { environmentPath } from '../../app/paths.ts';
import { Title } from '../../app/title.tsx';
import { Facts } from '../../components/facts.tsx';
import { Crumbs } from '../../components/page/crumbs.tsx';
import { type Column, DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { Ago } from '../../components/time.tsx';
import Missing from '../missing.tsx';
import { dollars, pricesWords, useProjectCost, whereWords } from './read-costs.ts';

type Row = ProjectCost['environments'][number];

export default function CostsPage({ project }: { project: string }) {
  const { data, error } = useProjectCost(project);
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  const isOnAws = data?.environments.some(({ basis }) => basis === 'on_aws') ?? false;
  return (
    <div className="stack">
      <Crumbs project={project} of={[['Costs']]} />
      <div>
        <Title text={`Costs · ${project}`}>Costs</Title>
        {data && (
          <p className="soft page-lead">
            {whereWords(isOnAws ? 'on_aws' : 'as_if_on_aws')}, {pricesWords(data.prices)}.
          </p>
        )}
      </div>
      {data && data.idle.environments.length > 0 && <Idle project={project} of={data.idle} />}
      {data && (
        <Facts
          of={[
            ['A month', dollars(data.usdPerMonth)],
            ['A day', dollars(data.usdPerDay)],
            ['In common with other projects', `${dollars(data.common.usdPerMonth)} a month, not in the sum`],
          ]}
        />
      )}
      <Container header={<h2>Environments</h2>}>
        <DataTable
          label="What environments cost"
          of={{ items: data?.environments, error, more: undefined }}
          keyOf={({ environment }) => environment}
          none="There is no environment yet."
          columns={columnsOf(project)}
        />
        {data?.truncated && <p className="soft">There are more environments than these.</p>}
      </Container>
    </div>
  );
}

function Idle({
  project,
  of: { days, environments, usdPerMonth },
}: {
  project: string;
  of: ProjectCost['idle'];
}) {
  const what =
    environments.length === 1
      ? `One environment had no request for ${days} days: ${dollars(usdPerMonth)} a month`
      : `These ${environments.length} environments had no request for ${days} days: ${dollars(usdPerMonth)} a month`;
  return (
    <Alert type="info" header={what}>
      <ul className="plain-list lines">
        {environments.map((environment) => (
          <li key={environment}>
            <Link href={environmentPath({ project, environment })}>{environment}</Link>
          </li>
        ))}
      </ul>
    </Alert>
  );
}

const columnsOf = (project: string): readonly Column<Row>[] => [
  {
    head: 'Environment',
    cell: ({ environment }) => (
      <Link href={environmentPath({ project, environment })}>{plain(environment)}</Link>
    ),
  },
  { head: 'State', cell: ({ state }) => <Status of={state} /> },
  { head: 'A month', cell: ({ usdPerMonth }) => dollars(usdPerMonth) },
  { head: 'A day', cell: ({ usdPerDay }) => dollars(usdPerDay) },
  {
    head: 'Last used',
    cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? 'not known' : <Ago at={lastUsedAt} />),
  },
];
