/** Puts the contents of files that a workload names by `source` into the workload. */
import { isUtf8 } from 'node:buffer';
import { Problem } from '../problem.ts';
import type { ScoreContainer, ScoreFile, ScoreWorkload } from './workload.ts';

/**
 * Puts the contents in, since a version has to be whole without its source tree.
 * @param files base64 contents by the path in the source
 * @throws Problem invalid_score when a file is missing
 */
export function withFileContents(workload: ScoreWorkload, files: Record<string, string>): ScoreWorkload {
  const containers = Object.entries(workload.containers).map(
    ([name, container]) => [name, withContents(name, container, files)] as const,
  );
  return { ...workload, containers: Object.fromEntries(containers) };
}

function withContents(
  name: string,
  container: ScoreContainer,
  files: Record<string, string>,
): ScoreContainer {
  if (!container.files) return container;
  const resolved = Object.entries(container.files).map(
    ([target, file]) => [target, withContent(`containers.${name}.files.${target}`, file, files)] as const,
  );
  return { ...container, files: Object.fromEntries(resolved) };
}

function withContent(where: string, file: ScoreFile, files: Record<string, string>): ScoreFile {
  const { source, ...rest } = file;
  if (source === undefined) return file;
  const base64 = Object.hasOwn(files, source) ? files[source] : undefined;
  if (base64 === undefined) {
    throw new Problem('invalid_score', `${where}: the source has no file "${source}".`, {
      hint: 'Add the file to the source, or give its content in the Score file.',
    });
  }
  const bytes = Buffer.from(base64, 'base64');
  return isUtf8(bytes) ? { ...rest, content: bytes.toString('utf8') } : { ...rest, binaryContent: base64 };
}
