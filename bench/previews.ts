/** 200 previews of pull requests, each with a masked copy of a database of 100 MB: how long they take, and what is left of them. */
import { tmpdir } from 'node:os';
import { clonesFiles } from '../functions/adapters/files/clones-files.ts';
import { previews } from '../test/git-trials/previews.ts';
import { median, p99 } from './client.ts';

type Add = (figure: string, value: number, unit: string, goal: string) => void;

const PREVIEWS = 200;
const AT_ONCE = 1;
const DATABASE_MB = 100;

export async function previewFigures(add: Add): Promise<void> {
  const count = Number(process.env.BERTH_PREVIEWS ?? PREVIEWS);
  const seen = await previews({ previews: count, atOnce: AT_ONCE, databaseMb: DATABASE_MB });
  const what = `preview with ${seen.databaseMb.toFixed(0)} MB, end of its build -> ready`;
  const goal = (await clonesFiles(tmpdir())) ? '<= 3,000 ms' : '<= 6,000 ms';
  add(`${what}, median of ${count}`, median(seen.openings), 'ms', '');
  add(`${what}, p99`, p99(seen.openings), 'ms', goal);
  add(`${what}, the longest`, Math.max(...seen.openings), 'ms', '');
  add('pull request closed -> nothing left, p99', p99(seen.closings), 'ms', '<= 60,000 ms');
  add(`left of ${count} previews`, seen.leftovers.length, '', '0');
  add(`previews of ${count} that went wrong`, seen.violations.length, '', '0');
  for (const what of [...seen.leftovers, ...seen.violations].slice(0, 20)) console.error(`  ${what}`);
}
