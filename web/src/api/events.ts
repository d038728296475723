/** What happens in a project, as it happens. */
import { useEffect, useRef } from 'react';
import { ApiError } from '../../../client/problem.ts';
import type { Event } from '../../../client/types.generated.ts';
import { api, body } from './client.ts';
import { connected } from './connection.ts';
import { invalidate } from './query.ts';
import { follow } from './stream.ts';

type Listener = (event: Event) => void;

const listeners = new Map<string, Set<Listener>>();

const RETRY_MS = 1_000;

async function followProject(project: string, signal: AbortSignal): Promise<void> {
  const path = { project };
  while (!signal.aborted) {
    try {
      // From the newest one on: what happens between reading a page and following would be missed.
      const params = { path, query: { limit: '1' } };
      const { items } = await body(api.GET('/v1/projects/{project}/events', { params, signal }));
      const [newest] = items;
      await follow(`/v1/projects/${project}/events`, {
        signal,
        ...(newest && { lastEventId: newest.id }),
        onEvent({ data }) {
          for (const listener of listeners.get(project) ?? []) listener(data as Event);
          invalidate();
        },
        onState: (isOpen) => isOpen && invalidate(),
      });
    } catch (error) {
      if (signal.aborted || error instanceof ApiError) return;
      connected(false);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Follows a project's events: with each of them, all that is on show is read again. */
export function useLiveProject(project: string | undefined): void {
  useEffect(() => {
    if (project === undefined) return;
    const stop = new AbortController();
    void followProject(project, stop.signal);
    return () => stop.abort();
  }, [project]);
}

/** Is told of each event of the project that is followed. */
export function useProjectEvents(project: string, listener: Listener): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    const mine: Listener = (event) => latest.current(event);
    const all = listeners.get(project) ?? new Set();
    listeners.set(project, all.add(mine));
    return () => {
      all.delete(mine);
    };
  }, [project]);
}
