/** Events that pass a filter: a part of the past, page by page, and what happens. */
import { useEffect, useState } from 'react';
import { ApiError } from '../../../client/problem.ts';
import type { Event } from '../../../client/types.generated.ts';
import { api, body } from './client.ts';
import { connected } from './connection.ts';
import { useProjectEvents } from './events.ts';

type NounOf<Type> = Type extends `${infer Noun}.${string}` ? Noun : never;

/** A type of events, or a noun that stands for all of its types. */
export type EventSelector = Event['type'] | NounOf<Event['type']>;

export interface EventFilter {
  /** Types, separated by commas; a noun alone stands for all of it. */
  type?: string;
  environment?: string;
  service?: string;
  actor?: string;
  since?: string;
  until?: string;
}

export interface Events {
  /** Newest first; undefined until they are read. */
  items: readonly Event[] | undefined;
  error: ApiError | undefined;
  /** Reads older ones; undefined where there are none. */
  older: (() => void) | undefined;
  isReading: boolean;
}

const PAGE = '50';
const RETRY_MS = 2_000;

const passes = (filter: EventFilter, event: Event): boolean =>
  (filter.type === undefined ||
    filter.type.split(',').some((type) => type === event.type || type === event.type.split('.', 1)[0])) &&
  (['environment', 'service', 'actor'] as const).every(
    (name) => filter[name] === undefined || filter[name] === event[name],
  ) &&
  (filter.until === undefined || event.at <= filter.until);

export function useEvents(project: string, filter: EventFilter): Events {
  const key = JSON.stringify([project, filter]);
  const [items, setItems] = useState<readonly Event[]>();
  const [cursor, setCursor] = useState<string>();
  const [error, setError] = useState<ApiError>();
  const [isReading, setReading] = useState(false);

  /** Ids count the events of a project. */
  const add = (more: readonly Event[]) =>
    setItems((before = []) => {
      const known = new Set(before.map(({ id }) => id));
      return [...before, ...more.filter(({ id }) => !known.has(id))].sort(
        (a, b) => Number(b.id) - Number(a.id),
      );
    });

  let retry: ReturnType<typeof setTimeout> | undefined;
  async function read(after: string | undefined, signal?: AbortSignal): Promise<void> {
    setReading(true);
    try {
      const page = await body(
        api.GET('/v1/projects/{project}/events', {
          params: {
            path: { project },
            query: { limit: PAGE, ...filter, ...(after !== undefined && { cursor: after }) },
          },
          ...(signal && { signal }),
        }),
      );
      if (signal?.aborted) return;
      add(page.items);
      setCursor(page.nextCursor);
    } catch (failure) {
      if (signal?.aborted) return;
      if (failure instanceof ApiError) setError(failure);
      else {
        connected(false);
        retry = setTimeout(() => void read(after, signal), RETRY_MS);
      }
    } finally {
      if (!signal?.aborted) setReading(false);
    }
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is all that the reading depends on.
  useEffect(() => {
    const stop = new AbortController();
    setItems(undefined);
    setCursor(undefined);
    setError(undefined);
    void read(undefined, stop.signal);
    return () => {
      stop.abort();
      clearTimeout(retry);
    };
  }, [key]);

  useProjectEvents(project, (event) => {
    if (passes(filter, event)) add([event]);
  });

  return {
    items,
    error,
    isReading,
    older: cursor === undefined ? undefined : () => void read(cursor),
  };
}
