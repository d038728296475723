/** Uploaded source archives, kept as files until their build is over. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { diskProblem } from '../../files/disk-full.ts';
import { type ArchiveFacts, receiveArchive } from '../../source/archive-upload.ts';

interface SavedSource extends ArchiveFacts {
  id: string;
}

const ID = /^[0-9a-f]{32}$/;

export async function createSources(directory: string, maxBytes: number) {
  await mkdir(directory, { recursive: true });
  /** Of an earlier Berth: of those that come from now on, none is without its build for long. */
  const earlier: string[] = [];
  for (const name of await readdir(directory)) {
    const id = name.replace(/\.tar\.gz$/, '');
    // The end of the earlier Berth cut this one off.
    if (ID.test(id)) earlier.push(id);
    else await rm(join(directory, name), { force: true });
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

    /**
     * Removes what an earlier Berth was sent and no build will take: it was killed before it kept the build, or after
     * that had ended.
     * @param used ids of the uploads of all builds that have not ended
     */
    async removeAbandoned(used: ReadonlySet<string>): Promise<void> {
      for (const id of earlier.splice(0))
        if (!used.has(id)) await rm(join(directory, `${id}.tar.gz`), { force: true });
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
