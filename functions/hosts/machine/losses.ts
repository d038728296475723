/**
 * What a data directory should hold and does not. Records that are gone, or older than what lies beside them, would
 * otherwise start as an empty or an older platform, whose cleaning up takes databases and volumes for nobody's.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentKey, PROJECTS } from '../../core/keys.ts';
import { Problem } from '../../core/problem.ts';
import type { Anchors } from '../../ports/anchors.ts';
import type { Store } from '../../ports/store.ts';
import { readHead } from '../../records/chain-append.ts';

interface Loss {
  /** Names the finding: once accepted, it is not told again. */
  key: string;
  words: string;
}

const list = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);

/** @param directory the data directory, before anything of it but the store was made anew */
async function findLosses(directory: string, store: Store, anchors: Anchors): Promise<Loss[]> {
  const losses: Loss[] = [];
  const projects = await store.query({ pk: PROJECTS, limit: 1 });
  let known = projects.items.length > 0;
  for (const file of list(join(directory, 'anchors'))) {
    const project = file.replace(/\.ndjson$/, '');
    const anchor = (await anchors.heads(project)).at(-1);
    if (!anchor) continue;
    const head = await readHead(store, project);
    known ||= head.number > 0;
    if (head.number >= anchor.number) continue;
    losses.push({
      key: `anchor ${project} ${anchor.number} ${anchor.hash}`,
      words: `berth.db has ${head.number} of ${anchor.number} events of project "${project}"`,
    });
  }
  const environments = join(directory, 'workloads', 'environments');
  for (const project of list(environments)) {
    for (const environment of list(join(environments, project))) {
      if (await store.get(environmentKey({ project, environment }))) continue;
      losses.push({
        key: `environment ${project}/${environment}`,
        words: `berth.db knows nothing of environment ${project}/${environment}, whose directory is there`,
      });
    }
  }
  if (!known && existsSync(join(directory, 'postgres', 'data')))
    losses.push({ key: 'databases', words: 'berth.db is empty, and a server with databases is there' });
  if (!known && list(join(directory, 'redis')).length > 0)
    losses.push({ key: 'redis', words: 'berth.db is empty, and Redis servers with data are there' });
  if (!known && list(join(directory, 'aws-apis')).length > 0)
    losses.push({ key: 'aws-apis', words: 'berth.db is empty, and buckets or queues with data are there' });
  if (known && !existsSync(join(directory, 'secrets')))
    losses.push({ key: 'secrets', words: 'the file secrets is gone, which all secret values are in' });
  return losses;
}

function readAccepted(path: string): string[] {
  try {
    const keys: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
  } catch {
    return [];
  }
}

/**
 * Compares the records with what else proves what there was.
 * @param options.accept goes on without what is missing; the same loss is not told again
 * @returns what is missing and was accepted just now, in words
 * @throws Problem records_lost
 */
export async function checkLosses(
  directory: string,
  ports: { store: Store; anchors: Anchors },
  options: { accept: boolean },
): Promise<string[]> {
  const path = join(directory, 'accepted-losses.json');
  const accepted = readAccepted(path);
  const losses = await findLosses(directory, ports.store, ports.anchors);
  const news = losses.filter(({ key }) => !accepted.includes(key));
  if (news.length > 0 && !options.accept) {
    const first = news.slice(0, 5).map(({ words }) => words);
    const more = news.length > 5 ? `; and ${news.length - 5} more` : '';
    throw new Problem(
      'records_lost',
      `${directory} is not whole: ${first.join('; ')}${more}. Nothing was changed.`,
      {
        hint: 'Put back a backup of the whole directory. To go on without what is missing, start once with BERTH_ACCEPT_LOSS=1: what belongs to it stays on disk, and Berth no longer knows of it.',
      },
    );
  }
  // What is no longer missing is forgotten, so that a later loss of the same is told.
  const keys = losses.map(({ key }) => key);
  if (keys.length > 0 || accepted.length > 0)
    writeFileSync(path, `${JSON.stringify(keys)}\n`, { mode: 0o600 });
  return news.map(({ words }) => words);
}
