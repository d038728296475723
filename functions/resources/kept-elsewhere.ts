/** Secrets of an environment that are kept elsewhere: who may refer to them, and which version a deployment takes. */
import { SECRET_SOURCES_KEY } from '../core/keys.ts';
import type { SecretReference, SecretSources } from '../core/model/index.ts';
import { Problem } from '../core/problem.ts';
import {
  goneSource,
  isAllowed,
  type PinnedSource,
  type SecretSource,
  sourceText,
  sourceWords,
  unreadableSource,
} from '../core/secrets/secret-source.ts';
import type { Ports } from '../ports/index.ts';
import { checkSecretValue } from '../ports/rules/secret-checks.ts';
import type { SecretKeeper } from '../ports/secret-keepers.ts';
import { goneSecret } from './outputs.ts';

/** @throws Problem secret_source_forbidden */
export async function requireAllowed(
  { store }: Pick<Ports, 'store'>,
  project: string,
  sources: readonly SecretSource[],
): Promise<void> {
  if (sources.length === 0) return;
  const item = await store.get<SecretSources>(SECRET_SOURCES_KEY);
  const refused = sources.find((source) => !isAllowed(item?.data.rules ?? [], project, source));
  if (!refused) return;
  throw new Problem(
    'secret_source_forbidden',
    `Project "${project}" may not refer to ${sourceWords(refused)}: no rule of the platform team lets it.`,
    { hint: 'Ask the platform team for a rule (PUT /v1/secret-sources), or put the value itself.' },
  );
}

/** @throws Problem secret_unavailable */
function keeperOf({ secretKeepers }: Pick<Ports, 'secretKeepers'>, { from }: SecretSource): SecretKeeper {
  const keeper = secretKeepers?.[from];
  if (keeper) return keeper;
  throw new Problem('secret_unavailable', `Secrets of ${from} can not be read here: it is not connected.`, {
    hint: 'Have the platform team connect it, or put the value itself.',
  });
}

/**
 * The value of a pinned secret, wherever it is kept.
 * @param output by which the workload names it
 * @throws Problem unresolved_placeholder | secret_unavailable | TransientError
 */
export async function readPinned(
  ports: Pick<Ports, 'secrets' | 'secretKeepers'>,
  output: string,
  { secret, version, source }: SecretReference,
): Promise<string> {
  if (source?.version !== undefined) return readSource(ports, { ...source, version: source.version });
  const value = source ? undefined : await ports.secrets.get(secret, version);
  if (value === undefined) throw goneSecret(output, version);
  return value;
}

async function readSource(ports: Pick<Ports, 'secretKeepers'>, source: PinnedSource): Promise<string> {
  const value = await keeperOf(ports, source).read(source);
  if (value === undefined) throw goneSource(source);
  checkSecretValue(value);
  if (!value.includes('\0')) return value;
  throw unreadableSource(source, 'its value has NUL in it', 'Keep it as Base64.');
}

/**
 * What a deployment pins of it. The value has been read, and is not kept.
 * @throws Problem secret_source_forbidden | secret_unavailable | TransientError
 */
export async function pinSource(
  ports: Pick<Ports, 'store' | 'secretKeepers'>,
  project: string,
  source: SecretSource,
): Promise<Pick<SecretReference, 'version'> & { source: PinnedSource }> {
  const keeper = keeperOf(ports, source);
  await requireAllowed(ports, project, [source]);
  const pinned = { ...source, version: await keeper.pin(source) };
  return { version: sourceText(pinned), source: pinned };
}
