/** Whether Berth answers, as the last thing that was tried tells. */
import { useSyncExternalStore } from 'react';

export interface Connection {
  state: 'unknown' | 'live' | 'lost';
  /** When it was lost. */
  since?: Date;
}

let connection: Connection = { state: 'unknown' };
const listeners = new Set<() => void>();

export function connected(is: boolean): void {
  if (connection.state === (is ? 'live' : 'lost')) return;
  connection = is ? { state: 'live' } : { state: 'lost', since: new Date() };
  for (const listener of [...listeners]) listener();
}

export const useConnection = (): Connection =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
