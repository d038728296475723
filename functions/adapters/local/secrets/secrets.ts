/** Secrets on one machine: an encrypted file, with its key in another one. */
import { existsSync } from 'node:fs';
import { Problem } from '../../../core/problem.ts';
import type { Effects } from '../../../ports/effects.ts';
import { checkSecretName, checkSecretPath, checkSecretValue } from '../../../ports/rules/secret-checks.ts';
import type { Secrets } from '../../../ports/secrets.ts';
import { diskProblem } from '../../files/disk-full.ts';
import { openSecretsFile, type Place } from './secrets-file.ts';
import { type SecretLine, seal, unseal } from './secrets-format.ts';
import { loadKeys } from './secrets-key.ts';

export interface SecretsFileOptions {
  /** The file with the encrypted values; made when absent. */
  path: string;
  /** The file with the key; made, with mode 0600, when there are no secrets yet. */
  keyPath: string;
  effects: Pick<Effects, 'id'>;
}

/** What was revoked or removed leaves the disk this long after, milliseconds. */
const CLEAN_DELAY_MS = 1000;

interface Secret {
  current: string;
  /** Where each value stands, in the order they were put; undefined where it was revoked. */
  versions: Map<string, Place | undefined>;
}

/** Whether a path is the prefix or lies below it; a prefix never ends inside a segment. */
const isUnder = (path: string, prefix: string): boolean =>
  prefix === '' || path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);

/**
 * @throws Problem unavailable when a file is damaged, missing, readable by others, or of another key
 */
export async function createSecretsFile(
  options: SecretsFileOptions,
): Promise<Secrets & { close(): Promise<void> }> {
  const { path: filePath, keyPath, effects } = options;
  const keys = await loadKeys(keyPath, existsSync(filePath));
  const secrets = new Map<string, Secret>();
  /** Whether the file holds values that nobody may read any more. */
  let unclean = false;
  let timer: NodeJS.Timeout | undefined;
  let delay = CLEAN_DELAY_MS;

  function apply(line: SecretLine, place: Place): void {
    if (line.op === 'head') return;
    const { path } = line;
    if (line.op === 'remove') {
      unclean = secrets.delete(path) || unclean;
      return;
    }
    const secret = secrets.get(path) ?? { current: line.version, versions: new Map() };
    secrets.set(path, secret);
    // In a cleaned file a revoked version is all that is left of its put.
    if (!secret.versions.has(line.version)) secret.current = line.version;
    else unclean = true;
    secret.versions.set(line.version, line.op === 'put' ? place : undefined);
  }

  const file = open();

  function open() {
    try {
      return openSecretsFile(filePath, keys, apply);
    } catch (error) {
      const problem = diskProblem(error);
      if (problem instanceof Problem) throw problem;
      throw new Problem('unavailable', `Secrets can not be opened: ${(error as Error).message}.`, {
        hint: 'Make sure that the user who runs Berth owns the secrets file and its directory.',
        cause: error,
      });
    }
  }

  function write(line: SecretLine): void {
    try {
      apply(line, file.append(line));
    } catch (error) {
      throw diskProblem(error);
    }
    if (unclean && !timer) {
      timer = setTimeout(clean, delay);
      timer.unref();
    }
  }

  /** Writes the file anew without what was revoked and removed. */
  function clean(): void {
    clearTimeout(timer);
    timer = undefined;
    if (!unclean) return;
    const started = performance.now();
    const lines: (SecretLine | Place)[] = [];
    const versions: [Secret, string][] = [];
    for (const [path, secret] of secrets)
      for (const [version, place] of secret.versions) {
        lines.push(place ?? { op: 'revoke', path, version });
        versions.push([secret, version]);
      }
    try {
      const places = file.rewrite(lines);
      for (const [index, [secret, version]] of versions.entries())
        if (secret.versions.get(version)) secret.versions.set(version, places[index]);
      unclean = false;
      // A large file is cleaned less often, so that it takes a twentieth of the time at most.
      delay = Math.max(CLEAN_DELAY_MS, (performance.now() - started) * 20);
    } catch {
      // The disk is full: the old file is as good as before, and the next change tries again.
    }
  }

  clean();

  return {
    async put(path, value, { versionId } = {}) {
      checkSecretPath(path);
      checkSecretValue(value);
      const version = versionId ?? effects.id();
      checkSecretName(version, 'versionId');
      if (!secrets.get(path)?.versions.has(version)) write(seal(keys, path, version, value));
      return version;
    },
    async get(path, version) {
      const secret = secrets.get(path);
      const place = secret?.versions.get(version ?? secret.current);
      if (!place) return undefined;
      const line = file.read(place);
      return line.op === 'put' ? unseal(keys, line) : undefined;
    },
    async revoke(path, version) {
      if (secrets.get(path)?.versions.get(version)) write({ op: 'revoke', path, version });
    },
    async remove(path) {
      if (secrets.has(path)) write({ op: 'remove', path });
    },
    async list(prefix) {
      return [...secrets.keys()].filter((path) => isUnder(path, prefix)).sort();
    },
    async close() {
      clean();
      file.close();
    },
  };
}
