/** `deploy-in-steps`: puts a version into an environment that takes over step by step, and is taken back if it does badly. */
import { deploy } from './deploy.ts';
import { operationKind } from './operation-kind.ts';

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
    },
    finishDeployment,
    recoverDeployment,
  },
  recovery: 'recoverDeployment',
});
