/** `wake`: starts what ran before hibernation. */
import { IN_PLACE_SECONDS, operationKind } from '../operation-kind.ts';

export const wake = operationKind({
  target: 'environment',
  boundSeconds: 1_260,
  cancelable: false,
  runsOn: 'workloads',
  words: 'Waking {environment}',
  steps: {
    startWorkloads: {
      summary: 'Starts the current deployment of every service and waits until each is ready.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    finishWaking: { summary: 'The environment is ready.' },
    recoverWaking: {
      summary:
        'The environment is ready all the same: one service that does not start keeps no other asleep.',
    },
  },
  recovery: 'recoverWaking',
});
