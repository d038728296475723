/** Writes down with connections how the GitHub App is at their repositories, as GitHub tells it. */
import type { AppState, InstallationFacts } from '../../core/git/github-app.ts';
import { appConnectionPrefix } from '../../core/keys.ts';
import type { AppConnection } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, StoreConflict } from '../../ports/store.ts';
import { appConnections } from './app-access.ts';

/**
 * Of accounts and repositories that nothing is connected to, nothing is kept.
 * @returns how many connections it is about
 */
export async function tellAppState(
  ports: Ports,
  { owner, repositories, state, at }: InstallationFacts,
): Promise<number> {
  const when = at ?? ports.effects.now();
  // One read, however many repositories are told of: anybody may install a public App, and choose all of theirs.
  const connected = await appConnections(ports, owner);
  const lists = repositories?.map((list) => ({
    ...list,
    prefixes: new Set(list.names.map(appConnectionPrefix)),
  }));
  let count = 0;
  for (const item of connected) {
    const prefix = item.sk.slice(0, item.sk.lastIndexOf('#') + 1);
    const next = lists ? lists.findLast(({ prefixes }) => prefixes.has(prefix))?.state : state;
    if (next === undefined) continue;
    count += 1;
    await write(ports, item, next, when);
  }
  if (count > 0) ports.githubApp?.forgetOwner(owner);
  return count;
}

async function write(ports: Ports, item: Item<AppConnection>, state: AppState, at: number): Promise<void> {
  const { pk, sk, data, version } = item;
  if ((data.at ?? 0) > at) return;
  try {
    await ports.store.transact([{ put: { pk, sk, data: { ...data, state, at } }, if: { version } }]);
  } catch (error) {
    // It was disconnected, or another message was faster.
    if (!(error instanceof StoreConflict)) throw error;
  }
}
