/** Uploaded source archives, kept as files until their build is over. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../../core/limits.ts';
import { Problem } from '../../../core/problem.ts';
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

const tooMany = (project: string): Problem =>
  new Problem(
    'too_many_requests',
    `Project "${project}" has sent as much source that no build has taken yet as it may.`,
    { hint: 'Build what was sent, or wait until it is forgotten, two days after it was sent.' },
  );

/** @param ofProject bytes that a project may have sent, or announced, and not built */
export async function createSources(
  directory: string,
  maxBytes: number,
  ofProject: number = limits.uploadsOfProject.value,
) {
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
  /** Whose they are that are awaited, come in, or are kept. */
  const owned = new Map<string, { bytes: number; project: string }>();

  function forget(id: string): void {
    awaited.delete(id);
    owned.delete(id);
  }

  /** @throws Problem too_many_requests */
  function makeRoom(bytes: number, project: string): void {
    const own = [...owned].filter(([, upload]) => upload.project === project);
    let sum = own.reduce((total, [, upload]) => total + upload.bytes, bytes);
    let count = own.length;
    for (const [id, upload] of own) {
      if (sum <= ofProject && count < limits.uploadAddresses.value) return;
      if (!awaited.has(id)) continue;
      forget(id);
      sum -= upload.bytes;
      count -= 1;
    }
    if (sum > ofProject || count >= limits.uploadAddresses.value) throw tooMany(project);
  }

  /** Uploads that nobody has built. */
  async function removeOld(): Promise<void> {
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
      if (name.endsWith('.tar.gz') && mtimeMs < Date.now() - KEPT_MS) {
        await rm(path, { force: true });
        owned.delete(name.replace(/\.tar\.gz$/, ''));
      }
    }
    for (const [id, { until }] of awaited) if (until < performance.now()) forget(id);
  }

  const sources = {
    async open(bytes: number, project: string): Promise<UploadTarget> {
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      await removeOld();
      makeRoom(bytes, project);
      const id = randomBytes(16).toString('hex');
      const until = performance.now() + OPEN_MS;
      awaited.set(id, { bytes, until });
      owned.set(id, { bytes, project });
      return { id, url: `/v1/uploads/${id}`, expiresAt: new Date(Date.now() + OPEN_MS).toISOString() };
    },

    async receive(id: string, body: ReadableStream<Uint8Array>): Promise<void> {
      const upload = awaited.get(id);
      if (!upload || upload.until < performance.now()) throw notAwaited();
      awaited.delete(id);
      try {
        const saved = await sources.save(body, id, upload.bytes);
        if (saved.bytes === upload.bytes) return;
        throw incomplete(upload.bytes, saved.bytes);
      } catch (error) {
        // It can be sent once more.
        awaited.set(id, upload);
        await sources.remove(id);
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
      // One that came in broken is awaited still.
      if (!awaited.has(id)) owned.delete(id);
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
