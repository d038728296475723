/** Each file of a data directory damaged in turn, in a copy: Berth says so and stops, or serves all that it had. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import type { Json } from '../support/client.ts';
import { freePort, spawnBerth } from '../support/process.ts';
import { PROJECT } from './client.ts';
import { type Installation, postgresOf, signal, workloadsOf } from './installation.ts';

const harms = {
  'is empty': (content: Buffer) => content.subarray(0, 0),
  'is cut in half': (content: Buffer) => content.subarray(0, content.length >> 1),
  'has other bytes': (content: Buffer, random: Random) => {
    const changed = Buffer.from(content);
    for (let left = 16; left > 0 && changed.length > 0; left--)
      changed[random.below(changed.length)] = random.below(256);
    return changed;
  },
  'is gone': () => undefined,
} satisfies Record<string, (content: Buffer, random: Random) => Buffer | undefined>;

type Harm = keyof typeof harms;

/** Files that are alike are tried once: of those whose paths differ in digits and hashes alone, one. */
export function kindsOf(directory: string): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'filler')
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    // Of PostgreSQL's own files only those that Berth reads are Berth's to judge; programs of users are theirs.
    .filter((file) => !/^postgres\/data\/(?!postmaster\.pid|PG_VERSION|pg_hba\.conf)/.test(file))
    .filter((file) => !/^workloads\/(replicas|trash|environments)\//.test(file));
  return [
    ...new Map(files.map((file) => [file.replaceAll(/[0-9a-f]{8,}|[0-9A-Z]{26}|\d+/g, '#'), file])).values(),
  ].sort();
}

/** Long, for a machine that has much else to do. */
const START_MS = 240_000;

export async function corrupt(
  installation: Installation,
  random: Random,
  before: Holdings,
  until: number,
): Promise<{ tried: number; refused: number }> {
  const files = kindsOf(installation.directory);
  const trials = files.flatMap((file) => (Object.keys(harms) as Harm[]).map((harm) => ({ file, harm })));
  const shuffled = trials.map((trial) => ({ trial, at: random.next() })).sort((a, b) => a.at - b.at);
  let tried = 0;
  let refused = 0;
  for (const { trial } of shuffled) {
    if (Date.now() > until) break;
    tried++;
    const outcome = await attempt(installation, trial.file, trial.harm, random, before);
    console.log(`  ${trial.file} ${trial.harm}: ${outcome.split('\n')[0]}`);
    if (outcome === 'refused') refused++;
    else if (outcome !== 'serves') installation.violate(`${trial.file} ${trial.harm}: ${outcome}`);
  }
  return { tried, refused };
}

/** @returns what is wrong with how Berth takes it */
async function attempt(
  { directory }: Installation,
  file: string,
  harm: Harm,
  random: Random,
  before: Holdings,
): Promise<'refused' | 'serves' | string> {
  const copy = mkdtempSync(join(tmpdir(), 'berth-damaged-'));
  cpSync(directory, copy, { recursive: true, filter: (from) => !from.endsWith('/filler') });
  keepOwner(directory, copy);
  const damaged = harms[harm](readFileSync(join(copy, file)), random);
  if (damaged === undefined) rmSync(join(copy, file));
  else writeFileSync(join(copy, file), damaged);
  const port = await freePort();
  const { child, output } = spawnBerth(copy, port);
  try {
    const deadline = Date.now() + START_MS;
    const isUp = async (): Promise<boolean> =>
      (
        await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(5_000) }).catch(
          () => undefined,
        )
      )?.ok ?? false;
    while (child.exitCode === null && !(await isUp())) {
      if (Date.now() > deadline) return `it neither serves nor ends:\n${output().slice(-1000)}`;
      await sleep(100);
    }
    if (child.exitCode !== null) {
      const says = /Berth did not start: |Next: /.test(output()) && !/^\s+at /m.test(output());
      return says ? 'refused' : `it ends without a word of what to do:\n${output().slice(-1500)}`;
    }
    return (
      (await looks(copy, port, before)) ??
      (/\b(TypeError|ReferenceError|RangeError)\b/.test(output()) ? output().slice(-1500) : 'serves')
    );
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await Promise.race([gone, sleep(20_000)]);
      child.kill('SIGKILL');
    }
    for (const pid of [...workloadsOf(copy), ...postgresOf(copy)]) signal(pid, 'SIGKILL');
    await sleep(50);
    rmSync(copy, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** PostgreSQL's account owns its data, in a copy too. */
function keepOwner(from: string, to: string): void {
  const { chownSync, existsSync } = process.getBuiltinModule('node:fs');
  const data = join('postgres', 'data');
  if (process.getuid?.() !== 0 || !existsSync(join(from, data))) return;
  for (const name of ['', ...(readdirSync(join(from, data), { recursive: true }) as string[])]) {
    const { uid, gid } = statSync(join(from, data, name));
    chownSync(join(to, data, name), uid, gid);
  }
}

/** What a directory holds, by where it is read: ids and names, which no start changes. */
export type Holdings = Map<string, string[]>;

const READ = [
  '/v1/projects',
  `${PROJECT}/environments`,
  `${PROJECT}/environments/prod/services`,
  `${PROJECT}/environments/prod/secrets`,
  `${PROJECT}/environments/prod/variables`,
  `${PROJECT}/environments/prod/resources`,
  `${PROJECT}/services/guestbook/versions?limit=100`,
  `${PROJECT}/environments/prod/services/guestbook/deployments?limit=20`,
];

/** @throws Error where something can not be read, with the answer */
export async function holdingsOf(directory: string, port: number): Promise<Holdings> {
  const token = readFileSync(join(directory, 'admin-token'), 'utf8').trim();
  const holdings: Holdings = new Map();
  for (const path of READ) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(30_000),
    });
    const body = (await answer.json()) as Json;
    if (!answer.ok) throw new Error(`GET ${path} is answered ${answer.status}: ${JSON.stringify(body)}`);
    const names = body.items.map((item: Json) =>
      String(item.id ?? item.uid ?? item.number ?? item.service ?? item.name),
    );
    holdings.set(path, names.sort());
  }
  return holdings;
}

/** @returns what is missing, and was not refused with a reason */
async function looks(copy: string, port: number, before: Holdings): Promise<string | undefined> {
  try {
    const after = await holdingsOf(copy, port);
    for (const [path, names] of before)
      for (const name of names)
        if (!after.get(path)?.includes(name)) return `${path} has ${name} no more, and nobody says so`;
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // Said with a reason: someone who runs it can look for it.
    return /answered 50[37]/.test(why) ? undefined : why;
  }
}
