/** What let people, tokens and pipelines into a project goes with it. */
import { type Store, StoreConflict } from '../ports/store.ts';
import { forgetMembers } from './members.ts';
import { forgetTokens } from './tokens.ts';
import { forgetTrusts } from './trusts.ts';

/**
 * Removes who and what was let into a project that is not there: what a deletion left behind must let nobody into a
 * later project of the same name. A project that someone has made in the meantime is left as it is.
 */
export async function forgetAccess(store: Store, project: string): Promise<void> {
  try {
    await forgetTrusts(store, project);
    await forgetTokens(store, project);
    await forgetMembers(store, project);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
  }
}
