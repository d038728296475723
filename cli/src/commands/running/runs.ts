/** `run` and `runs`: a command beside a service. */
import type { Command } from 'commander';
import type { LogLine, Operation } from '../../../../client/types.generated.ts';
import { all, body } from '../../api.ts';
import { exitCodes, Failure } from '../../failure.ts';
import type { WaitOption } from '../../follow.ts';
import { inCommands } from '../../hints.ts';
import { ago, lasted, note, plain, say, sayJson, shellWord, table } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';

interface RunOptions extends WaitOption {
  timeout?: string;
  process?: string;
}

/**
 * The words of a command as the API takes them. A dollar of the command line is a dollar: what the own shell left of one is
 * not expanded a second time.
 * @param typed all that was typed
 * @throws Failure where nobody knows whether an option is the command's or Berth's own
 */
export function wordsOf(
  words: readonly string[],
  typed: readonly string[] = process.argv.slice(2),
): string[] {
  const at = typed.indexOf(words[0] ?? '');
  const option = typed.includes('--') ? undefined : typed.slice(at + 1).find((word) => word.startsWith('-'));
  if (at >= 0 && option !== undefined)
    throw new Failure(
      `Whose option ${option} is can not be told.`,
      `Options of berth come first, and the command after --: berth ${[...typed.slice(0, at), '--', ...typed.slice(at)].map(shellWord).join(' ')}`,
    );
  return words.map((word) => word.replaceAll('$', () => '$$'));
}

/**
 * Prints what a run prints until it has ended; Ctrl-C cancels it.
 * @throws Failure with the exit code of the command
 */
export async function followRun(
  { api, json }: Session,
  started: Operation,
  { wait = true }: WaitOption,
): Promise<void> {
  if (!wait) {
    if (json) sayJson(started);
    else note(`It runs by itself. Its end: berth operations watch ${started.id}`);
    return;
  }
  const path = { operation: started.id };
  const onInterrupt = (): void => {
    note('\nIt is asked to stop.');
    body(api.POST('/v1/operations/{operation}/cancel', { params: { path } })).catch(() => undefined);
  };
  process.on('SIGINT', onInterrupt);
  try {
    // With --json the result alone is on standard output.
    const tell = ({ message, source }: LogLine): void =>
      source === 'stdout' && !json ? say(plain(message)) : note(plain(message));
    await api.follow(
      `/v1/operations/${started.id}/logs?tail=10000`,
      ({ data }) => tell(data as LogLine),
      new AbortController().signal,
      true,
    );
    const ended = await body(
      api.GET('/v1/operations/{operation}', { params: { path, query: { wait: '25' } } }),
    );
    if (json) sayJson(ended);
    if (ended.status === 'succeeded') return;
    const exitCode = ended.result?.exitCode;
    throw new Failure(
      plain(ended.error?.cause ?? `It ended as ${ended.status}.`),
      ended.error && plain(inCommands(ended.error.hint)),
      typeof exitCode === 'number' && exitCode > 0 ? exitCode : exitCodes.failed,
    );
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}

export function addRuns(program: Command): void {
  program
    .command('run')
    .argument('<command...>', 'its words, after --')
    .showHelpAfterError('(options of the command itself come after --: berth run -- ls -l)')
    .description(
      'Run a command beside a service, with its image, variables and secrets; ends with the exit code of the command',
    )
    .option('--timeout <time>', 'how long it may take, up to 4h; 1h without it')
    .option('--process <name>', 'with the variables of this process, such as worker; of web without it')
    .option('--no-wait', 'start it and come back at once')
    .addHelpText(
      'after',
      '\nExamples:\n  berth run --timeout 10m -- node report.js --since 1d\n  berth run --process worker -- node retry.js\nAll processes of a Procfile have the same image and, but for PORT, the same variables: there --process changes little.',
    )
    .action(
      async (words: string[], { timeout, process: beside, ...options }: RunOptions, command: Command) => {
        const session = openSession(command);
        const path = session.instance();
        const started = await body(
          session.api.POST('/v1/projects/{project}/environments/{environment}/services/{service}/runs', {
            params: { path },
            body: {
              command: wordsOf(words),
              ...(timeout !== undefined && { timeout }),
              ...(beside !== undefined && { process: beside }),
            },
          }),
        );
        await followRun(session, started, options);
      },
    );

  program
    .command('runs')
    .description('Show what was run beside a service, the newest first')
    .option('--job <name>', 'only what this job ran')
    .option('-n, --limit <count>', 'how many at most', '20')
    .action(async ({ job, limit }: { job?: string; limit: string }, command: Command) => {
      const { api, json, instance } = openSession(command);
      const path = instance();
      const items = await all(
        (page) =>
          api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/runs', {
            params: { path, query: { ...page, ...(job !== undefined && { job }) } },
          }),
        Number(limit),
      );
      if (json) return sayJson(items);
      const rows = items.map((each) => [
        each.id,
        each.job,
        each.status,
        each.exitCode === undefined ? '' : String(each.exitCode),
        ago(each.createdAt),
        each.durationMs === undefined ? '' : lasted(each.durationMs),
        each.command,
      ]);
      return table(['ID', 'JOB', 'STATUS', 'EXIT', 'WHEN', 'TOOK', 'COMMAND'], rows);
    });
}
