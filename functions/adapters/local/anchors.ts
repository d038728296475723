/** Anchors in files beside the store: one for each project, a line of JSON a head, only ever appended to. */
import { mkdirSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChainHead } from '../../core/events/audit-chain.ts';
import type { Anchors } from '../../ports/anchors.ts';

/** Heads of one chain that come within this time are kept as one, milliseconds. */
const GATHER_MS = 200;

/** @param options.onError is told of what could not be kept */
export function createAnchorFiles(options: {
  directory: string;
  onError: (error: unknown) => void;
}): Anchors {
  const { directory, onError } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = (project: string): string => join(directory, `${project}.ndjson`);
  let noted = new Map<string, ChainHead>();
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function write(): Promise<void> {
    const heads = noted;
    noted = new Map();
    for (const [project, head] of heads) {
      try {
        await appendFile(file(project), `${JSON.stringify(head)}\n`, { mode: 0o600, flush: true });
      } catch (error) {
        onError(error);
      }
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  return {
    note(project, head) {
      noted.set(project, head);
      timer ??= setTimeout(() => void flush(), GATHER_MS).unref();
    },
    flush,
    async heads(project) {
      await flush();
      const text = await readFile(file(project), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      // A line that a crash or a full disk cut short says nothing.
      return text.split('\n').flatMap((line) => parse(line) ?? []);
    },
  };
}

function parse(line: string): ChainHead | undefined {
  try {
    const { number, hash, at } = JSON.parse(line) as ChainHead;
    return { number, hash, at };
  } catch {
    return undefined;
  }
}
