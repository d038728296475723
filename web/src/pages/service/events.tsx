/** What happened to a service in its environment. */
import Button from '@cloudscape-design/components/button';
import { useEvents } from '../../api/use-events.ts';
import { EventList } from '../../components/event-list.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import type { ServiceTabProps } from '../service.tsx';

export default function EventsTab({ place: { project, environment, service } }: ServiceTabProps) {
  const { items, error, older, isReading } = useEvents(project, { environment, service });
  if (error) return <p role="alert">{plain(error.message)}</p>;
  if (!items) return <Loading />;
  return (
    <div className="stack">
      {items.length === 0 && !older && <p className="soft">Nothing has happened to it yet.</p>}
      <EventList of={items} />
      {older && (
        <Button loading={isReading} onClick={older}>
          Show older ones
        </Button>
      )}
    </div>
  );
}
