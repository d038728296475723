/** `run`: a command beside a service, once, with the image, variables and secrets of what serves. */
import { IN_PLACE_SECONDS, inputOf, operationKind } from '../operation-kind.ts';

export interface RunInput {
  /** Words; `$(NAME)` expands to a variable, and `$$` is a dollar. */
  command: string[];
  /** The deployment whose image, variables and secrets it has. */
  deployment: number;
  /** Of which process; of the web where absent. */
  process?: string;
  timeoutSeconds: number;
  job?: JobRun;
}

/** Of a run that a job asked for. */
export interface JobRun {
  name: string;
  /** When it was due; absent where somebody asked for it beside the schedule. */
  scheduledFor?: string;
  /** 1 for the first try. */
  attempt: number;
  /** How often it is tried again where it fails. */
  retries: number;
}

/** The longest that a command may take, seconds. */
export const RUN_SECONDS = 14_400;
/** What comes before and after the command: an environment that wakes, and the end of what runs, seconds. */
export const RUN_AROUND_SECONDS = 900;

export const run = operationKind({
  target: 'instance',
  input: inputOf<RunInput>(),
  boundSeconds: RUN_SECONDS + RUN_AROUND_SECONDS,
  cancelable: true,
  runsOn: 'workloads',
  words: 'Run of {service} in {environment}',
  steps: {
    prepareRun: {
      summary: 'Waits for an environment that wakes up.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    runCommand: {
      summary:
        'Runs the command to its end, and keeps its exit code. What was begun is not begun again: where the place ' +
        'does not know of it any more, the run was interrupted, and fails.',
      waitsSeconds: IN_PLACE_SECONDS,
    },
    finishRun: { summary: 'Removes what is left of the command; the run has succeeded.' },
    recoverRun: {
      summary:
        'Ends the command, removes what is left of it, and says why. A job is tried again, if it may be.',
    },
  },
  recovery: 'recoverRun',
});
