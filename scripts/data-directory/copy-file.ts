/** Copies a file as it lies on the disk: what has holes has them in the copy too, or a file that takes nothing could fill the disk. */
import { constants } from 'node:fs';
import { copyFile, type FileHandle, open } from 'node:fs/promises';

const CHUNK = 2 ** 20;
const NOTHING = Buffer.alloc(CHUNK);

/** @param taken what it takes of the disk, bytes */
export async function copyOne(
  source: Buffer,
  target: Buffer,
  { size, taken }: { size: number; taken: number },
): Promise<void> {
  if (taken >= size) return copyFile(source, target, constants.COPYFILE_FICLONE);
  const from = await open(source, 'r');
  try {
    await copyParts(from, target);
  } finally {
    await from.close();
  }
}

async function copyParts(from: FileHandle, target: Buffer): Promise<void> {
  const to = await open(target, 'wx', 0o600);
  try {
    const chunk = Buffer.alloc(CHUNK);
    let at = 0;
    for (;;) {
      const { bytesRead } = await from.read(chunk, 0, CHUNK, at);
      if (bytesRead === 0) break;
      const part = chunk.subarray(0, bytesRead);
      if (!part.equals(NOTHING.subarray(0, bytesRead))) await to.write(part, 0, bytesRead, at);
      at += bytesRead;
    }
    await to.truncate(at);
  } finally {
    await to.close();
  }
}
