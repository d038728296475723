/** Events, newest first, by the day. */
import { Link } from 'wouter';
import type { Event } from '../../../client/types.generated.ts';
import { operationPath, servicePath } from '../app/paths.ts';
import './event-list.css';
import { Who } from './access/who.tsx';
import { eventTone, eventWords } from './event-words.ts';
import { plain } from './plain.ts';
import { Ago } from './time.tsx';

const day = (at: string): string =>
  new Date(at).toLocaleDateString('en', { weekday: 'long', day: 'numeric', month: 'long' });

export function EventList({ of }: { of: readonly Event[] }) {
  const days = Map.groupBy(of, ({ at }) => day(at));
  return [...days].map(([name, events]) => (
    <section key={name} aria-label={name}>
      <h2 className="event-day">{name}</h2>
      <ol className="plain-list events">
        {events.map((event) => (
          <Row key={event.id} event={event} />
        ))}
      </ol>
    </section>
  ));
}

/** The cause alone; what was printed is in the log. */
const firstLine = (text: string): string =>
  text.split('\n', 1)[0]!.replace(/ Its last (?:output|lines):$/, '');

const signs = { good: '✓', bad: '✕', neutral: '•' } as const;

function Row({ event }: { event: Event }) {
  const { project, environment, service, operation, type, actor, at, data } = event;
  const words = plain(eventWords(event));
  const tone = eventTone(event);
  const cause = typeof data?.cause === 'string' ? firstLine(plain(data.cause)) : undefined;
  const href =
    operation !== undefined
      ? operationPath(project, operation)
      : type === 'instance.crashed' && environment !== undefined && service !== undefined
        ? `${servicePath({ project, environment, service }, 'logs')}?at=${encodeURIComponent(at)}`
        : undefined;
  return (
    <li className={`event ${tone}`}>
      <span className="event-sign" aria-hidden="true">
        {signs[tone]}
      </span>
      <div>
        {href === undefined ? <span>{words}</span> : <Link href={href}>{words}</Link>}
        {cause !== undefined && <div className="event-cause">{cause}</div>}
        <div className="soft small">
          <Ago at={at} /> by <Who id={actor} /> · <code className="small">{plain(type)}</code>
        </div>
      </div>
    </li>
  );
}
