/** A process that takes a directory and keeps it: `node lock-holder.ts <directory>`. Prints what became of it. */
import { acquireLock } from '../../../functions/adapters/local/lock.ts';
import { Problem } from '../../../functions/core/problem.ts';

const [, , directory = ''] = process.argv;
try {
  const lock = acquireLock(directory);
  process.stdout.write('held\n');
  process.stdin.on('data', () => {
    lock.release();
    process.exit(0);
  });
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, detail: error.message, hint: error.hint })}\n`);
}
