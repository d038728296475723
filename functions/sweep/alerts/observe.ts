/** What is to be seen in an environment for its alert rules. */
import { environmentFacts } from '../../commands/costs/environment-facts.ts';
import {
  judgeBackups,
  judgeBudget,
  judgeCertificate,
  judgeJob,
  judgeOperation,
} from '../../core/alerts/judge-records.ts';
import { environmentCost } from '../../core/costs/environment-cost.ts';
import { isMeant } from '../../core/guardrails/budget.ts';
import { concerns } from '../../core/guardrails/evaluate.ts';
import type { Policy } from '../../core/guardrails/policy-types.ts';
import {
  BACKUP_PLAN_PREFIX,
  backupPrefix,
  DOMAIN_PREFIX,
  environmentPartition,
  JOB_PREFIX,
} from '../../core/keys.ts';
import type {
  AlertCondition,
  AlertFinding,
  AlertRule,
  AlertWatch,
  Backup,
  BackupPlan,
  Domain,
  Environment,
  Job,
  Operation,
  RestartMarks,
} from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { readAll } from '../../records/read-all.ts';
import { startable } from '../../workflows/environment-state.ts';
import { observeService } from './observe-services.ts';

export interface Look {
  /** Operations that are due for their end, of all projects. */
  overdue(): Promise<readonly Operation[]>;
  /** Records are read in this look too; others look at figures alone. */
  readsRecords: boolean;
  /** Policies of the project and of the platform, by the names that alerts have them by; empty where records are not read. */
  policies: ReadonlyMap<string, Policy>;
  /** The clock says how old things are: it has not jumped lately. */
  judgesAges: boolean;
}

export interface Seen {
  /** What was found, by rule. Of a rule that is missing here nothing is known. */
  found: Map<string, AlertFinding[]>;
  restarts: Record<string, RestartMarks>;
}

/** @param rules those that hold in the environment */
export async function observe(
  ports: Ports,
  environment: Environment,
  rules: readonly AlertRule[],
  watch: AlertWatch,
  look: Look,
): Promise<Seen> {
  const found = new Map<string, AlertFinding[]>();
  const restarts: Record<string, RestartMarks> = {};
  const ofServices = rules.filter(({ when }) => figures.has(when.kind));
  // On its way between two states nothing that is seen says much.
  const isAwake = environment.state === 'ready';
  if (isAwake || environment.state === 'hibernated') for (const { name } of ofServices) found.set(name, []);
  if (isAwake && ofServices.length > 0) {
    // Side by side: a place that does not answer is waited for once.
    const seenOf = await Promise.all(
      startable(environment).map(async (instance) => ({
        service: instance.service,
        seen: await observeService(ports, instance, ofServices, watch.restarts[instance.service]),
      })),
    );
    for (const { service, seen } of seenOf) {
      for (const { rule, finding } of seen.findings) found.get(rule)?.push(finding);
      if (seen.restarts) restarts[service] = seen.restarts;
    }
  } else Object.assign(restarts, watch.restarts);
  if (look.readsRecords)
    for (const { name, when } of rules) {
      // Jobs and backups of what sleeps are not run, and are neither better nor worse for it.
      if (!isAwake && (when.kind === 'job' || when.kind === 'backup')) continue;
      const findings = await recordFindings(ports, environment, when, look);
      if (findings) found.set(name, findings);
    }
  return { found, restarts };
}

const figures: ReadonlySet<AlertCondition['kind']> = new Set(['error-rate', 'latency', 'crash-loop']);

/** Undefined for conditions that are not about records, and for what the clock can not tell now. */
async function recordFindings(
  { store, effects }: Ports,
  environment: Environment,
  when: AlertCondition,
  look: Look,
): Promise<AlertFinding[] | undefined> {
  // What a job did last, and what a month costs, is known whatever the clock says; all else is a matter of age.
  if (!look.judgesAges && when.kind !== 'job' && when.kind !== 'budget') return undefined;
  const now = effects.now();
  const ref = { project: environment.project, environment: environment.name };
  const pk = environmentPartition(ref);
  switch (when.kind) {
    case 'job':
      return (await readAll<Job>(store, pk, JOB_PREFIX))
        .filter(({ data }) => data.environmentId === environment.id)
        .map(({ data }) => ({
          subject: `${data.service}/${data.name}`,
          service: data.service,
          ...judgeJob(data, now, look.judgesAges),
        }));
    case 'backup':
      return Promise.all(
        (await readAll<BackupPlan>(store, pk, BACKUP_PLAN_PREFIX))
          .filter(({ data }) => data.environmentId === environment.id && data.schedule !== undefined)
          .map(async ({ data: plan }) => {
            const backups = await readAll<Backup>(store, pk, backupPrefix(plan.resource));
            const judged = judgeBackups(
              plan,
              backups.map(({ data }) => data),
              when.intervals,
              now,
            );
            return { subject: plan.resource, ...judged };
          }),
      );
    case 'certificate':
      return (await readAll<Domain>(store, pk, DOMAIN_PREFIX)).flatMap(({ data }) =>
        data.certificate && data.environmentId === environment.id && data.suspendedAt === undefined
          ? [
              {
                subject: data.name,
                service: data.service,
                ...judgeCertificate(data.certificate, when.days, now),
              },
            ]
          : [],
      );
    case 'operation':
      return (await look.overdue())
        .filter(({ project, environment: name }) => project === ref.project && name === ref.environment)
        .map((operation) => ({
          subject: operation.id,
          ...(operation.service !== undefined && { service: operation.service }),
          ...judgeOperation(operation, when.graceSeconds, now),
        }));
    case 'budget':
      return budgetFindings(store, environment, when.percent, look.policies);
    default:
      return undefined;
  }
}

/** Each budget that the environment has, by what it may cost: a month awake, with all replicas to which it may scale. */
async function budgetFindings(
  store: Ports['store'],
  environment: Environment,
  percent: number,
  policies: Look['policies'],
): Promise<AlertFinding[]> {
  const { kind, name, protection } = environment;
  const budgets = [...policies].flatMap(([subject, { rule, ...policy }]) =>
    rule.kind === 'budget' &&
    concerns(policy, { environment: name, kind: 'deploy' }) &&
    isMeant(rule, { kind, isProtected: protection !== undefined })
      ? [{ policy: subject, budget: rule.usdPerMonth }]
      : [],
  );
  if (budgets.length === 0) return [];
  // What is stopped counts, as it does where a deployment is refused.
  const [facts] = await environmentFacts(store, [environment], { stopped: true });
  if (!facts) return [];
  const { usdPerMonth } = environmentCost({ ...facts, isAwake: true }, 'most');
  return budgets.map((budget) => ({ subject: budget.policy, ...judgeBudget(percent, budget, usdPerMonth) }));
}
