/**
 * Copies the whole data directory, also while Berth runs: `npm run backup -- /backups/today`. What is there is copied while all
 * goes on; then everything that writes to it stands still for a moment, and what has changed meanwhile is copied.
 * So the copy is what a `kill -9` at that moment would have left, of records, secrets, databases, volumes and images
 * alike, and a start on it goes on from there.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { acquireLock, type Lock } from '../../functions/adapters/local/lock.ts';
import { Problem } from '../../functions/core/problem.ts';
import { readConfig } from '../../functions/hosts/machine/config/config.ts';
import { bytePath } from './byte-paths.ts';
import { copyChanged, type Round } from './copy-tree.ts';
import { FILES, writeManifest } from './manifest.ts';
import { onlyBackup } from './only-backup.ts';
import { whileAllStandsStill } from './stand-still.ts';

const USAGE = 'npm run backup -- [--pause <seconds>] <directory that is not there yet>';
/** So often it is copied what has changed, until that is little enough for a moment. */
const ROUNDS = 6;

function given(): { target: string; limitMs: number } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { pause: { type: 'string', default: '10' } },
  });
  const [target] = positionals;
  const seconds = Number(values.pause);
  if (target === undefined || positionals.length > 1) throw new Error(`Say where the backup goes: ${USAGE}`);
  if (!(seconds >= 1 && seconds <= 600)) throw new Error('--pause takes seconds, 1 to 600.');
  return { target: resolve(target), limitMs: seconds * 1000 };
}

/** @returns the lock, with which no Berth starts meanwhile; undefined where one runs */
function lockUnlessRunning(directory: string): Lock | undefined {
  try {
    return acquireLock(directory);
  } catch (error) {
    if (error instanceof Problem && error.message.includes('already serves')) return undefined;
    throw error;
  }
}

async function copyAll(
  directory: string,
  target: string,
  limitMs: number,
): Promise<Round & { still: number; at: Date }> {
  let round = await copyChanged(directory, target, new Map());
  for (let count = 1; count < ROUNDS; count++) {
    const next = await copyChanged(directory, target, round.seen);
    round = { ...next, files: Math.max(round.files, next.files), bytes: Math.max(round.bytes, next.bytes) };
    if (next.milliseconds < limitMs / 5) break;
  }
  if (round.milliseconds > limitMs)
    throw new Error(
      `So much is written that all would stand still for ${Math.ceil(round.milliseconds / 1000)} s or more. Allow that with --pause ${Math.ceil((2 * round.milliseconds) / 1000)}, or stop Berth first.`,
    );
  const instance = join(directory, 'instance-id');
  const options = {
    directory,
    limitMs,
    instance: existsSync(instance) ? readFileSync(instance, 'utf8').trim() : '',
  };
  let at = new Date();
  const last = await whileAllStandsStill(options, ({ mapped }) => {
    at = new Date();
    return copyChanged(
      directory,
      target,
      round.seen,
      new Set(mapped.map((path) => bytePath(path.slice(directory.length + 1)))),
    );
  });
  return { ...round, still: last.milliseconds, at };
}

/** Where a path leads that may not be there yet. */
function placeOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  return path === dirname(path) ? path : join(placeOf(dirname(path)), basename(path));
}

async function backUp(): Promise<void> {
  const { target, limitMs } = given();
  const named = readConfig(process.env).dataDirectory;
  if (!existsSync(join(named, 'berth.db')))
    throw new Error(`${named} is no data directory of Berth. Name it with BERTH_DATA_DIR.`);
  const directory = realpathSync(named);
  if (`${placeOf(target)}/`.startsWith(`${directory}/`))
    throw new Error('The backup can not be in the data directory itself.');
  if (existsSync(target) && (await readdir(target)).length > 0)
    throw new Error(`${target} is not empty. Name a directory that is not there yet.`);
  const isNew = !existsSync(target);
  const turn = onlyBackup(directory);
  const lock = lockUnlessRunning(directory);
  if (!lock && process.platform !== 'linux')
    throw new Error('While Berth runs this works on Linux alone: stop Berth first, then back up.');
  await mkdir(target, { recursive: true, mode: 0o700 });
  try {
    const files = join(target, FILES);
    const done =
      lock && process.platform !== 'linux'
        ? { ...(await copyChanged(directory, files, new Map())), still: 0, at: new Date() }
        : await copyAll(directory, files, limitMs);
    const manifest = await writeManifest(target, done.at);
    console.log(
      `${Object.keys(manifest.files).length} files are in ${target}, ${(done.bytes / 1e6).toFixed(1)} MB. ${lock ? 'Berth did not run.' : `Everything stood still for ${Math.ceil(done.still)} ms.`}`,
    );
    console.log('The keys of the secrets are among them: keep it as you would a password.');
    console.log(`Next: npm run restore -- ${target}, with Berth stopped, brings it back.`);
  } catch (error) {
    // A directory that was there may be the root of a disk.
    const made = isNew ? [target] : (await readdir(target)).map((name) => join(target, name));
    for (const path of made) await rm(path, { recursive: true, force: true });
    throw error;
  } finally {
    lock?.release();
    turn.release();
  }
}

await backUp().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
