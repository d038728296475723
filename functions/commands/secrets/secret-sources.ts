/** Which projects may refer to secrets that are kept elsewhere: one list, which the platform team sets as a whole. */
import { SECRET_SOURCES_KEY } from '../../core/keys.ts';
import { PLATFORM, type SecretSources } from '../../core/model/index.ts';
import type { SecretSourceRule } from '../../core/secrets/secret-source.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, retryOnConflict } from '../../records/commit.ts';

/** The list; version 0 where there never was one. */
export async function readSecretSources(store: Store): Promise<Item<SecretSources>> {
  const item = await store.get<SecretSources>(SECRET_SOURCES_KEY);
  if (item) return item;
  const data = { rules: [], createdAt: '', updatedAt: '', updatedBy: '' };
  return { ...SECRET_SOURCES_KEY, data, version: 0 };
}

const textOf = ({ project, from, prefix }: SecretSourceRule): string => `${project} ${from}:${prefix}`;

/**
 * What runs keeps what it has pinned; deployments and rollbacks from now on need a rule.
 * @throws Problem precondition_failed
 */
export function putSecretSources(
  ports: Ports,
  caller: Caller,
  { rules, ifMatch }: { rules: SecretSourceRule[]; ifMatch?: string },
): Promise<Item<SecretSources>> {
  return retryOnConflict(async () => {
    const item = await readSecretSources(ports.store);
    checkIfMatch(item, ifMatch);
    const updatedAt = new Date(ports.effects.now()).toISOString();
    const data: SecretSources = {
      rules,
      createdAt: item.data.createdAt || updatedAt,
      updatedAt,
      updatedBy: caller.actor,
    };
    const [before, after] = [item.data.rules.map(textOf), rules.map(textOf)];
    const result = { ...item, data, version: item.version + 1 };
    await commit(ports, caller, {
      writes: [
        {
          put: { ...SECRET_SOURCES_KEY, data },
          if: item.version === 0 ? 'absent' : { version: item.version },
        },
      ],
      events: [
        {
          project: PLATFORM,
          type: 'secret-sources.changed',
          data: {
            added: after.filter((text) => !before.includes(text)),
            removed: before.filter((text) => !after.includes(text)),
          },
        },
      ],
      result,
    });
    return result;
  });
}
