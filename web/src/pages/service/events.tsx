/** What happened to a service in its environment. */
import { useState } from 'react';
import { api, body } from '../../api/client.ts';
import { useProjectEvents } from '../../api/events.ts';
import { useQuery } from '../../api/query.ts';
import type { Event } from '../../api/types.generated.ts';
import { Ago } from '../../components/time.tsx';
import type { ServiceTabProps } from '../service.tsx';

export default function EventsTab({ place: { project, environment, service } }: ServiceTabProps) {
  const { data } = useQuery(`/v1/projects/${project}/events`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/events', {
        params: { path: { project }, query: { limit: '200' } },
        signal,
      }),
    ),
  );
  const [live, setLive] = useState<Event[]>([]);
  useProjectEvents(project, (event) => setLive((before) => [event, ...before]));
  const read = data?.items ?? [];
  const known = new Set(read.map(({ id }) => id));
  const shown = [...live.filter(({ id }) => !known.has(id)), ...read].filter(
    (event) => event.environment === environment && event.service === service,
  );
  return (
    <ol className="plain-list">
      {shown.map(({ id, at, type, actor }) => (
        <li key={id}>
          <Ago at={at} /> {type} by {actor}
        </li>
      ))}
    </ol>
  );
}
