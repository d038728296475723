/**
 * Where things lie on disk, below the directory of this adapter:
 *
 *     environments/{project}/{environment}/            the place: while it exists, applies are accepted
 *       volumes/{name}/                                data that outlives deployments
 *       fences.json  endpoints.json                    numbers only
 *     replicas/{project}/{environment}/{service}/{number}/{replica}/{container}/{root,home,tmp}
 *     replicas/{project}/{environment}/{service}/{number}/images/{digest}/     one copy that its replicas share
 *     runs/{pid}.json                                  one for each running process
 *     trash/                                           on its way out
 *
 * Nothing here holds a secret, but for files that a workload itself declares with one: those lie below
 * `root`, in directories that only this user may enter.
 */
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';

export interface Layout {
  runs: string;
  trash: string;
  replicas: string;
  environment(ref: EnvironmentRef): string;
  volumes(ref: EnvironmentRef): string;
  environmentReplicas(ref: EnvironmentRef): string;
  instance(ref: InstanceRef): string;
  deployment(ref: InstanceRef, number: number): string;
}

const SEGMENT = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** A name as one path segment: never empty, a dot, or with a slash, whoever forgot to check it. */
export function segment(name: string): string {
  if (!SEGMENT.test(name)) {
    throw new Problem(
      'invalid_request',
      `The name ${JSON.stringify(name.slice(0, 80))} can not be used: it is not a label.`,
      {
        hint: 'Use lower-case letters, digits and hyphens.',
      },
    );
  }
  return name;
}

export function createLayout(directory: string): Layout {
  const place = (ref: EnvironmentRef): string[] => [segment(ref.project), segment(ref.environment)];
  const replicas = join(directory, 'replicas');
  const layout: Layout = {
    runs: join(directory, 'runs'),
    trash: join(directory, 'trash'),
    replicas,
    environment: (ref) => join(directory, 'environments', ...place(ref)),
    volumes: (ref) => join(layout.environment(ref), 'volumes'),
    environmentReplicas: (ref) => join(replicas, ...place(ref)),
    instance: (ref) => join(replicas, ...place(ref), segment(ref.service)),
    deployment: (ref, number) => join(layout.instance(ref), String(number)),
  };
  return layout;
}

/** Makes a directory that only this user may enter. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Numbers by name from a JSON file; none where it is missing or damaged. */
export function readNumbers(path: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

let discarded = 0;

/** Takes a tree out of sight in one step; resolves to where it is now, undefined where there was none. */
export async function setAside(layout: Layout, path: string): Promise<string | undefined> {
  const target = join(layout.trash, `${process.pid}-${Date.now()}-${discarded++}`);
  try {
    await rename(path, target);
    return target;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Deletes a tree, out of sight at once; resolves when it is gone. Idempotent. */
export async function discard(layout: Layout, path: string): Promise<void> {
  const target = await setAside(layout, path);
  // A process that is still dying may write into it while it is deleted, hence the retries.
  if (target) await rm(target, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Removes the parent directory if it is empty now. */
export async function pruneParent(path: string): Promise<void> {
  await rmdir(dirname(path)).catch(() => undefined);
}
