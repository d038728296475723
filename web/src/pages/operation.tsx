/** An operation as it goes on. */
import { useState } from 'react';
import { api, body } from '../api/client.ts';
import type { ApiError } from '../api/problem.ts';
import { useQuery } from '../api/query.ts';
import { useStream } from '../api/stream.ts';
import type { Operation } from '../api/types.generated.ts';
import { Loading } from '../app/loading.tsx';
import { Title } from '../app/title.tsx';
import { ProblemAlert } from '../components/problem-alert.tsx';
import { Status } from '../components/status.tsx';
import { duration } from '../components/time.tsx';
import Missing from './missing.tsx';

/** An operation, read once and then followed. */
export function useOperation(id: string | undefined): { operation?: Operation; error?: ApiError } {
  const { data, error } = useQuery(id && `/v1/operations/${id}`, (signal) =>
    body(api.GET('/v1/operations/{operation}', { params: { path: { operation: id ?? '' } }, signal })),
  );
  const [followed, setFollowed] = useState<Operation>();
  const ended = data?.endedAt !== undefined;
  useStream(id === undefined || !data || ended ? undefined : `/v1/operations/${id}`, {
    onEvent: ({ data: next }) => setFollowed(next as Operation),
  });
  const operation = ended || followed?.id !== id ? data : followed;
  return { ...(operation && { operation }), ...(error && { error }) };
}

export default function OperationPage({ id }: { id: string }) {
  const { operation, error } = useOperation(id);
  if (error?.status === 404) return <Missing what="There is no such operation: they are kept for 30 days." />;
  if (!operation) return <Loading />;
  return (
    <div className="stack">
      <Title text={`${operation.kind} ${operation.service ?? operation.environment ?? ''}`} />
      <Status of={operation.status} />
      {operation.error && <ProblemAlert header="It failed" error={operation.error} />}
      <ol className="plain-list">
        {operation.steps.map(({ name, attempt, status, durationMs }) => (
          <li key={`${name}-${attempt}`}>
            <Status of={status} /> {name} {durationMs !== undefined && duration(durationMs)}
          </li>
        ))}
      </ol>
    </div>
  );
}
