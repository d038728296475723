/** The alert rules of a project: those that people set, or the defaults. */
import { defaultAlertRules } from '../../core/alerts/default-rules.ts';
import { changesOf } from '../../core/field-changes.ts';
import { alertRulesKey, projectKey } from '../../core/keys.ts';
import type { AlertRule, AlertRuleSet } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, commit, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';

export interface HeldRules {
  rules: readonly AlertRule[];
  /** Absent where the defaults hold. */
  set?: Item<AlertRuleSet>;
}

export async function alertRulesOf(store: Store, project: string): Promise<HeldRules> {
  const set = await store.get<AlertRuleSet>(alertRulesKey(project));
  return set ? { rules: set.data.rules, set } : { rules: defaultAlertRules };
}

const byName = (rules: readonly AlertRule[]): Record<string, AlertRule> =>
  Object.fromEntries(rules.map((rule) => [rule.name, rule]));

/**
 * @param rules all that are to hold, by different names; null puts the defaults back
 * @throws Problem not_found
 */
export function putAlertRules(
  ports: Ports,
  caller: Caller,
  project: string,
  rules: readonly AlertRule[] | null,
): Promise<HeldRules> {
  const { store, effects } = ports;
  return retryOnConflict(async () => {
    await getProject(store, project);
    const before = await alertRulesOf(store, project);
    const key = alertRulesKey(project);
    const condition = before.set ? { version: before.set.version } : ('absent' as const);
    const data: AlertRuleSet = {
      rules: [...(rules ?? [])],
      updatedAt: new Date(effects.now()).toISOString(),
      updatedBy: caller.actor,
    };
    const result: HeldRules = rules
      ? { rules: data.rules, set: { ...key, data, version: (before.set?.version ?? 0) + 1 } }
      : { rules: defaultAlertRules };
    const changes = changesOf(byName(before.rules), byName(result.rules));
    await commit(ports, caller, {
      writes: [
        ...(rules
          ? [{ put: { ...key, data }, if: condition }]
          : before.set
            ? [{ delete: key, if: condition }]
            : []),
        { check: projectKey(project), if: 'present' },
      ],
      events: [{ project, type: 'alert-rules.changed', data: { changes } }],
      result,
    });
    return result;
  });
}
