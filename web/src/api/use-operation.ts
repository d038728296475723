import { useState } from 'react';
import type { ApiError } from '../../../client/problem.ts';
import type { Operation } from '../../../client/types.generated.ts';
import { api, body } from './client.ts';
import { invalidate, useQuery } from './query.ts';
import { useStream } from './stream.ts';

/** An operation, read once and then followed to its end. */
export function useOperation(id: string | undefined): { operation?: Operation; error?: ApiError } {
  const { data, error } = useQuery(id && `/v1/operations/${id}`, (signal) =>
    body(api.GET('/v1/operations/{operation}', { params: { path: { operation: id ?? '' } }, signal })),
  );
  const [followed, setFollowed] = useState<Operation>();
  const ended = data?.endedAt !== undefined;
  useStream(id === undefined || !data || ended ? undefined : `/v1/operations/${id}`, {
    ends: true,
    onEvent({ data: next }) {
      setFollowed(next as Operation);
      if ((next as Operation).endedAt !== undefined) invalidate();
    },
  });
  const operation = ended || followed?.id !== id ? data : followed;
  return { ...(operation && { operation }), ...(error && { error }) };
}
