/** Reads values whose form nobody has checked: a manifest of somebody else's. What has another form reads as nothing. */

export type LooseMap = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is LooseMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const mapOf = (value: unknown): LooseMap => (isMap(value) ? value : {});

/** Own members alone, along a path. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (!isMap(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
}

/** Texts, and numbers and booleans as they are written. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

export const textAt = (value: unknown, ...path: readonly string[]): string | undefined =>
  textOf(at(value, ...path));

/** A whole number of at least 0, also where it stands as text. */
export function countOf(value: unknown): number | undefined {
  const text = textOf(value);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** A list as it is, one value as a list of it. */
export const listOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
};

export const textsOf = (value: unknown): string[] => listOf(value).flatMap((each) => textOf(each) ?? []);

/** Variables as a map, or as a list of `NAME=value`; null where the value is taken from elsewhere. */
export function pairsOf(value: unknown): Map<string, string | null> {
  const pairs = new Map<string, string | null>();
  if (isMap(value)) {
    for (const [name, each] of Object.entries(value)) pairs.set(name, textOf(each) ?? null);
    return pairs;
  }
  for (const text of textsOf(value)) {
    const end = text.indexOf('=');
    if (end === -1) pairs.set(text, null);
    else pairs.set(text.slice(0, end), text.slice(end + 1));
  }
  return pairs;
}
