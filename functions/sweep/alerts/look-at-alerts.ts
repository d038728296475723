/**
 * Looks at all environments that are watched, for what fires and what is over. It reads one partition of them, and of each what
 * is deployed there; it writes only what has changed.
 */
import { alertRulesOf } from '../../commands/alerts/alert-rules.ts';
import { watchOlderEnvironments } from '../../commands/alerts/alert-watches.ts';
import { ALERT_WATCHES, ALERT_WATCHES_BEGUN, environmentKey, OPERATIONS_QUEUE } from '../../core/keys.ts';
import {
  type AlertRule,
  type AlertWatch,
  type Environment,
  isTerminal,
  type Operation,
} from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, PAGE_LIMIT_MAX, type Store, StoreConflict } from '../../ports/store.ts';
import { readAll } from '../../records/read-all.ts';
import { advanceWatch } from './advance-watch.ts';
import type { Look } from './observe.ts';

/** So many environments are looked at side by side: one whose place is away keeps no other from its turn. */
const AT_ONCE = 8;
/** The longest that a look takes; the next one begins elsewhere, milliseconds. */
const LOOK_MS = 10_000;
/** Figures are looked at this often at the most, and records this often, milliseconds. */
const FIGURES_MS = 2_000;
const RECORDS_MS = 10_000;
/** Operations that are over their bound for so long are worth to be looked at, milliseconds. */
const OVERDUE_MS = 60_000;

/** When this process has looked last. */
const looks = new WeakMap<Store, { figures: number; records: number }>();

/** @param clock `isNew`: the clock has just jumped, so that this look says nothing */
export async function lookAtAlerts(
  ports: Ports,
  clock: { jumpedAt?: string; isNew: boolean },
  onError: (environment: string, error: unknown) => void,
): Promise<void> {
  const { store, effects } = ports;
  const now = effects.now();
  const last = looks.get(store) ?? { figures: 0, records: 0 };
  const isSoon = (at: number, ms: number): boolean => now >= at && now - at < ms;
  if (clock.isNew || isSoon(last.figures, FIGURES_MS)) return;
  const readsRecords = !isSoon(last.records, RECORDS_MS);
  looks.set(store, { figures: now, records: readsRecords ? now : last.records });
  const all = await readAll<AlertWatch>(store, ALERT_WATCHES);
  const watches = all.filter(({ sk }) => sk !== ALERT_WATCHES_BEGUN.sk);
  if (watches.length === all.length) return watchOlderEnvironments(ports);
  if (watches.length === 0) return;
  // The looks of a minute's schedule begin each elsewhere.
  const from = Math.floor(now / 7_000) % watches.length;
  const line = [...watches.slice(from), ...watches.slice(0, from)];
  const rules = once((project: string) => alertRulesOf(store, project).then(({ rules: held }) => held));
  const look: Look = {
    readsRecords,
    // For an hour after a jump nothing counts as late by its age.
    judgesAges: clock.jumpedAt === undefined,
    overdue: once0(() => overdueOf(ports)),
  };
  const jumped = clock.jumpedAt === undefined ? {} : { jumpedAt: Date.parse(clock.jumpedAt) };
  const work = async (): Promise<void> => {
    for (let item = line.shift(); item && effects.now() - now < LOOK_MS; item = line.shift())
      await lookAtOne(ports, item, rules, look, jumped).catch((error: unknown) => {
        if (!(error instanceof StoreConflict)) onError(item?.sk ?? '', error);
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function lookAtOne(
  ports: Ports,
  item: Item<AlertWatch>,
  rules: (project: string) => Promise<readonly AlertRule[]>,
  look: Look,
  jumped: { jumpedAt?: number },
): Promise<void> {
  const environment = await ports.store.get<Environment>(environmentKey(item.data));
  await advanceWatch(ports, item, environment?.data, await rules(item.data.project), look, jumped);
}

async function overdueOf({ store, effects }: Ports): Promise<Operation[]> {
  const before = effects.now() - OVERDUE_MS;
  const due = await store.due<Operation>({ queue: OPERATIONS_QUEUE, before, limit: PAGE_LIMIT_MAX });
  return due
    .map(({ data }) => data)
    .filter(({ status, deadline }) => !isTerminal(status) && Date.parse(deadline) <= before);
}

function once<T>(read: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (name) => {
    const found = known.get(name) ?? read(name);
    known.set(name, found);
    return found;
  };
}

const once0 = <T>(read: () => Promise<T>): (() => Promise<T>) => {
  const found = once(read);
  return () => found('');
};
