/** Follows an operation to its end, in words. */
import type { LogLine, Operation } from '../../client/types.generated.ts';
import { body } from './api.ts';
import { tellRemarks, tellShares } from './beside.ts';
import { exitCodes, Failure } from './failure.ts';
import { inCommands } from './hints.ts';
import { lasted, note, paint, plain, sayJson } from './output.ts';
import type { Session } from './session.ts';

export interface WaitOption {
  /** False: it is started and not waited for. */
  wait?: boolean;
}

const STEP_WORDS: Record<string, string> = { succeeded: '✓', failed: '✗', canceled: '–', superseded: '–' };

/**
 * Prints what the operation does until it has ended.
 * @returns the operation at its end, or as it is when nobody waits
 * @throws Failure with exit code 3 when it fails
 */
export async function finish(
  { api, json }: Session,
  started: Operation,
  { wait = true }: WaitOption = {},
): Promise<Operation> {
  if (!wait) {
    if (json) sayJson(started);
    else note(`It goes on by itself. Follow it: berth operations watch ${started.id}`);
    return started;
  }
  const stop = new AbortController();
  const onInterrupt = () => {
    note(`\nIt goes on without you. Follow it: berth operations watch ${started.id}`);
    process.exit(exitCodes.interrupted);
  };
  process.once('SIGINT', onInterrupt);
  try {
    if (started.kind === 'build') {
      await api.follow(
        `/v1/operations/${started.id}/logs`,
        ({ data }) => sayLine(data as LogLine),
        stop.signal,
        true,
      );
    } else {
      // A deployment that waits for approval has printed nothing: what is beside its steps begins with the first of them.
      let beside = started.number === undefined;
      let shares = beside;
      const progress = createProgress();
      await api.follow(
        `/v1/operations/${started.id}`,
        ({ data }) => {
          const operation = data as Operation;
          progress(operation);
          if (!beside && operation.steps.length > 0) {
            beside = true;
            void tellRemarks(api, operation, stop.signal);
          }
          if (!shares && operation.steps.some(({ name }) => name === 'walkSteps')) {
            shares = true;
            void tellShares(api, operation, stop.signal);
          }
        },
        stop.signal,
        true,
      );
    }
    const path = { operation: started.id };
    const ended = await body(
      api.GET('/v1/operations/{operation}', { params: { path, query: { wait: '25' } } }),
    );
    if (json) sayJson(ended);
    return succeeded(ended);
  } finally {
    stop.abort();
    process.removeListener('SIGINT', onInterrupt);
  }
}

const sayLine = (line: LogLine): void => note(paint('dim', `  ${plain(line.message)}`, process.stderr));

/** Tells each step once, when it has ended. */
export function createProgress(): (operation: Operation) => void {
  let toldSteps = 0;
  let approval = false;
  return ({ steps, number, environment, service, approval: asked }) => {
    if (asked?.state === 'pending' && !approval) {
      approval = true;
      note(
        `  It waits, until ${asked.expiresAt} at the latest, for somebody else's: berth approve ${number} --env ${environment} --service ${service}`,
      );
    }
    const ended = steps.filter(({ status }) => status !== 'running');
    for (const { name, status, durationMs } of ended.slice(toldSteps)) {
      const sign = paint(status === 'succeeded' ? 'green' : 'red', STEP_WORDS[status] ?? ' ', process.stderr);
      note(`  ${sign} ${inWords(name).padEnd(28)} ${durationMs === undefined ? '' : lasted(durationMs)}`);
    }
    toldSteps = ended.length;
  };
}

/** `applyWorkload` as `apply workload`. */
const inWords = (step: string): string => step.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function succeeded(operation: Operation): Operation {
  if (operation.status === 'succeeded') return operation;
  const { error } = operation;
  if (operation.status === 'superseded') {
    throw new Failure('A newer deployment took its place.', undefined, exitCodes.failed);
  }
  if (error === undefined) {
    throw new Failure(
      `It ended as ${operation.status}.`,
      `berth operations show ${operation.id}`,
      exitCodes.failed,
    );
  }
  throw new Failure(plain(error.cause), plain(inCommands(error.hint)), exitCodes.failed);
}
