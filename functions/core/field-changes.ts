/** What a change did to a record, for the audit trail. */
import { canonicalJson } from './canonical-json.ts';

/** A field that was not there, or is there no longer, has no value on that side. */
export interface FieldChange {
  before?: unknown;
  after?: unknown;
}

/** The fields that differ, by name. Records hold no secret values, so neither does this. */
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
