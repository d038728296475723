/**
 * Imports a database: a restore of what is elsewhere, or of a dump. The URL of a server is a secret, and a dump is kept where backups
 * are; both are forgotten when the operation has ended, and go with the resource in any case.
 */
import { createHash } from 'node:crypto';
import { databaseUrlWords, readDatabaseUrl } from '../../core/databases/database-url.ts';
import { backupsPath } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { EnvironmentRef, Operation } from '../../core/model/index.ts';
import type { RestoreInput } from '../../core/operations/kinds/backup.ts';
import { Problem } from '../../core/problem.ts';
import type { DatabaseSource, DatabaseSources } from '../../ports/database-sources.ts';
import type { Ports } from '../../ports/index.ts';
import { type Caller, IdempotencyRace } from '../../records/commit.ts';
import { importsPath } from '../../resources/owner.ts';
import { copiedResource, type ResourceRef } from './backup-records.ts';
import { beginRestore, readyEnvironment } from './backups.ts';

/** A dump that was sent. */
export interface ReceivedDump {
  id: string;
  path: string;
  sha256: string;
}

const FILE = 'file';

/** @throws Problem not_supported */
function sourcesOf({ databaseSources }: Ports): DatabaseSources {
  if (databaseSources) return databaseSources;
  throw new Problem(
    'not_supported',
    'No data are imported here: the installation reaches no servers elsewhere.',
    {
      hint: 'Have a job run pg_dump and psql from an image that has them, with the URL of the other server as a secret.',
    },
  );
}

const secretPath = (ref: EnvironmentRef, { resource, import: id = '' }: RestoreInput): string =>
  `${importsPath({ ...ref, uid: resource })}/${id}`;

const filePath = (
  ref: EnvironmentRef & { environmentId: string },
  { resource, import: id }: RestoreInput,
): string => `${backupsPath(ref, resource)}import-${id}`;

/**
 * Begins to import from a server elsewhere.
 * @throws Problem invalid_request | not_found | not_supported | conflict | environment_not_ready
 */
export async function importFromServer(
  ports: Ports,
  caller: Caller,
  ref: ResourceRef,
  from: DatabaseSource,
): Promise<Operation<'restore'>> {
  const refusal = sourcesOf(ports).refusal(from.url);
  const url = readDatabaseUrl(from.url);
  if (refusal !== undefined || typeof url === 'string')
    throw new Problem('invalid_request', `The data were not imported: the URL must ${refusal ?? url}.`, {
      hint: 'It has the form postgres://user:password@host:5432/database?sslmode=require, with what is no letter or digit in user and password percent-encoded.',
    });
  await readyEnvironment(ports, ref);
  await copiedResource(ports.store, ref);
  const { resource } = ref;
  const input = { resource, source: databaseUrlWords(url), import: ports.effects.id() };
  await ports.secrets.put(secretPath(ref, input), JSON.stringify(from), { versionId: 'first' });
  try {
    return await beginRestore(ports, caller, ref, input);
  } catch (error) {
    // After any other error the operation may have been accepted all the same.
    if (error instanceof Problem || error instanceof IdempotencyRace)
      await ports.secrets.remove(secretPath(ref, input));
    throw error;
  }
}

/**
 * Keeps a dump until an import takes it, or `removeDump`.
 * @throws Problem not_found | not_supported | conflict | environment_not_ready | payload_too_large | storage_full
 */
export async function receiveDump(
  ports: Ports,
  ref: ResourceRef,
  chunks: AsyncIterable<Uint8Array>,
): Promise<ReceivedDump> {
  const { backups } = ports;
  sourcesOf(ports);
  const { data: environment } = await readyEnvironment(ports, ref);
  await copiedResource(ports.store, ref);
  const id = ports.effects.id();
  const path = filePath({ ...ref, environmentId: environment.id }, { resource: ref.resource, import: id });
  const hash = createHash('sha256');
  await backups?.write(path, bounded(chunks, hash));
  return { id, path, sha256: hash.digest('hex') };
}

async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limits.importFile.value)
      throw new Problem('payload_too_large', `The dump is larger than ${limits.importFile.value} bytes.`, {
        hint: 'Import from the server itself, or a dump that pg_dump has compressed (-Fc).',
      });
    hash.update(chunk);
    yield chunk;
  }
}

export const removeDump = async ({ backups }: Ports, { path }: ReceivedDump): Promise<void> =>
  backups?.remove(path);

/** Begins to import a dump. @throws Problem not_found | conflict | environment_not_ready */
export const importDump = (
  ports: Ports,
  caller: Caller,
  ref: ResourceRef,
  { id }: ReceivedDump,
): Promise<Operation<'restore'>> =>
  beginRestore(ports, caller, ref, { resource: ref.resource, source: FILE, import: id });

/** What an operation imports. @throws Problem import_failed in what is read as well, or the reason of the signal */
export async function readImport(
  ports: Ports,
  ref: EnvironmentRef & { environmentId: string },
  input: RestoreInput,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  if (input.source === FILE) {
    const content = await ports.backups?.read(filePath(ref, input));
    if (content) return content;
  } else {
    const kept = await ports.secrets.get(secretPath(ref, input));
    if (kept !== undefined) return sourcesOf(ports).read(JSON.parse(kept) as DatabaseSource, signal);
  }
  throw new Problem('import_failed', 'What was to be imported is gone.', { hint: 'Import it again.' });
}

/** Idempotent. */
export async function forgetImport(
  { secrets, backups }: Ports,
  ref: EnvironmentRef & { environmentId: string },
  input: RestoreInput,
): Promise<void> {
  if (input.source === FILE) await backups?.remove(filePath(ref, input));
  else if (input.source !== undefined) await secrets.remove(secretPath(ref, input));
}
