/** The audit trail: who did what, from where, and what it changed; checked and taken along. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import type { Event } from '../../../../client/types.generated.ts';
import { type EventFilter, useEvents } from '../../api/use-events.ts';
import { personWord, Who } from '../../components/access/who.tsx';
import { eventWords } from '../../components/event-words.ts';
import { type Column, DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { Filters, filterOf, keyOfFilter } from '../activity/filters.tsx';
import { EventDetails } from './audit/event-details.tsx';
import { Evidence } from './audit/evidence.tsx';
import { Export } from './audit/export.tsx';
import { Verification } from './audit/verification.tsx';
import { Settings } from './page.tsx';

const columns: Column<Event>[] = [
  { head: '#', cell: ({ id }) => <span className="soft">{id}</span> },
  {
    head: 'When',
    cell: ({ at }) => (
      <time dateTime={at}>
        {new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })}
      </time>
    ),
  },
  {
    head: 'Who',
    cell: ({ actor, onBehalfOf, from }) => (
      <>
        <Who id={actor} />
        {onBehalfOf !== undefined && onBehalfOf !== actor && (
          <div className="soft small">
            for <Who id={onBehalfOf} />
          </div>
        )}
        {from?.address !== undefined && <div className="soft small">{plain(from.address)}</div>}
      </>
    ),
  },
  {
    head: 'What',
    cell: (event) => (
      <>
        {plain(eventWords(event))} <About event={event} />
        <EventDetails event={event} />
      </>
    ),
  },
];

/** Whom or what it is about, where the words of its type do not say so. */
function About({ event: { type, data = {} } }: { event: Event }) {
  if (!/^(?:member|token|access|session|trust|webhook)\./.test(type)) return null;
  const { principal, name, url, role } = data;
  const of =
    typeof principal === 'string'
      ? personWord(principal)
      : [name, url].find((one): one is string => typeof one === 'string');
  if (of === undefined) return null;
  return (
    <strong>
      {plain(of)}
      {typeof role === 'string' && `, ${plain(role)}`}
    </strong>
  );
}

export default function AuditPage({ project }: { project: string }) {
  const [query] = useSearchParams();
  const filter = filterOf(query);
  return (
    <Settings
      project={project}
      page="audit"
      reads="event.read"
      lead="Each change, with who made it and what was there before. Each event is sealed with the one before it: none can be edited or taken out unseen."
      action={<Export project={project} />}
    >
      <Verification project={project} />
      <Evidence project={project} />
      <Filters project={project} />
      <Trail key={keyOfFilter(filter, query.get('hours'))} project={project} filter={filter} />
    </Settings>
  );
}

function Trail({ project, filter: given }: { project: string; filter: EventFilter }) {
  const [filter] = useState(given);
  const { items, error, older } = useEvents(project, filter);
  return (
    <Container>
      <DataTable
        label="Audit trail"
        of={{ items, error, more: older }}
        keyOf={({ id }) => id}
        none={older ? 'None among the newest; there may be older ones.' : 'Nothing like that has happened.'}
        columns={columns}
      />
      {items?.length === 0 && older && (
        <button type="button" className="plain-button" onClick={older}>
          Look further back
        </button>
      )}
    </Container>
  );
}
