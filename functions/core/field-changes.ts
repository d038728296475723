/** The changes that a command made to a record, for the audit trail. */
import { canonicalJson } from './canonical-json.ts';

/** One changed field. A field that was added or removed has no value on the side where it is missing. */
export interface FieldChange {
  before?: unknown;
  after?: unknown;
}

/** The fields that differ, by name. Records hold no secret values, so the result holds none. */
export function changesOf(before: object, after: object): Record<string, FieldChange> {
  const old = new Map(Object.entries(before));
  const now = new Map(Object.entries(after));
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return Object.fromEntries(
    names
      .filter((name) => canonicalJson(old.get(name)) !== canonicalJson(now.get(name)))
      .map((name) => [
        name,
        {
          ...(old.get(name) !== undefined && { before: old.get(name) }),
          ...(now.get(name) !== undefined && { after: now.get(name) }),
        },
      ]),
  );
}
