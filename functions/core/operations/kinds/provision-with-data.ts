/** `provision-with-data`: makes a new environment ready with the data of another one, masked. */
import { inputOf, operationKind } from '../operation-kind.ts';
import { provisionEnvironment } from './provision-environment.ts';

export interface ProvisionWithDataInput {
  /** The environment whose data are copied, and the id of that very one. */
  from: string;
  fromId: string;
  /** Whoever asked may have the data masked alone. */
  masked: boolean;
  /** The data may be as old as a snapshot is: as those of a preview. */
  mayBeOld?: true;
}

const { recoverProvisioning: _, ...steps } = provisionEnvironment.steps;

export const provisionWithData = operationKind({
  target: 'environment',
  input: inputOf<ProvisionWithDataInput>(),
  boundSeconds: 8_220,
  cancelable: false,
  runsOn: 'workloads',
  words: 'Making {environment} ready, with data',
  steps: {
    provisionEnvironment: steps.provisionEnvironment,
    copyData: {
      summary:
        'Makes the databases, copies the data beside each, masks the copy, and lets it take the place of the empty one.',
      runsOn: 'resources',
    },
    finishProvisioning: steps.finishProvisioning,
    recoverProvisioningWithData: {
      summary: 'Removes copies that are not masked; the environment has failed, and can be destroyed.',
      runsOn: 'resources',
    },
  },
  recovery: 'recoverProvisioningWithData',
});
