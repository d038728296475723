/** The four figures of DORA, from changes that came into environments. Pure. */
import type { DeliveredChange } from './dora-changes.ts';

/** With fewer than this a rate or a median would say more than is known: it is null. */
export const LEAST = 5;

export interface DeliveryFigures {
  /** Changes that serve, or did. */
  deployments: { n: number; perDay: number };
  /** From the commit to where it serves, for the first time that a version does; seconds. */
  leadTime: { n: number; medianSeconds: number | null; p90Seconds: number | null };
  /** Changes that failed, of all that ended. `checked`: those of them that a check took back. */
  changeFailures: {
    n: number;
    failed: number;
    checked: number;
    takenBack: number;
    rate: number | null;
  };
  /** From the failure, or from when it served, to the next that served; seconds. `open`: nothing has yet. */
  timeToRestore: { n: number; open: number; medianSeconds: number | null };
}

const quantile = (values: readonly number[], part: number): number | null => {
  if (values.length < LEAST) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.ceil(sorted.length * part) - 1] ?? 0);
};

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/**
 * @param committedAt epoch milliseconds of a version's commit, by `service/version`
 * @param days of the period, more than none
 */
export function figuresOf(
  changes: readonly DeliveredChange[],
  committedAt: ReadonlyMap<string, number>,
  days: number,
): DeliveryFigures {
  const served = changes.filter(({ outcome }) => outcome !== 'failed');
  const bad = changes.filter(({ outcome }) => outcome !== 'served');
  const first = new Map<string, DeliveredChange>();
  for (const change of served) {
    const of = `${change.environment}/${change.service}/${change.version}`;
    if (!first.has(of)) first.set(of, change);
  }
  const leads = [...first.values()].flatMap(({ service, version, endedAt }) => {
    const at = committedAt.get(`${service}/${version}`);
    // The clock of who committed may be ahead.
    return at === undefined || at > endedAt ? [] : [(endedAt - at) / 1000];
  });
  const restores = bad.flatMap(({ endedAt, restoredAt }) =>
    restoredAt === undefined ? [] : [(restoredAt - endedAt) / 1000],
  );
  return {
    deployments: { n: served.length, perDay: rounded(served.length / days) },
    leadTime: { n: leads.length, medianSeconds: quantile(leads, 0.5), p90Seconds: quantile(leads, 0.9) },
    changeFailures: {
      n: changes.length,
      failed: bad.length,
      checked: bad.filter(({ code }) => code === 'check_failed').length,
      takenBack: bad.filter(({ outcome }) => outcome === 'taken_back').length,
      rate: changes.length < LEAST ? null : rounded(bad.length / changes.length),
    },
    timeToRestore: {
      n: restores.length,
      open: bad.length - restores.length,
      medianSeconds: quantile(restores, 0.5),
    },
  };
}
