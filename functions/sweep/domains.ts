/**
 * Looks after domains that are due. Foreign name servers and a certificate authority answer as slowly as they like, so
 * that this is a pass of its own, beside the sweep.
 */
import { advanceDomain, postponeDomain } from '../commands/domains/due-domains.ts';
import { DOMAINS_QUEUE } from '../core/keys.ts';
import type { Domain } from '../core/model/index.ts';
import { TransientError } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import { type Item, StoreConflict } from '../ports/store.ts';

/** So many are looked at side by side: one that hangs keeps no other from its turn. */
const AT_ONCE = 8;
const BATCH = 100;
/** What could not be done is tried again after this time, milliseconds. */
const AGAIN_MS = 60_000;

export interface DomainsReport {
  looked: number;
  errors: { what: string; error: unknown }[];
}

/** One pass over what is due now. */
export async function sweepDomains(ports: Ports): Promise<DomainsReport> {
  const report: DomainsReport = { looked: 0, errors: [] };
  const { domains, store, effects } = ports;
  if (!domains) return report;
  const due = await store.due<Domain>({ queue: DOMAINS_QUEUE, before: effects.now(), limit: BATCH });
  const work = async (): Promise<void> => {
    for (let item = due.shift(); item; item = due.shift()) {
      const one = item;
      await advanceDomain(ports, domains, one).catch((error: unknown) => later(ports, one, error, report));
      report.looked++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return report;
}

async function later(ports: Ports, item: Item<Domain>, error: unknown, report: DomainsReport): Promise<void> {
  // Somebody else has changed it: it is due again by what they wrote.
  if (error instanceof StoreConflict) return;
  if (!(error instanceof TransientError)) report.errors.push({ what: `domain ${item.data.name}`, error });
  const nextAt = new Date(ports.effects.now() + AGAIN_MS).toISOString();
  await postponeDomain(ports, item, { ...item.data, nextAt }).catch((failure: unknown) => {
    if (!(failure instanceof StoreConflict))
      report.errors.push({ what: `domain ${item.data.name}`, error: failure });
  });
}
