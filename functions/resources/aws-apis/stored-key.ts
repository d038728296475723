/**
 * The key of a bucket or a queue as it is stored: its secret, which programs are given, and beside it both parts as one
 * text, which is what counts. Versions of both have the same names.
 */
import type { ResourceOutputs, SecretReference } from '../../core/model/index.ts';
import { shortHash } from '../../core/names.ts';
import type { AccessKey } from '../../ports/buckets-and-queues.ts';
import type { Ports } from '../../ports/index.ts';
import { resourceSecretPath } from '../owner.ts';
import type { ResourceIdentity } from '../type.ts';

const pathsOf = (request: ResourceIdentity) => ({
  secret: resourceSecretPath(request, 'secret_key'),
  whole: resourceSecretPath(request, 'access_key'),
});

/** Of what earlier releases stored, which was the secret alone: the id of a key followed from it. */
const formerId = (secret: string): string => `BERTH${shortHash(`access key ${secret}`, 15).toUpperCase()}`;

export async function storedKey(
  { secrets }: Ports,
  request: ResourceIdentity,
): Promise<AccessKey | undefined> {
  const { secret: path, whole } = pathsOf(request);
  const text = await secrets.get(whole);
  if (text !== undefined) {
    const [id = '', secret = ''] = text.split(' ');
    return { id, secret };
  }
  const secret = await secrets.get(path);
  return secret === undefined ? undefined : { id: formerId(secret), secret };
}

/**
 * Stores a key as the current one, the text that counts last; one that was stored before stays as it is.
 * @returns the reference to its secret
 */
export async function storeKey(
  { secrets }: Ports,
  request: ResourceIdentity,
  { id, secret }: AccessKey,
  versionId = shortHash(secret, 32),
): Promise<SecretReference> {
  const { secret: path, whole } = pathsOf(request);
  const version = await secrets.put(path, secret, { versionId });
  await secrets.put(whole, `${id} ${secret}`, { versionId });
  return { secret: path, version };
}

/** Makes the former key the current one again, as a new version. */
export async function restoreKey(
  ports: Ports,
  request: ResourceIdentity,
  previous: ResourceOutputs,
): Promise<ResourceOutputs> {
  const reference = previous.secrets.secret_key;
  const secret = reference && (await ports.secrets.get(reference.secret, reference.version));
  const { access_key_id: id } = previous.values;
  if (secret !== undefined && id !== undefined && (await storedKey(ports, request))?.id !== id)
    await storeKey(ports, request, { id, secret }, ports.effects.id());
  return previous;
}

/** Makes what is stored of a former key unreadable. */
export async function revokeKey(
  { secrets }: Ports,
  request: ResourceIdentity,
  previous: ResourceOutputs,
): Promise<void> {
  const { whole } = pathsOf(request);
  for (const { secret, version } of Object.values(previous.secrets)) {
    // Whether a key is retired is told by its secret, which therefore goes last.
    await secrets.revoke(whole, version);
    await secrets.revoke(secret, version);
  }
}

export async function removeKeys({ secrets }: Ports, request: ResourceIdentity): Promise<void> {
  for (const path of Object.values(pathsOf(request))) await secrets.remove(path);
}

/** What is stored, by name. */
export async function listKeys({ secrets }: Ports, request: ResourceIdentity): Promise<string[]> {
  const found: string[] = [];
  for (const path of Object.values(pathsOf(request)))
    found.push(...(await secrets.list(path)).map((one) => `secret ${one}`));
  return found;
}
