/** Sends something to a receiver now, and says whether it took that. */
import { notify } from '../../app/notifications.tsx';
import { useAction } from './use-action.ts';

interface Tested {
  delivered: boolean;
  /** Of its answer; absent where there was none. */
  status?: number | undefined;
  /** Why it did not take it. */
  reason?: string | undefined;
}

/**
 * @param name by which people know the receiver
 * @param what is sent, as people say it: `the test`
 */
export const useReceiverTest = (name: string, what: string, send: () => Promise<Tested>) =>
  useAction(async () => {
    const { delivered, status, reason } = await send();
    if (delivered) return `${name} took ${what}, and answered with ${status}.`;
    notify({
      type: 'error',
      header: `${name} did not take ${what}`,
      content: reason ?? 'It does not say why.',
    });
    return undefined;
  }, 'The test was not sent');
