/** Removes everything that let people, tokens and pipelines into a project, once the project is gone. */
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import { forgetDrains } from '../drains/delete-drains.ts';
import { forgetWebhooks } from '../webhooks/webhooks.ts';
import { forgetMembers } from './members.ts';
import { forgetTokens } from './tokens.ts';
import { forgetTrusts } from './trusts.ts';

/**
 * Removes members, tokens, trust rules, webhooks and log drains of a project that does not exist. Records that a deletion left
 * behind must neither let anybody into a later project of the same name nor report its events. A project that
 * somebody has made in the meantime is left as it is.
 */
export async function forgetAccess(ports: Ports, project: string): Promise<void> {
  const { store } = ports;
  try {
    await forgetTrusts(store, project);
    await forgetTokens(store, project);
    await forgetMembers(store, project);
    await forgetWebhooks(ports, project);
    await forgetDrains(ports, project);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
  }
}
