/** `destroy-environment`: removes an environment and everything in it. */
import { IN_PLACE_SECONDS, inputOf, operationKind } from '../operation-kind.ts';

export const destroyEnvironment = operationKind({
  target: 'environment',
  input: inputOf<{ reason: string }>(),
  boundSeconds: 3_120,
  cancelable: false,
  runsOn: 'resources',
  words: 'Destroying {environment}',
  steps: {
    removeWorkloads: { summary: 'Stops every service, newer deployments included.' },
    removeResources: {
      summary: 'Removes databases, volumes, secrets, logs and the place itself.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    finishDestruction: {
      summary: 'Looks that nothing is left, then removes the records, that of the environment last.',
    },
    recoverDestruction: {
      summary: 'Lists on the environment what is left; the sweep tries again after a minute.',
    },
  },
  recovery: 'recoverDestruction',
});
