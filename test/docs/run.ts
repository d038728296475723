/** Runs the commands of a document. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { TestBerth } from '../support/berth.ts';
import { root } from './markdown.ts';

/** A port and a directory that differ from the defaults are all that is changed. */
export const here = (script: string, { url, directory }: TestBerth): string =>
  script.replaceAll(':4600', `:${new URL(url).port}`).replaceAll('.berth/', `${directory}/`);

/** Stops at the first command that fails. */
export async function runBash(
  script: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
