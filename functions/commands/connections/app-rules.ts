/** Which projects may connect to which repositories by the GitHub App: one list, which the platform team sets as a whole. */
import type { AppRule } from '../../core/git/github-app.ts';
import { APP_RULES_KEY } from '../../core/keys.ts';
import { type AppRules, PLATFORM } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, retryOnConflict } from '../../records/commit.ts';

/** The list; version 0 where there never was one. */
export async function readAppRules(store: Store): Promise<Item<AppRules>> {
  const item = await store.get<AppRules>(APP_RULES_KEY);
  if (item) return item;
  return { ...APP_RULES_KEY, data: { rules: [], createdAt: '', updatedAt: '', updatedBy: '' }, version: 0 };
}

const textOf = ({ project, repository }: AppRule): string => `${project} ${repository}`;

/**
 * A connection that no rule is for any more stops at its next use.
 * @throws Problem precondition_failed
 */
export function putAppRules(
  ports: Ports,
  caller: Caller,
  { rules, ifMatch }: { rules: AppRule[]; ifMatch?: string },
): Promise<Item<AppRules>> {
  return retryOnConflict(async () => {
    const item = await readAppRules(ports.store);
    checkIfMatch(item, ifMatch);
    const { version } = item;
    const updatedAt = new Date(ports.effects.now()).toISOString();
    const createdAt = item.data.createdAt || updatedAt;
    const data: AppRules = { rules, createdAt, updatedAt, updatedBy: caller.actor };
    const [before, after] = [item.data.rules.map(textOf), rules.map(textOf)];
    const result = { ...item, data, version: version + 1 };
    await commit(ports, caller, {
      writes: [{ put: { ...APP_RULES_KEY, data }, if: version === 0 ? 'absent' : { version } }],
      events: [
        {
          project: PLATFORM,
          type: 'github-app.rules-changed',
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
