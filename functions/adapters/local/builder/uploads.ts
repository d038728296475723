/** Uploaded source archives, kept as files until their build is over. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diskProblem } from '../../files/disk-full.ts';
import { type ArchiveFacts, receiveArchive } from '../../source/archive-upload.ts';

interface SavedSource extends ArchiveFacts {
  id: string;
}

/** A source that is older than this is of no build: every build has ended long before, milliseconds. */
const KEPT_MS = 24 * 60 * 60 * 1000;

const ID = /^[0-9a-f]{32}$/;

export async function createSources(directory: string, maxBytes: number) {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path);
    // The end of an earlier Berth cut an upload off, or came before its build was kept.
    if (name.endsWith('.part') || mtimeMs < Date.now() - KEPT_MS) await rm(path, { force: true });
  }

  const pathOf = (id: string): string | undefined =>
    ID.test(id) ? join(directory, `${id}.tar.gz`) : undefined;

  return {
    async save(body: ReadableStream<Uint8Array>): Promise<SavedSource> {
      const id = randomBytes(16).toString('hex');
      const part = join(directory, `${id}.part`);
      let facts: ArchiveFacts;
      try {
        const file = await open(part, 'wx', 0o600);
        try {
          facts = await receiveArchive(body, maxBytes, async (chunk) => {
            for (let offset = 0; offset < chunk.byteLength; )
              offset += (await file.write(chunk, offset)).bytesWritten;
          });
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(part, pathOf(id) as string);
        return { id, ...facts };
      } catch (error) {
        await rm(part, { force: true });
        throw diskProblem(error);
      }
    },

    async remove(id: string): Promise<void> {
      const path = pathOf(id);
      if (path !== undefined) await rm(path, { force: true });
    },

    /** A source that is kept; undefined when there is none. The hash is computed anew, over what will be read. */
    async describe(id: string): Promise<(SavedSource & { path: string }) | undefined> {
      const path = pathOf(id);
      if (path === undefined) return undefined;
      const hash = createHash('sha256');
      let bytes = 0;
      try {
        for await (const chunk of createReadStream(path)) {
          hash.update(chunk as Buffer);
          bytes += (chunk as Buffer).byteLength;
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      return { id, sha256: hash.digest('hex'), bytes, path };
    },
  };
}
