/** Steps of the workflow `run`. */
import { environmentUse, notReady } from '../../commands/environments/environments.ts';
import { jobEnd } from '../../commands/jobs/job-end.ts';
import type { TypedData } from '../../core/events/event-types.ts';
import { environmentKey, operationLog } from '../../core/keys.ts';
import { type Environment, isFor, type Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { KEPT_LINES, quoteOutput } from '../../ports/rules/telling-lines.ts';
import type { Write } from '../../ports/store.ts';
import { instanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { workloadSpec } from '../../resources/score/workload-spec.ts';
import { type Ending, endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import { untilAwake } from '../environment-state.ts';
import { keepResult } from '../keep-result.ts';
import { type Step, StillProgressing } from '../step.ts';

type Run = Operation<'run'>;
type RunStep = Step<Run>;

export const prepareRun: RunStep = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    await untilAwake(ports, operation, signal);
    const { data } = await getEnvironment(ports.store, operation);
    // It could not be woken.
    if (data.state !== 'ready') throw notReady(data, ['ready']);
  },
};

const exitCodeOf = ({ result }: Run): number | undefined =>
  typeof result?.exitCode === 'number' ? result.exitCode : undefined;

export const runCommand: RunStep = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal, isLook }) {
    const tail: string[] = [];
    const known = exitCodeOf(operation);
    const exitCode = known ?? (await execute(ports, operation, tail, isLook, signal));
    if (known === undefined) await keepResult(ports, operation.id, { exitCode });
    if (exitCode === 0) return;
    throw new Problem(
      'run_failed',
      `The command ended with exit code ${exitCode}. ${quoteOutput(tail, 8)}`.trim(),
      { hint: 'Read the log of the run, mend what it says, and run it again.' },
    );
  },
};

/** Runs the command, or joins it where it runs already. @throws StillProgressing | Problem deadline_exceeded */
async function execute(
  ports: Ports,
  operation: Run,
  tail: string[],
  isLook: boolean,
  signal: AbortSignal,
): Promise<number> {
  const { id, steps, input } = operation;
  const begun = steps.filter(({ name }) => name === 'runCommand');
  const { data: environment } = await getEnvironment(ports.store, operation);
  const { newest } = instanceOf(environment, operation.service);
  const { data: deployment } = await getDeploymentDetail(ports.store, operation, input.deployment);
  const spec = await workloadSpec(ports, deployment, newest);
  const again = isLook || (begun.at(-1)?.attempt ?? 1) > 1;
  const printed = again ? await ports.logs.read(operationLog(id), { tail: KEPT_LINES }) : [];
  const ofIt = printed.filter(({ source }) => source !== 'berth');
  const last = ofIt.at(-1);
  tail.push(...ofIt.map(({ message }) => message));
  const now = ports.effects.now();
  const endsAt = Date.parse(begun[0]?.startedAt ?? operation.createdAt) + input.timeoutSeconds * 1000;
  // Plain controllers and timers: what is joined may take longer than this invocation.
  const over = new AbortController();
  const end = (): void => over.abort();
  const timer = setTimeout(end, Math.max(0, endsAt - now));
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    const ended = await ports.workloads.runCommand(
      { ...spec, operation: id },
      {
        command: input.command,
        timeoutSeconds: input.timeoutSeconds,
        ...(input.process !== undefined && { process: input.process }),
        again,
        ...(last && {
          since: last.at,
          known: ofIt.filter(({ at }) => at === last.at).map(({ message }) => message),
        }),
        onLine(line) {
          tail.push(line.message);
          if (tail.length > KEPT_LINES) tail.shift();
          ports.logs.append(operationLog(id), line);
        },
      },
      over.signal,
    );
    if (ended) return ended.exitCode;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
  if (signal.aborted && ports.effects.now() < endsAt) throw new StillProgressing();
  throw new Problem(
    'deadline_exceeded',
    `The command took longer than its time-out of ${input.timeoutSeconds} seconds.`,
    { hint: 'Read its log for what it waited for, or give it a longer time-out.' },
  );
}

const endCommand = ({ workloads }: Ports, operation: Run): Promise<void> =>
  workloads.endCommand(operation, operation.id, operation.input.process);

export const finishRun: RunStep = {
  role: 'finish',
  async run({ ports, operation }) {
    await endCommand(ports, operation);
    await endRun(ports, operation, { status: 'succeeded', result: { exitCode: 0 } });
  },
};

export const recoverRun: RunStep = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    // What destroys an environment ends what runs in it.
    if (operation.error?.code !== 'environment_gone')
      await untilOverdue(ports, operation, () => endCommand(ports, operation));
    const wasCanceled = operation.cancelRequested && !operation.error;
    await endRun(ports, operation, wasCanceled ? canceled : endingOf(errorOf(context)));
  },
};

const canceled: Ending = {
  status: 'canceled',
  error: {
    code: 'canceled',
    cause: 'It was canceled on request.',
    hint: 'Start it again when you want it.',
  },
};

async function endRun(ports: Ports, operation: Run, ending: Ending): Promise<void> {
  const job = operation.input.job && { job: operation.input.job.name };
  const exitCode = ending.status === 'succeeded' ? 0 : exitCodeOf(operation);
  const exited = exitCode === undefined ? {} : { exitCode };
  let follows: TypedData[] = [];
  await endOperation(ports, operation, {
    ending,
    event:
      ending.status === 'succeeded'
        ? { type: 'run.succeeded', data: { ...job } }
        : {
            type: `run.${ending.status}`,
            data: { ...job, ...exited, code: ending.error.code, cause: ending.error.cause },
          },
    async writes() {
      const error = ending.status === 'succeeded' ? {} : { error: ending.error };
      const { writes, events } = await jobEnd(ports, operation, {
        status: ending.status,
        ...exited,
        ...error,
      });
      follows = events;
      return [...(await withoutRun(ports, operation)), ...writes];
    },
    also: () => follows,
  });
}

/** The environment may go to sleep again; what somebody asked for was a use of it until now. */
async function withoutRun(ports: Ports, { id, input, ...run }: Run): Promise<Write[]> {
  const item = await ports.store.get<Environment>(environmentKey(run));
  if (!item || !isFor(run, item.data)) return [];
  const { runs: { [id]: _ended, ...others } = {}, ...environment } = item.data;
  const isUse = input.job?.scheduledFor === undefined;
  return [
    environmentUse(item, {
      ...environment,
      ...(isUse && { lastActivityAt: new Date(ports.effects.now()).toISOString() }),
      ...(Object.keys(others).length > 0 && { runs: others }),
    }),
  ];
}
