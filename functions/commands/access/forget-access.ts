/** What let people, tokens and pipelines into a project goes with it. */
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import { forgetWebhooks } from '../webhooks/webhooks.ts';
import { forgetMembers } from './members.ts';
import { forgetTokens } from './tokens.ts';
import { forgetTrusts } from './trusts.ts';

/**
 * Removes who and what was let into a project that is not there, and its webhooks: what a deletion left behind must let
 * nobody into a later project of the same name, and tell nobody of it. A project that someone has made in the meantime is left as it is.
 */
export async function forgetAccess(ports: Ports, project: string): Promise<void> {
  const { store } = ports;
  try {
    await forgetTrusts(store, project);
    await forgetTokens(store, project);
    await forgetMembers(store, project);
    await forgetWebhooks(ports, project);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
  }
}
