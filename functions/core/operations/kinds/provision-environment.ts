/** `provision-environment`: makes a new environment ready. */
import { operationKind } from '../operation-kind.ts';

export const provisionEnvironment = operationKind({
  target: 'environment',
  boundSeconds: 660,
  cancelable: false,
  runsOn: 'workloads',
  words: 'Making {environment} ready',
  steps: {
    provisionEnvironment: { summary: 'Makes the place for the workloads.' },
    finishProvisioning: { summary: 'The environment is ready.' },
    recoverProvisioning: { summary: 'The environment has failed; it can be destroyed.' },
  },
  recovery: 'recoverProvisioning',
});
