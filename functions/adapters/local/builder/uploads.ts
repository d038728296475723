/** Uploaded source archives, kept as files until their build is over. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { UploadTarget } from '../../../ports/builder.ts';
import { diskProblem } from '../../files/disk-full.ts';
import {
  type ArchiveFacts,
  incomplete,
  notAwaited,
  receiveArchive,
  tooLarge,
} from '../../source/archive-upload.ts';

interface SavedSource extends ArchiveFacts {
  id: string;
}

const ID = /^[0-9a-f]{32}$/;

/** How long an upload is awaited, and how long it is kept without a build, milliseconds. */
const OPEN_MS = 3_600_000;
const KEPT_MS = 2 * 86_400_000;

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

  /** Uploads that are awaited, by their ids, which are known to those alone who may send them. */
  const awaited = new Map<string, { bytes: number; until: number }>();

  /** Uploads that nobody has built. */
  async function removeOld(): Promise<void> {
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
      if (name.endsWith('.tar.gz') && mtimeMs < Date.now() - KEPT_MS) await rm(path, { force: true });
    }
    for (const [id, { until }] of awaited) if (until < performance.now()) awaited.delete(id);
  }

  const sources = {
    async open(bytes: number): Promise<UploadTarget> {
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      await removeOld();
      const id = randomBytes(16).toString('hex');
      const until = performance.now() + OPEN_MS;
      awaited.set(id, { bytes, until });
      return { id, url: `/v1/uploads/${id}`, expiresAt: new Date(Date.now() + OPEN_MS).toISOString() };
    },

    async receive(id: string, body: ReadableStream<Uint8Array>): Promise<void> {
      const upload = awaited.get(id);
      if (!upload || upload.until < performance.now()) throw notAwaited();
      awaited.delete(id);
      try {
        const saved = await sources.save(body, id, upload.bytes);
        if (saved.bytes === upload.bytes) return;
        await sources.remove(id);
        throw incomplete(upload.bytes, saved.bytes);
      } catch (error) {
        // It can be sent once more.
        awaited.set(id, upload);
        throw error;
      }
    },

    async has(id: string): Promise<boolean> {
      const path = pathOf(id);
      return path !== undefined && (await stat(path).catch(() => undefined)) !== undefined;
    },

    async save(
      body: ReadableStream<Uint8Array>,
      id: string = randomBytes(16).toString('hex'),
      most: number = maxBytes,
    ): Promise<SavedSource> {
      const part = join(directory, `${id}.part`);
      let facts: ArchiveFacts;
      try {
        const file = await open(part, 'wx', 0o600);
        try {
          facts = await receiveArchive(body, most, async (chunk) => {
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
  return sources;
}
