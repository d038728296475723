/** `check`: what a build or a plan would refuse of a Score file, with the lines. */
import { existsSync, readFileSync, statSync, watch } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ScoreCheck } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { exitCodes, Failure } from '../../failure.ts';
import { inCommands } from '../../hints.ts';
import { note, paint, plain, say, sayJson } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';

/** Editors write a file in several steps. */
const SETTLE_MS = 100;

export function addCheck(program: Command): void {
  program
    .command('check')
    .argument('[file]', 'a Score file, or the folder of one; this folder by default', '.')
    .description('Say what is wrong with a score.yaml, with the lines (exit code 0: nothing, 1: something)')
    .option('-w, --watch', 'go on, each time that it is written')
    .addHelpText('after', '\nExamples:\n  berth check\n  berth check --watch web/score.yaml')
    .action(async (given: string, options: { watch?: boolean }, command: Command) => {
      const session = openSession(command);
      const at = resolve(given);
      const file = existsSync(at) && statSync(at).isDirectory() ? join(at, 'score.yaml') : at;
      if (!existsSync(file)) throw new Failure(`There is no ${file}.`, 'Write one: berth init');
      if (options.watch) await checkEach(session, file);
      else if (!(await checkOnce(session, file))) process.exitCode = exitCodes.refused;
    });
}

/** `file:line:column: where what`, as editors and compilers have it. */
export function inLines(
  file: string,
  { faults }: { faults: readonly Omit<ScoreCheck['faults'][number], 'code' | 'hint'>[] },
): string[] {
  return faults.map(({ line, column, path, message }) => {
    const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
    return `${place}: ${path === '' || message.includes(path) ? '' : `${path} `}${message}`;
  });
}

async function checkOnce(session: Session, file: string): Promise<boolean> {
  const found = await body(
    session.api.POST('/v1/score-checks', { body: { score: readFileSync(file, 'utf8') } }),
  );
  if (session.json) sayJson(found);
  else if (found.faults.length === 0) note(`${paint('green', '✓', process.stderr)} ${file}`);
  else {
    for (const line of inLines(basename(file), found)) say(plain(line));
    for (const hint of new Set(found.faults.map((fault) => inCommands(fault.hint)))) note(`  ${plain(hint)}`);
  }
  return found.faults.length === 0;
}

/** Until Ctrl-C; what can not be read or asked at the moment is told, and tried again with the next change. */
async function checkEach(session: Session, file: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  // The folder is watched, since editors put a new file in the place of the old one; from before the first check on, so that
  // nothing is missed that is written behind it.
  const watcher = watch(dirname(file), (_event, name) => {
    if (name !== basename(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      checkOnce(session, file).catch((error: unknown) =>
        note(error instanceof Error ? plain(error.message) : String(error)),
      );
    }, SETTLE_MS);
  });
  try {
    await checkOnce(session, file);
  } catch (error) {
    watcher.close();
    throw error;
  }
  note('It is checked each time that it is written. Ctrl-C ends this.');
  await new Promise<void>((done) => {
    process.once('SIGINT', done);
  });
  clearTimeout(timer);
  watcher.close();
}
