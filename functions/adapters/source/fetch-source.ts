/** Puts the source of a build where it is built. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { limits } from '../../core/limits.ts';
import type { Source } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { extractTar } from './extract.ts';
import { fetchGit, type GitOptions, type GitRequest } from './git.ts';
import { refusePointers } from './lfs-pointers.ts';

const GIT_TIMEOUT_MS = limits.gitSeconds.value * 1000;
const GIT_MAX_BYTES = limits.gitFetch.value;

interface Workspace {
  /** A directory of this build alone. */
  directory: string;
  /** Where the source is put; it is made. */
  tree: string;
  signal: AbortSignal;
  log: (line: string) => void;
}

/** @throws Problem source_unavailable | invalid_archive | storage_full */
export async function fetchRepository(
  { directory, tree, signal, log }: Workspace,
  from: Pick<GitRequest, 'url' | 'ref' | 'commit' | 'credential'>,
  options: Pick<GitOptions, 'allowLocal' | 'lookup'>,
): Promise<Source & { kind: 'git' }> {
  const place = join(directory, 'git');
  await mkdir(place);
  const fetched = await fetchGit(
    {
      ...from,
      directory: place,
      signal,
      log,
      onTree: (tar) =>
        extractTar(tar, tree, { subject: 'repository', gzip: false, stripTop: false, signal, log }),
    },
    { ...options, timeoutMs: GIT_TIMEOUT_MS, maxBytes: GIT_MAX_BYTES },
  );
  await rm(place, { recursive: true, force: true });
  await refusePointers(tree);
  return fetched;
}

/**
 * @param folder the path of what is built, where that is not the whole
 * @throws Problem invalid_archive | storage_full
 */
export async function unpackUpload(
  { tree, signal, log }: Workspace,
  archive: Readable,
  folder?: string,
): Promise<void> {
  const options = { subject: 'archive', gzip: true, stripTop: true, signal, log };
  await extractTar(archive, tree, { ...options, ...(folder !== undefined && { folder }) });
  await refusePointers(tree);
}

export const uploadGone = () =>
  new Problem('source_unavailable', 'The source can not be had: the upload is no longer there.', {
    hint: 'Upload the source again.',
  });
