/**
 * Looks at all environments that are watched, for what fires and what is over. It reads one partition of them, and of each what
 * is deployed there; it writes only what has changed.
 */
import { watchOlderEnvironments } from '../../commands/alerts/alert-watches.ts';
import type { PolicySet } from '../../commands/guardrails/policies.ts';
import { defaultAlertRules } from '../../core/alerts/default-rules.ts';
import type { Policy } from '../../core/guardrails/policy-types.ts';
import {
  ALERT_WATCHES,
  ALERT_WATCHES_BEGUN,
  alertRulesKey,
  environmentKey,
  OPERATIONS_QUEUE,
  PLATFORM_POLICIES,
  policiesKey,
} from '../../core/keys.ts';
import {
  type AlertRuleSet,
  type AlertWatch,
  type Environment,
  isTerminal,
  type Operation,
} from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, PAGE_LIMIT_MAX, type Store, StoreConflict } from '../../ports/store.ts';
import { readAll, readMany } from '../../records/read-all.ts';
import { advanceWatch } from './advance-watch.ts';
import type { Look } from './observe.ts';

/** So many environments are looked at side by side: one whose place is away keeps no other from its turn. */
const AT_ONCE = 8;
/** What a look begins with is read for so many environments together. */
const READ_TOGETHER = 100;
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
  const look: Omit<Look, 'policies'> = {
    readsRecords,
    // For an hour after a jump nothing counts as late by its age.
    judgesAges: clock.jumpedAt === undefined,
    overdue: once(() => overdueOf(ports)),
  };
  const jumped = clock.jumpedAt === undefined ? {} : { jumpedAt: Date.parse(clock.jumpedAt) };
  const isTimeLeft = (): boolean => effects.now() - now < LOOK_MS;
  for (let at = 0; at < line.length && isTimeLeft(); at += READ_TOGETHER) {
    const part = await withWhatTheyNeed(store, line.slice(at, at + READ_TOGETHER), readsRecords);
    const work = async (): Promise<void> => {
      for (let next = part.shift(); next && isTimeLeft(); next = part.shift()) {
        const { item, environment, rules, policies } = next;
        const whole = { ...look, policies };
        await advanceWatch(ports, item, environment, rules, whole, jumped).catch((error: unknown) => {
          if (!(error instanceof StoreConflict)) onError(item.sk, error);
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}

/** What each look begins with is read for many environments together. */
async function withWhatTheyNeed(store: Store, watches: readonly Item<AlertWatch>[], readsRecords: boolean) {
  const projects = [...new Set(watches.map(({ data }) => data.project))];
  const owners = readsRecords ? [...projects, PLATFORM_POLICIES] : [];
  const [environments, sets] = await Promise.all([
    readMany<Environment>(
      store,
      watches.map(({ data }) => environmentKey(data)),
    ),
    readMany<AlertRuleSet & PolicySet>(store, [...projects.map(alertRulesKey), ...owners.map(policiesKey)]),
  ]);
  const rules = new Map(projects.map((project, at) => [project, sets[at]?.data.rules ?? defaultAlertRules]));
  const named = new Map(
    owners.map((owner, at) => [
      owner,
      (sets[projects.length + at]?.data.policies ?? []).map(subjectOf(owner)),
    ]),
  );
  const policiesOf = (project: string): Look['policies'] =>
    new Map([project, PLATFORM_POLICIES].flatMap((owner) => named.get(owner) ?? []));
  return watches.map((item, at) => ({
    item,
    environment: environments[at]?.data,
    rules: rules.get(item.data.project) ?? defaultAlertRules,
    policies: policiesOf(item.data.project),
  }));
}

/** A policy of the platform may have the name of one of the project. */
const subjectOf =
  (owner: string) =>
  (policy: Policy): [string, Policy] => [
    owner === PLATFORM_POLICIES ? `platform/${policy.name}` : policy.name,
    policy,
  ];

async function overdueOf({ store, effects }: Ports): Promise<Operation[]> {
  const before = effects.now() - OVERDUE_MS;
  const due = await store.due<Operation>({ queue: OPERATIONS_QUEUE, before, limit: PAGE_LIMIT_MAX });
  return due
    .map(({ data }) => data)
    .filter(({ status, deadline }) => !isTerminal(status) && Date.parse(deadline) <= before);
}

const once = <T>(read: () => Promise<T>): (() => Promise<T>) => {
  let found: Promise<T> | undefined;
  return () => {
    found ??= read();
    return found;
  };
};
