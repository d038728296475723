/** `remove-service`: removes one service from an environment, with what it alone used. */
import { IN_PLACE_SECONDS, operationKind } from '../operation-kind.ts';

export const removeService = operationKind({
  target: 'deployment',
  boundSeconds: 3_120,
  cancelable: false,
  runsOn: 'resources',
  words: 'Removing {service} from {environment}',
  steps: {
    removeWorkload: { summary: 'Takes the fence, and removes what runs, with its routes.' },
    removeOwnResources: {
      summary: 'Removes the resources that no other service uses; of others the service is struck off.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    finishRemoval: { summary: 'It is gone from the environment; its deployments, logs and events stay.' },
    recoverRemoval: {
      summary: 'Says why. What was not removed is still listed, and it can be removed again.',
    },
  },
  recovery: 'recoverRemoval',
});
