/** Puts a backup in the place of the data directory, which is kept beside it: `npm run restore -- /backups/today`. */
import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { acquireLock } from '../../functions/adapters/local/lock.ts';
import { isFree, keptPorts, postgresPorts } from '../../functions/adapters/local/loopback-port.ts';
import { sendSignal } from '../../functions/adapters/system/marked-processes.ts';
import { Problem } from '../../functions/core/problem.ts';
import { readConfig } from '../../functions/hosts/machine/config/config.ts';
import { copyChanged } from './copy-tree.ts';
import { findHolders } from './holders.ts';
import { checkedManifest, FILES } from './manifest.ts';

const USAGE = 'npm run restore -- <directory that npm run backup has made>';

const read = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;

/**
 * The id tells whose containers are whose. A backup that takes the place of the same Berth is that one; anywhere else
 * it becomes another one, so that it never ends what belongs to the first.
 */
async function keepApart(restored: string, replaced: string): Promise<void> {
  const id = join(restored, 'instance-id');
  if (read(id) !== read(join(replaced, 'instance-id'))) await rm(id, { force: true });
}

/**
 * Programs know their databases by a port and a password, which the copy has too: beside the Berth that it is of, its
 * programs would write to the other one's data.
 */
async function refuseTwin(restored: string): Promise<void> {
  const ports = [
    ...(await postgresPorts(join(restored, 'postgres'))),
    ...(await keptPorts(join(restored, 'redis'))),
    ...(await keptPorts(join(restored, 'aws-apis'))),
  ];
  for (const port of ports) {
    if (await isFree(port)) continue;
    throw new Error(
      `A server listens on port ${port}, by which programs of the backup know their data: most likely the Berth that it was made of. Stop that one first; both at once would write to the same databases. Nothing was restored.`,
    );
  }
}

/** What takes its place comes beside it and takes its name, which neither is possible for the root of a disk nor for a dead link. */
async function refuseMount(directory: string): Promise<void> {
  const found = await lstat(directory).catch(() => undefined);
  const isMount = found?.isDirectory() && found.dev !== (await lstat(dirname(directory))).dev;
  if (!isMount && !found?.isSymbolicLink()) return;
  throw new Error(
    `${directory} ${isMount ? 'is the root of a disk or a volume' : 'is a link that leads nowhere'}, and can not be replaced as a whole. Restore into a directory within it, and start Berth with that as BERTH_DATA_DIR. Nothing was restored.`,
  );
}

/** What a directory held before a restore that was killed in its last step; it is that Berth still. */
async function leftBeside(directory: string): Promise<string | undefined> {
  const beginning = `${basename(directory)}.before-`;
  const found = await readdir(dirname(directory)).catch(() => []);
  const newest = found.sort().findLast((name) => name.startsWith(beginning));
  return newest && join(dirname(directory), newest);
}

/** Drafts of restores that were killed hold secrets, and room. */
async function removeDrafts(directory: string): Promise<void> {
  const beginning = `${basename(directory)}.restoring-`;
  for (const name of await readdir(dirname(directory))) {
    const pid = name.startsWith(beginning) ? Number(name.slice(beginning.length)) : 0;
    if (!Number.isInteger(pid) || pid <= 0 || sendSignal(pid, 0)) continue;
    await rm(join(dirname(directory), name), { recursive: true, force: true });
  }
}

async function restore(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [named] = positionals;
  if (named === undefined || positionals.length > 1) throw new Error(`Say which backup: ${USAGE}`);
  const backup = resolve(named);
  const { at, files } = await checkedManifest(backup);
  const configured = readConfig(process.env).dataDirectory;
  const isThere = existsSync(configured);
  // A link stays, and what it leads to is replaced where that is.
  const directory = isThere ? await realpath(configured) : configured;
  await refuseMount(directory);
  const before = isThere ? directory : await leftBeside(directory);
  if (before !== undefined && process.platform === 'linux' && findHolders(before).length > 0)
    throw new Error(
      `Something runs on ${before}. Stop Berth, or whatever has files of it open; after a kill -9 start Berth once and stop it. Nothing was restored.`,
    );
  const lock = isThere ? acquireLock(directory) : undefined;
  await mkdir(dirname(directory), { recursive: true });
  await removeDrafts(directory);
  const draft = `${directory}.restoring-${process.pid}`;
  try {
    await copyChanged(await realpath(join(backup, FILES)), draft, new Map());
    await refuseTwin(draft);
    await keepApart(draft, before ?? directory);
    const kept = `${directory}.before-${new Date().toISOString().replaceAll(/[^\dTZ]/g, '')}`;
    const held = isThere && (await readdir(directory)).some((name) => !name.startsWith('lock.'));
    lock?.release();
    if (held) await rename(directory, kept);
    else await rm(directory, { recursive: true, force: true });
    await rename(draft, directory).catch(async (error: unknown) => {
      if (held) await rename(kept, directory);
      throw error;
    });
    console.log(`${Object.keys(files).length} files of ${at} are in ${directory}.`);
    if (held) console.log(`What was there is in ${kept}: delete it when all is well.`);
    console.log('Next: npm start. What was running is started anew, and what had not ended goes on.');
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  } finally {
    lock?.release();
  }
}

await restore().catch((error: Error) => {
  console.error(error.message);
  if (error instanceof Problem) console.error(`Next: ${error.hint}`);
  process.exitCode = 1;
});
