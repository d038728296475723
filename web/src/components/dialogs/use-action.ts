/** A request that a button sends: once, however often it is pressed. */
import { useRef, useState } from 'react';
import { invalidate } from '../../api/query.ts';
import { notify, notifyError } from '../../app/notifications.tsx';

export interface Action {
  busy: boolean;
  run(): void;
}

/**
 * @param send resolves to what to tell, if anything
 * @param failure header of the notice when it was refused, such as "It was not extended"
 */
export function useAction(send: () => Promise<string | undefined>, failure: string): Action {
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const run = () => {
    if (sending.current) return;
    sending.current = true;
    setBusy(true);
    send()
      .then((told) => told !== undefined && notify({ type: 'success', content: told }))
      .catch((error: unknown) => notifyError(error, failure))
      .finally(() => {
        sending.current = false;
        setBusy(false);
        invalidate();
      });
  };
  return { busy, run };
}
