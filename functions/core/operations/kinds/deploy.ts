/** `deploy` puts a version into an environment; `deploy-in-steps` has it take over step by step, and be taken back if it does badly. */
import { IN_PLACE_SECONDS, operationKind } from '../operation-kind.ts';

export const deploy = operationKind({
  target: 'deployment',
  boundSeconds: 4_620,
  cancelable: true,
  runsOn: 'workloads',
  words: 'Deployment {number} of {service} to {environment}',
  steps: {
    prepareDeployment: {
      summary:
        'Waits for an environment that wakes up, checks that the image can be had, and marks the deployment as running.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    ensureResources: {
      summary: 'Provisions what the Score file asks for, in the order of references, and pins the outputs.',
      // This step reaches the database.
      runsOn: 'resources',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    runRelease: {
      summary:
        'Runs the release command, if there is one. It is not run again once `applyWorkload` has started.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    applyWorkload: {
      summary: 'Declares the new version to the workloads, which start it beside the one that serves.',
    },
    awaitRollout: {
      summary: 'Waits until the new version serves or has failed.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    finishDeployment: { summary: 'Makes it the current deployment, if it is still the newest.' },
    recoverDeployment: {
      summary: 'Puts back what served before, unless something newer has taken over, and says why.',
    },
  },
  recovery: 'recoverDeployment',
});

const { finishDeployment, recoverDeployment, ...steps } = deploy.steps;

export const deployInSteps = operationKind({
  target: 'deployment',
  boundSeconds: 93_600,
  cancelable: true,
  runsOn: 'workloads',
  words: 'Deployment {number} of {service} to {environment}, in steps',
  steps: {
    ...steps,
    walkSteps: {
      summary:
        'Gives the new version its share of the requests, stage by stage, and takes it back as soon as a check fails.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    finishDeployment,
    recoverDeployment,
  },
  recovery: 'recoverDeployment',
});
