/** A Vault that is not Berth's: others add versions to its entries, and take them away. */
import {
  type PinnedSource,
  type SecretSource,
  unreadableSource,
  valueIn,
} from '../../../functions/core/secrets/secret-source.ts';
import type { SecretKeeper } from '../../../functions/ports/secret-keepers.ts';

interface Version {
  text: string;
  /** When it became the newest. */
  at: number;
  gone: boolean;
}

export interface SimulatedKeeper extends SecretKeeper {
  /** Somebody adds a version to an entry. @returns its number */
  put(entry: string, value: Record<string, unknown>): string;
  /** Somebody takes a version away, or all of them. */
  forget(entry: string, version?: string): void;
  /** Whether a pinned version can still be read. */
  has(source: PinnedSource): boolean;
  /** What a version was, also one that is gone. */
  held(source: PinnedSource): string | undefined;
  /** The versions that were the newest of an entry at some moment since a time. */
  newestSince(entry: string, since: number): string[];
  /** Every text that was ever kept in a member of an entry. */
  values(): string[];
}

export function createSimulatedKeeper(now: () => number): SimulatedKeeper {
  const entries = new Map<string, Version[]>();
  const values = new Set<string>();
  const versionsOf = (entry: string): Version[] => entries.get(entry) ?? [];

  function find({ entry, version }: SecretSource): [string, Version] | undefined {
    const versions = versionsOf(entry);
    const number = version ?? String(versions.length);
    const found = versions[Number(number) - 1];
    return found && !found.gone ? [number, found] : undefined;
  }

  return {
    async pin(source) {
      const found = find(source);
      if (!found) {
        const why = source.version === undefined ? 'it is not there' : `it has no version ${source.version}`;
        throw unreadableSource(source, why, 'Correct its path and version.');
      }
      valueIn(source, found[1].text);
      return found[0];
    },
    async read(source) {
      const found = find(source);
      return found && valueIn(source, found[1].text);
    },
    put(entry, value) {
      const versions = versionsOf(entry);
      entries.set(entry, versions);
      versions.push({ text: JSON.stringify(value), at: now(), gone: false });
      for (const one of Object.values(value)) if (typeof one === 'string') values.add(one);
      return String(versions.length);
    },
    forget(entry, version) {
      for (const [at, one] of versionsOf(entry).entries())
        if (version === undefined || version === String(at + 1)) one.gone = true;
    },
    has: (source) => find(source) !== undefined,
    held: (source) => {
      const found = versionsOf(source.entry)[Number(source.version) - 1];
      return found && valueIn(source, found.text);
    },
    newestSince: (entry, since) =>
      versionsOf(entry).flatMap((_, at, all) => {
        const next = all[at + 1];
        return next === undefined || next.at >= since ? [String(at + 1)] : [];
      }),
    values: () => [...values],
  };
}
