/** An alert rule as a form has it: texts that people write, and the rule that they stand for. */
import type { AlertRule } from '../../../../client/types.generated.ts';
import { linesOf } from '../../components/forms/lines.ts';

type Condition = AlertRule['when'];
export type ConditionKind = Condition['kind'];

/** Names of the texts of a condition. */
export type ConditionField =
  | 'percent'
  | 'minRequests'
  | 'p99Ms'
  | 'restarts'
  | 'intervals'
  | 'days'
  | 'grace'
  | 'window';

export interface RuleDraft extends Record<ConditionField, string> {
  name: string;
  kind: ConditionKind;
  /** Patterns, one a line; empty: everywhere. */
  environments: string;
  ephemeral: boolean;
  /** Such as "5m"; empty: at once. */
  holdsFor: string;
  clearAfter: string;
}

/** Of what each kind asks, in the order of the form. */
export const fieldsOf: Readonly<Record<ConditionKind, readonly ConditionField[]>> = {
  'error-rate': ['percent', 'minRequests', 'window'],
  latency: ['p99Ms', 'minRequests', 'window'],
  'crash-loop': ['restarts', 'window'],
  job: [],
  backup: ['intervals'],
  certificate: ['days'],
  operation: ['grace'],
  budget: ['percent'],
};

/** A rule of the kind with what the rules have that hold from the start. */
export const newRule = (kind: ConditionKind): RuleDraft => ({
  name: kind,
  kind,
  percent: kind === 'budget' ? '80' : '5',
  minRequests: '50',
  p99Ms: '800',
  restarts: '5',
  intervals: '2',
  days: '14',
  grace: '5m',
  window: kind === 'crash-loop' ? '10m' : '5m',
  environments: '',
  ephemeral: false,
  holdsFor: kind === 'certificate' ? '10m' : '',
  clearAfter: kind === 'crash-loop' ? '1m' : ['error-rate', 'latency'].includes(kind) ? '5m' : '',
});

/** The form of a rule that there is. */
export const draftOf = ({ name, when, environments, ephemeral, ...rule }: AlertRule): RuleDraft => ({
  ...newRule(when.kind),
  ...Object.fromEntries(Object.entries(when).map(([field, value]) => [field, String(value)])),
  name,
  kind: when.kind,
  environments: environments?.join('\n') ?? '',
  ephemeral: ephemeral ?? false,
  holdsFor: rule.for ?? '',
  clearAfter: rule.clearAfter ?? '',
});

/** Undefined while something that it needs is not there yet, or is no number. */
export function ruleOf(draft: RuleDraft): AlertRule | undefined {
  const name = draft.name.trim();
  const when = conditionOf(draft);
  if (name === '' || !when) return undefined;
  const environments = linesOf(draft.environments);
  const [holdsFor, clearAfter] = [draft.holdsFor.trim(), draft.clearAfter.trim()];
  return {
    name,
    when,
    ...(environments.length > 0 && { environments }),
    ...(draft.ephemeral && { ephemeral: true }),
    ...(holdsFor !== '' && { for: holdsFor }),
    ...(clearAfter !== '' && { clearAfter }),
  };
}

function conditionOf(draft: RuleDraft): Condition | undefined {
  const { kind } = draft;
  const asked = fieldsOf[kind];
  if (asked.some((field) => draft[field].trim() === '')) return undefined;
  const number = (field: ConditionField): number => Number(draft[field]);
  const isTime = (field: ConditionField): boolean => field === 'window' || field === 'grace';
  if (asked.some((field) => !isTime(field) && Number.isNaN(number(field)))) return undefined;
  const [window, minRequests] = [draft.window.trim(), number('minRequests')];
  switch (kind) {
    case 'error-rate':
      return { kind, percent: number('percent'), minRequests, window };
    case 'latency':
      return { kind, p99Ms: number('p99Ms'), minRequests, window };
    case 'crash-loop':
      return { kind, restarts: number('restarts'), window };
    case 'job':
      return { kind };
    case 'backup':
      return { kind, intervals: number('intervals') };
    case 'certificate':
      return { kind, days: number('days') };
    case 'operation':
      return { kind, grace: draft.grace.trim() };
    case 'budget':
      return { kind, percent: number('percent') };
  }
}
