/** How deliveries of a project do, by the four figures of DORA, and what is used and fails. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import type { DoraFigures } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { Title } from '../../app/title.tsx';
import { ChoiceField } from '../../components/forms/fields.tsx';
import { Crumbs } from '../../components/page/crumbs.tsx';
import { type Column, DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import Missing from '../missing.tsx';

type Of = DoraFigures['all'];
type Row = Of & { of: string };
type Use = DoraFigures['use'][number];

const periods = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
] as const;

/** `3 min`, `2.5 h`, `4.0 d` */
function spanned(seconds: number | null): string {
  if (seconds === null) return 'too few';
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

const columns: readonly Column<Row>[] = [
  { head: 'Of', cell: ({ of }) => plain(of) },
  {
    head: 'Deployments',
    cell: ({ deployments: { n, perDay } }) => `${perDay.toFixed(2)} a day (n ${n})`,
  },
  {
    head: 'Lead time',
    cell: ({ leadTime: { n, medianSeconds } }) => `${spanned(medianSeconds)} (n ${n})`,
  },
  {
    head: 'Failed changes',
    cell: ({ changeFailures: { n, failed, rate } }) =>
      `${rate === null ? 'too few' : `${Math.round(rate * 100)} %`} (${failed} of ${n})`,
  },
  {
    head: 'Time to restore',
    cell: ({ timeToRestore: { n, open, medianSeconds } }) =>
      `${spanned(medianSeconds)} (n ${n}${open > 0 ? `, ${open} open` : ''})`,
  },
];

const useColumns: readonly Column<Use>[] = [
  { head: 'What', cell: ({ noun }) => plain(noun) },
  {
    head: 'How often',
    cell: ({ counts }) =>
      Object.entries(counts)
        .map(([verb, count]) => `${count} ${plain(verb)}`)
        .join(', '),
  },
  { head: 'By', cell: ({ actors }) => actors },
  {
    head: 'Fails with',
    cell: ({ failures }) =>
      failures
        .slice(0, 3)
        .map(({ code, n }) => `${plain(code)} ${n}`)
        .join(', '),
  },
];

const rowsOf = ({ all, services, classes }: DoraFigures): Row[] => [
  { of: 'All', ...all },
  ...services.map(({ service, ...one }) => ({ of: service, ...one })),
  ...classes.map(({ class: name, ...one }) => ({ of: `${name} environments`, ...one })),
];

export default function FiguresPage({ project }: { project: string }) {
  const [days, setDays] = useState<'30' | '90'>('30');
  const { data, error } = useQuery(`/v1/projects/${project}/figures?days=${days}`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/figures', { params: { path: { project }, query: { days } }, signal }),
    ),
  );
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  return (
    <div className="stack">
      <Crumbs project={project} of={[['Figures']]} />
      <div>
        <Title text={`Figures · ${project}`}>Figures</Title>
        <p className="soft page-lead">
          The four figures of DORA. Lead time is from the commit, of versions built from git; rates and
          medians are of five at least.
        </p>
      </div>
      <ChoiceField label="Period" choices={periods} value={days} onChange={setDays} />
      <Container header={<h2>Deliveries</h2>}>
        <DataTable
          label="Deliveries"
          of={{ items: data && rowsOf(data), error, more: undefined }}
          keyOf={({ of }) => of}
          none="Nothing was deployed."
          columns={columns}
        />
      </Container>
      <Container header={<h2>What is used, and where it fails</h2>}>
        <DataTable
          label="What is used, and where it fails"
          of={{ items: data?.use, error, more: undefined }}
          keyOf={({ noun }) => noun}
          none="Nothing has happened."
          columns={useColumns}
        />
      </Container>
    </div>
  );
}
