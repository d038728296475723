/** The key that the secrets of this machine are encrypted with. */
import { hkdfSync, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../../../core/problem.ts';
import { syncDirectory } from '../../files/atomic-file.ts';
import { diskProblem } from '../../files/disk-full.ts';

const KEY_BYTES = 32;

/** Keys for one purpose each, derived from the one in the file. */
export interface SecretKeys {
  /** Encrypts values. */
  values: Buffer;
  /** Authenticates the file's lines. */
  lines: Buffer;
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Makes the key file, complete from the moment it has its name; one that is there is left alone. */
async function create(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    try {
      await file.writeFile(`${randomBytes(KEY_BYTES).toString('base64url')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike a rename, a link never replaces a key that has come into being meanwhile.
    await link(temporary, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dirname(path));
}

async function readKey(path: string): Promise<Buffer> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    await chmod(path, 0o600).catch((cause: unknown) => {
      throw new Problem('unavailable', `Secrets can not be opened: others may read the key file ${path}.`, {
        hint: 'Make it readable by its owner alone (mode 0600), and consider what it protects as known to others.',
        cause,
      });
    });
  }
  const text = (await readFile(path, 'latin1')).trim();
  const key = Buffer.from(text, 'base64url');
  if (key.length === KEY_BYTES && key.toString('base64url') === text) return key;
  throw new Problem('unavailable', `Secrets can not be opened: ${path} holds no key.`, {
    hint: 'Put back the key file that was made together with the secrets file.',
  });
}

/**
 * Reads the key, or makes it where there is neither a key nor anything that needs one.
 * @throws Problem unavailable | storage_full
 */
export async function loadKeys(path: string, needed: boolean): Promise<SecretKeys> {
  let key: Buffer;
  try {
    if (!needed) await create(path);
    key = await readKey(path);
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (codeOf(error) === 'ENOENT')
      throw new Problem('unavailable', `Secrets can not be opened: the key file ${path} is missing.`, {
        hint: 'Put back the key file; without it the secrets are lost, and the secrets file must be moved away.',
        cause: error,
      });
    const problem = diskProblem(error);
    if (problem instanceof Problem) throw problem;
    throw new Problem('unavailable', `Secrets can not be opened: ${(error as Error).message}.`, {
      hint: 'Make sure that the user who runs Berth owns the key file and its directory.',
      cause: error,
    });
  }
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `berth secrets ${purpose}`, KEY_BYTES));
  return { values: derive('values'), lines: derive('lines') };
}
