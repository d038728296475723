/** `game-day`: makes an environment fail on purpose, for a time, and tells what users saw of it. */
import type { GameDayPlan } from '../../model/gameday.ts';
import { inputOf, operationKind } from '../operation-kind.ts';

export const gameDay = operationKind({
  target: 'environment',
  input: inputOf<GameDayPlan>(),
  boundSeconds: 1_260,
  cancelable: true,
  runsOn: 'workloads',
  words: 'Game day in {environment}',
  steps: {
    injectFaults: {
      summary:
        'Makes fail what was asked for, until its time is over, it is canceled, or too many requests fail.',
    },
    observeRecovery: { summary: 'Undoes all faults, and waits until every service is ready again.' },
    finishGameDay: {
      summary: 'Writes the report: requests before, during and after, restarts, and what is ready.',
    },
    recoverGameDay: { summary: 'Undoes all faults, and says why the game day did not come to its end.' },
  },
  recovery: 'recoverGameDay',
});
