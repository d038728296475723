/** All that happens in a project, in one line of time; its filters are in its address. */
import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { type EventFilter, useEvents } from '../api/use-events.ts';
import { Title } from '../app/title.tsx';
import { Command } from '../components/command.tsx';
import { curl } from '../components/curl.ts';
import { EventList } from '../components/event-list.tsx';
import { Crumbs } from '../components/page/crumbs.tsx';
import { Loading } from '../components/page/loading.tsx';
import { plain } from '../components/plain.ts';
import { Filters, filterOf, keyOfFilter } from './activity/filters.tsx';
import Missing from './missing.tsx';

export default function ActivityPage({ project }: { project: string }) {
  const [query] = useSearchParams();
  const filter = filterOf(query);
  return (
    <div className="stack">
      <Crumbs project={project} of={[['Activity']]} />
      <Title text={`Activity · ${project}`}>Activity</Title>
      <Filters project={project} />
      <Timeline key={keyOfFilter(filter, query.get('hours'))} project={project} filter={filter} />
    </div>
  );
}

function Timeline({ project, filter: given }: { project: string; filter: EventFilter }) {
  // "The last hour" stays the one before the page was opened: what happens since is added.
  const [filter] = useState(given);
  const { items, error, older, isReading } = useEvents(project, filter);
  if (error?.status === 404) return <Missing what={`There is no project ${project}.`} />;
  if (error) return <p role="alert">{plain(error.message)}</p>;
  if (!items) return <Loading />;
  const path = `/v1/projects/${project}/events`;
  const asked = new URLSearchParams({ ...filter }).toString();
  return (
    <>
      {items.length === 0 && (
        <p className="soft">
          {older ? 'None among the newest; there may be older ones.' : 'Nothing like that has happened.'}
        </p>
      )}
      <EventList of={items} />
      {older && (
        <div>
          <Button loading={isReading} onClick={older}>
            Show older ones
          </Button>
        </div>
      )}
      <details>
        <summary>The same by curl</summary>
        <Command text={curl('GET', asked ? `${path}?${asked}` : path)} />
      </details>
    </>
  );
}
