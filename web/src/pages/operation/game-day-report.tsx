/** What users saw of a game day, service by service. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import type { Operation } from '../../../../client/types.generated.ts';
import { plain } from '../../components/plain.ts';
import { duration } from '../../components/time.tsx';

interface Seen {
  requests: number;
  errors: number;
  p50Ms: number;
  p99Ms: number;
}

interface Report {
  stoppedEarly: boolean;
  services: {
    service: string;
    before?: Seen;
    during?: Seen;
    after?: Seen;
    missing?: string;
    restarts: number;
    ready: boolean;
    reason?: string;
  }[];
}

const parts = ['before', 'during', 'after'] as const;

export function GameDayReport({ operation: { kind, result } }: { operation: Operation }) {
  if (kind !== 'game-day' || result === undefined) return null;
  const { stoppedEarly, services } = result as unknown as Report;
  return (
    <Container header={<Header variant="h2">What users saw</Header>}>
      <div className="stack">
        {stoppedEarly && <p>It ended before its time: too many requests failed.</p>}
        {services.map(({ service, restarts, ready, reason, missing, ...seen }) => (
          <section key={service}>
            <h3>{service}</h3>
            <dl className="facts">
              {parts.map((part) => (
                <div key={part}>
                  <dt>{part}</dt>
                  <dd>{inWords(seen[part], missing)}</dd>
                </div>
              ))}
              <div>
                <dt>replicas</dt>
                <dd>
                  {restarts} started again,{' '}
                  {ready ? 'all ready' : plain(`not all ready: ${reason ?? 'see its log'}`)}
                </dd>
              </div>
            </dl>
          </section>
        ))}
      </div>
    </Container>
  );
}

function inWords(seen: Seen | undefined, missing: string | undefined): string {
  if (missing !== undefined) return plain(missing);
  if (!seen) return 'nobody asked';
  const { requests, errors, p50Ms, p99Ms } = seen;
  return `${errors} of ${requests} requests failed; half took ${duration(p50Ms)}, the slowest ${duration(p99Ms)}`;
}
