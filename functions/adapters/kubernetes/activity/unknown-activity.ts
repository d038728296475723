/** Requests go through a gateway that tells nobody of them, so that all is unknown. */
import { Problem } from '../../../core/problem.ts';
import type { Activity } from '../../../ports/activity.ts';

function uncounted(): never {
  throw new Problem(
    'unavailable',
    'Requests are not counted: those to a cluster do not pass through Berth.',
    {
      hint: 'Look at the figures of the gateway, or set BERTH_GATEWAY_METRICS.',
    },
  );
}

export const unknownActivity: Activity = {
  lastRequests: async (environments) => environments.map(() => 'unknown'),
  requests: async () => uncounted(),
  counts: async () => uncounted(),
  forget: async () => undefined,
};
