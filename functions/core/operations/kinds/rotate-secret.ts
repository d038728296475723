/** `rotate-secret`: replaces a secret of an environment, or the credentials of a resource. */
import { IN_PLACE_SECONDS, inputOf, operationKind } from '../operation-kind.ts';

export type RotationInput =
  | { secret: string; version: string; previous: string; resource?: never }
  /** `resource`: the resource's uid. */
  | { resource: string; secret?: never; version?: never; previous?: never };

export const rotateSecret = operationKind({
  target: 'environment',
  input: inputOf<RotationInput>(),
  boundSeconds: 4_620,
  cancelable: false,
  runsOn: 'resources',
  words: 'Rotating a secret of {environment}',
  steps: {
    prepareRotation: {
      summary: 'Makes credentials that are good beside those in use.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    switchCredentials: { summary: 'From now on new deployments take the new ones.' },
    redeployReaders: {
      summary:
        'Deploys what serves with the old ones again, and waits until all of it serves with the new ones.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    retireCredentials: { summary: 'Makes the old ones worthless.' },
    finishRotation: { summary: 'The rotation has succeeded.' },
    recoverRotation: {
      summary: 'Goes back to the old credentials, deploys again what took the new ones, and says why.',
    },
  },
  recovery: 'recoverRotation',
});
