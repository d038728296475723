/** `stop`: stops one service of an environment, until people start or deploy it. */
import { operationKind } from '../operation-kind.ts';

export const stop = operationKind({
  target: 'deployment',
  boundSeconds: 720,
  cancelable: false,
  runsOn: 'workloads',
  words: 'Stopping {service} in {environment}',
  steps: {
    stopService: { summary: 'Takes the fence, lets requests in flight end, and stops every replica.' },
    finishStop: { summary: 'It is stopped, and stays so through hibernation, waking and restarts of Berth.' },
    recoverStop: { summary: 'It goes on running, and the operation says why.' },
  },
  recovery: 'recoverStop',
});
