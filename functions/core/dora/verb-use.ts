/** How each kind of work is used, and where it fails: counted from events. */
import type { BerthEvent } from '../model/index.ts';
import { SYSTEM_ACTOR } from '../model/index.ts';

export interface VerbUse {
  /** The noun of the events: `deployment`, `build`, `run`. */
  noun: string;
  /** How often each of its types came: `created`, `succeeded`, `failed`. */
  counts: Record<string, number>;
  /** Different people and programs; Berth itself is none. */
  actors: number;
  /** Codes of problems, the most frequent first; of attempts that were refused, the permission that was missing. */
  failures: { code: string; n: number }[];
}

export function countVerbs(): { next(event: BerthEvent): void; end(): VerbUse[] } {
  const nouns = new Map<
    string,
    { counts: Map<string, number>; actors: Set<string>; codes: Map<string, number> }
  >();
  const add = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    next({ type, data, actor }) {
      const [noun = '', verb = ''] = type.split('.');
      const use = nouns.get(noun) ?? { counts: new Map(), actors: new Set(), codes: new Map() };
      nouns.set(noun, use);
      add(use.counts, verb);
      if (actor !== SYSTEM_ACTOR) use.actors.add(actor);
      const { code, action } = (data ?? {}) as { code?: unknown; action?: unknown };
      const what = type === 'access.refused' ? action : code;
      if (typeof what === 'string') add(use.codes, what);
    },
    end: () =>
      [...nouns]
        .map(([noun, { counts, actors, codes }]) => ({
          noun,
          counts: Object.fromEntries(counts),
          actors: actors.size,
          failures: [...codes].map(([code, n]) => ({ code, n })).sort((a, b) => b.n - a.n),
        }))
        .sort((a, b) => sum(b.counts) - sum(a.counts)),
  };
}

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);
