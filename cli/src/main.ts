/** The `berth` command. */
import { CommanderError } from 'commander';
import { told } from './failure.ts';
import { note, paint } from './output.ts';
import { createProgram } from './program.ts';

declare const BERTH_VERSION: string | undefined;

const program = createProgram(typeof BERTH_VERSION === 'string' ? BERTH_VERSION : '0.0.0');

// `berth logs | head` ends the reader early, which is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode);
  const { what, hint, code, exitCode } = told(error);
  if (program.opts<{ json?: boolean }>().json) {
    process.stderr.write(`${JSON.stringify({ error: { message: what, hint, code } })}\n`);
  } else {
    note(`${paint('red', 'Error:', process.stderr)} ${what}`);
    if (hint !== undefined) note(hint);
  }
  process.exitCode = exitCode;
}
