/** Decides whether an environment stays within its budget with a deployment. */
import { cheaperChange, type Proposal } from '../costs/cheaper-change.ts';
import { costByName, dollars, type EnvironmentFacts, environmentCost } from '../costs/environment-cost.ts';
import type { PolicyRule, Violation } from './policy-types.ts';

export interface BudgetFacts {
  kind: 'persistent' | 'ephemeral';
  isProtected: boolean;
  /** What it is without the deployment: what costs no more than that is not refused. */
  before: EnvironmentFacts;
  after: Proposal;
}

type Budget = PolicyRule & { kind: 'budget' };

/** Whether a budget is for environments of that kind. */
export const isMeant = (
  { of }: Pick<Budget, 'of'>,
  { kind, isProtected }: Pick<BudgetFacts, 'kind' | 'isProtected'>,
): boolean => of === undefined || (of === 'protected' ? isProtected : of === kind);

/** Less than a cent is no difference. */
const CENT = 0.01;

export function checkBudget(
  rule: Budget,
  facts: BudgetFacts | undefined,
): Pick<Violation, 'fact' | 'remedy'> | undefined {
  if (!facts || !isMeant(rule, facts)) return undefined;
  const { before, after } = facts;
  const most = environmentCost({ ...after, isAwake: true }, 'most');
  if (most.usdPerMonth <= rule.usdPerMonth) return undefined;
  // Who is above it already, since the policy came later, can mend what runs and make it cheaper.
  const was = environmentCost({ ...before, isAwake: true }, 'most').usdPerMonth;
  if (most.usdPerMonth < was + CENT) return undefined;
  const [first] = costByName(most);
  const line = first ? `, ${dollars(first.usdPerMonth)} of it for ${first.name}` : '';
  return {
    fact: `the environment would cost up to ${dollars(most.usdPerMonth)} USD a month${line}, and may cost ${dollars(rule.usdPerMonth)}`,
    remedy: cheaperChange({ ...after, isAwake: true }, rule.usdPerMonth),
  };
}
