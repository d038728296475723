/**
 * ETags: which record, and its version. One that was deleted and made anew under its name has another, though versions
 * begin at 1 again: who read the old one neither changes the new one nor takes it for unchanged.
 */
import { shortHash } from '../core/names.ts';
import type { Item } from '../ports/store.ts';

/** What tells a record from an earlier one of its name. */
interface Made {
  id?: string;
  createdAt?: string;
  environmentId?: string;
}

/** @example etagOf(item) // '"3-1f2e3d4c"' */
export function etagOf({ version, data }: Pick<Item<Made>, 'version' | 'data'>): string {
  return `"${version}-${shortHash(data.id ?? data.createdAt ?? data.environmentId ?? '', 8)}"`;
}
