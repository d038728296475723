/** Whether Berth may begin with a data directory. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError, type LocalConfig } from './config/config.ts';

/**
 * A restore that was killed between its two renames leaves no directory: Berth would begin anew, as if all were lost.
 * @throws ConfigError
 */
export function refuseHalfRestored(dataDirectory: string): void {
  if (existsSync(dataDirectory)) return;
  const isLink = lstatSync(dataDirectory, { throwIfNoEntry: false })?.isSymbolicLink();
  // What a link leads to is replaced where that is.
  const directory = isLink ? resolve(dirname(dataDirectory), readlinkSync(dataDirectory)) : dataDirectory;
  const parent = dirname(directory);
  const beside = existsSync(parent) ? readdirSync(parent).sort() : [];
  const named = (part: string) =>
    beside.findLast((name) => name.startsWith(`${basename(directory)}.${part}-`));
  const kept = named('before');
  if (kept === undefined || named('restoring') === undefined) return;
  throw new ConfigError(
    `${directory} is not there: a restore was stopped while it put a backup in its place. What it held is in ${join(parent, kept)}. Run the restore again, or rename that directory back.`,
  );
}

/** A directory holds environments of one place of its own: those of another place would be lost, and their records wrong. */
export function claimDirectory({ dataDirectory, cluster }: LocalConfig): void {
  const file = join(dataDirectory, 'place');
  const place = cluster ? 'cluster' : 'machine';
  const written = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (!['', 'machine', 'cluster'].includes(written)) {
    throw new ConfigError(
      `${file} can not be used: it says neither \`machine\` nor \`cluster\`. Write into it where the workloads of this directory run.`,
    );
  }
  // A directory that is older than this file belongs to the machine.
  const kept = written || (existsSync(join(dataDirectory, 'berth.db')) ? 'machine' : place);
  if (written === '') writeFileSync(file, `${kept}\n`);
  if (kept === place) return;
  const there = kept === 'cluster' ? 'in a cluster' : 'on this machine';
  throw new ConfigError(
    `${dataDirectory} can not be used: its workloads run ${there}. Name another directory with BERTH_DATA_DIR.`,
  );
}
