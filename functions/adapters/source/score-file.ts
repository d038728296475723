/** The Score file of a source tree, and the files that it names. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../core/problem.ts';
import { parseScore } from '../../core/score/file/parse.ts';
import { SCORE_MAX_BYTES } from '../../core/score/file/score-limits.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import { checkPath, quoteName } from '../../core/source/archive-path.ts';

const SCORE_FILES = ['score.yaml', 'score.yml'] as const;

export interface FoundScore {
  text: string;
  workload: ScoreWorkload;
  /** Contents in base64, by the path in the Score file. */
  files: Record<string, string>;
}

/** @throws Problem invalid_score */
export async function readScore(directory: string): Promise<FoundScore | undefined> {
  for (const name of SCORE_FILES) {
    const data = await readSmall(join(directory, name), SCORE_MAX_BYTES);
    if (data === 'none') continue;
    if (data === 'large')
      throw invalid(`${name} is larger than ${SCORE_MAX_BYTES} bytes`, 'Make it smaller.');
    const text = data.toString();
    const workload = parseScore(text);
    return { text, workload, files: await collect(directory, workload) };
  }
  return undefined;
}

async function collect(directory: string, workload: ScoreWorkload): Promise<Record<string, string>> {
  const collected = new Map<string, string>();
  let left = SCORE_MAX_BYTES;
  for (const container of Object.values(workload.containers)) {
    for (const { source } of Object.values(container.files ?? {})) {
      if (source === undefined || collected.has(source)) continue;
      const shown = `the file ${quoteName(source)} that it names`;
      const checked = checkPath(source);
      if ('fault' in checked)
        throw invalid(
          `${shown} can not be read: ${checked.fault}`,
          'Name a file by its path from the Score file.',
        );
      const data = await readSmall(join(directory, ...checked.segments), left);
      if (data === 'none')
        throw invalid(`${shown} is not in the source`, 'Add the file, or correct the path.');
      if (data === 'large')
        throw invalid(
          `the files that it names are larger than ${SCORE_MAX_BYTES} bytes`,
          'Put large files into the image.',
        );
      left -= data.byteLength;
      collected.set(source, data.toString('base64'));
    }
  }
  return Object.fromEntries(collected);
}

/** A regular file's content. Links lead nowhere but to places in the tree, which is as it was extracted. */
async function readSmall(path: string, maxBytes: number): Promise<Buffer | 'none' | 'large'> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) return 'none';
    return found.size > maxBytes ? 'large' : await file.readFile();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return 'none';
    throw error;
  }
}

const invalid = (why: string, hint: string) =>
  new Problem('invalid_score', `The Score file is not valid: ${why}.`, { hint });
