/** What is wrong in a project, what was, and who looks after it. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Alert } from '../../../../client/types.generated.ts';
import { useOverview } from '../../api/read.ts';
import { environmentPath } from '../../app/paths.ts';
import { Title } from '../../app/title.tsx';
import { Crumbs } from '../../components/page/crumbs.tsx';
import { type Column, DataTable } from '../../components/page/data-table.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import { Ago, duration } from '../../components/time.tsx';
import Missing from '../missing.tsx';
import { AcknowledgeDialog, SilenceDialog } from './dialogs.tsx';
import { FiringCard } from './firing-card.tsx';
import { useAlerts, useFiring, useSilences } from './read-alerts.ts';
import { Rules } from './rules.tsx';
import { Silences } from './silences.tsx';

type Open = { what: 'acknowledge' | 'silence'; alert: Alert } | undefined;

export default function AlertsPage({ project }: { project: string }) {
  const { data: firing, error } = useFiring(project);
  const { data: silences = [] } = useSilences(project);
  const { data: overview } = useOverview(project);
  const all = useAlerts(project);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  // One that is gone has no protection any more.
  const where = (name: string) =>
    overview?.environments.find((environment) => environment.name === name) ?? { name };
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  return (
    <div className="stack">
      <Crumbs project={project} of={[['Alerts']]} />
      <div>
        <Title text={`Alerts · ${project}`}>Alerts</Title>
        <p className="soft page-lead">What is wrong now, who looks after it, and what was wrong of late.</p>
      </div>
      {error && !firing && <p role="alert">{plain(error.message)}</p>}
      {!firing && !error && <Loading />}
      {firing?.length === 0 && (
        <Container>
          <p>No alert fires.</p>
        </Container>
      )}
      {firing?.map((alert) => (
        <FiringCard
          key={alert.id}
          alert={alert}
          where={where(alert.environment)}
          onOpen={(what) => setOpen({ what, alert })}
        />
      ))}
      {silences.length > 0 && <Silences project={project} items={silences} whereOf={where} />}
      <Container header={<h2>Over</h2>}>
        <DataTable
          label="Alerts that are over"
          of={{ ...all, items: all.items?.filter(({ state }) => state === 'resolved') }}
          keyOf={({ id }) => id}
          none="None within the last 30 days."
          columns={columns}
        />
      </Container>
      <Rules project={project} />
      {open?.what === 'acknowledge' && <AcknowledgeDialog alert={open.alert} onClose={close} />}
      {open?.what === 'silence' && (
        <SilenceDialog
          project={project}
          of={{ rule: open.alert.rule, environment: open.alert.environment, subject: open.alert.subject }}
          onClose={close}
        />
      )}
    </div>
  );
}

const columns: readonly Column<Alert>[] = [
  {
    head: 'What',
    cell: ({ project, environment, subject }) => (
      <>
        {plain(subject)} <span className="soft">in</span>{' '}
        <Link href={environmentPath({ project, environment })}>{environment}</Link>
      </>
    ),
  },
  { head: 'Rule', cell: ({ rule }) => plain(rule) },
  { head: 'What was seen', cell: ({ evidence }) => plain(evidence.words) },
  { head: 'Fired', cell: ({ firedAt }) => <Ago at={firedAt} /> },
  {
    head: 'For',
    cell: ({ firedAt, resolvedAt }) =>
      resolvedAt === undefined ? '–' : duration(Date.parse(resolvedAt) - Date.parse(firedAt)),
  },
];
