/** One trace: its spans under each other, as long as they took. */

import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import { took } from '../../../../client/took.ts';
import { followLink } from '../../app/navigation.ts';
import { environmentLogsPath, environmentPath, tracesPath } from '../../app/paths.ts';
import { Title } from '../../app/title.tsx';
import { Facts } from '../../components/facts.tsx';
import { Crumbs } from '../../components/page/crumbs.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';
import type { InEnvironment } from '../environment.tsx';
import Missing from '../missing.tsx';
import { useTrace } from './read-traces.ts';
import { Waterfall } from './waterfall.tsx';
import './traces.css';

export default function TracePage({ project, environment, trace: id }: InEnvironment & { trace: string }) {
  const place = { project, environment };
  const { data: trace, error } = useTrace({ ...place, trace: id });
  if (error?.status === 404)
    return (
      <Missing what={`There is no such trace in ${environment}: it was not kept, or is kept no longer.`} />
    );
  if (error && !trace) return <p role="alert">{plain(error.message)}</p>;
  if (!trace) return <Loading />;
  const logs = `${environmentLogsPath(place)}?${new URLSearchParams({ search: trace.logs.search })}`;
  return (
    <div className="stack">
      <Crumbs
        project={project}
        of={[[environment, environmentPath(place)], ['Traces', tracesPath(place)], [id.slice(0, 8)]]}
      />
      <div className="row">
        <Title text={`${plain(trace.name)} · ${environment}`}>{plain(trace.name)}</Title>
        <span className="row row-end">
          <Button href={logs} onFollow={followLink}>
            Its log lines
          </Button>
        </span>
      </div>
      <Facts
        of={[
          ['Began', <Ago key="began" at={trace.startedAt} />],
          ['Took', took(trace.durationMs)],
          ['Spans', String(trace.spans)],
          [
            'Failed',
            trace.errors > 0 ? (
              <strong key="failed" className="trace-failed">
                {trace.errors}
              </strong>
            ) : (
              'none'
            ),
          ],
          ['Services', trace.services.join(', ')],
          ['Trace', <code key="id">{id}</code>],
        ]}
      />
      <Container>
        <Waterfall place={place} trace={trace} />
      </Container>
    </div>
  );
}
