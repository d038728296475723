/** The `berth` command. */
import { type Command, CommanderError } from 'commander';
import { told } from './failure.ts';
import { asTyped, newerAt, toHave } from './origin.ts';
import { note, paint } from './output.ts';
import { createProgram } from './program.ts';
import { knownServer } from './session.ts';

declare const BERTH_VERSION: string | undefined;

const version = typeof BERTH_VERSION === 'string' ? BERTH_VERSION : '0.0.0';
const program = createProgram(version);

// `berth logs | head` ends the reader early, which is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

let command: Command = program;
program.hook('preAction', (_, action) => {
  command = action;
});

// Those by which one begins; the others answer as fast as they can.
const BEGINNINGS: readonly string[] = ['up', 'login', 'init'];
program.hook('postAction', async () => {
  if (!BEGINNINGS.includes(command.name())) return;
  const server = knownServer(command);
  const address = server === undefined ? undefined : await newerAt(server, version);
  if (address !== undefined)
    note(`This command line is another one than this Berth brings. Take its own: ${toHave(address)}`);
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode);
  const { what, hint, code, exitCode } = told(error, command);
  if (program.opts<{ json?: boolean }>().json) {
    process.stderr.write(`${JSON.stringify({ error: { message: what, hint, code } })}\n`);
  } else {
    note(`${paint('red', 'Error:', process.stderr)} ${what}`);
    if (hint !== undefined) note(asTyped(hint));
  }
  process.exitCode = exitCode;
}
