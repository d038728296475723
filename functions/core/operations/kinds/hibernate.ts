/** `hibernate`: stops an environment's workloads and keeps their data. */
import { inputOf, operationKind } from '../operation-kind.ts';

export const hibernate = operationKind({
  target: 'environment',
  input: inputOf<{ reason: 'idle' | 'expired' | 'hours' | 'requested' }>(),
  boundSeconds: 360,
  cancelable: false,
  runsOn: 'workloads',
  words: 'Putting {environment} to sleep',
  steps: {
    stopWorkloads: {
      summary:
        'Scales every workload to nothing. Where idleness was the reason and a request has come since, it refuses.',
    },
    finishHibernation: { summary: 'The environment hibernates.' },
    recoverHibernation: { summary: 'Starts again what was stopped: the environment is ready.' },
  },
  recovery: 'recoverHibernation',
});
