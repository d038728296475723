/** Policies: kept by project and for the platform, and enforced when a deployment is accepted and when it starts. */

import { changesOf } from '../../core/field-changes.ts';
import { concerns, type DeploymentFacts, evaluatePolicy } from '../../core/guardrails/evaluate.ts';
import type { Policy, PolicyScope, Violation } from '../../core/guardrails/policy-types.ts';
import { PLATFORM_POLICIES, policiesKey, projectKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import { type DeploymentDetail, type InstanceRef, PLATFORM } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store, Write } from '../../ports/store.ts';
import { type Caller, commit, missing, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { budgetFacts } from '../costs/budget-facts.ts';
import { findVersion } from '../versions/versions.ts';

/** The most policies of a project, and of the platform. */
export const POLICIES_MAX = limits.policies.value;

/** The most patterns in all of those policies together: a deployment may be compared with each of them. */
export const PATTERNS_MAX = limits.policyPatterns.value;

const patternsOf = ({ environments = [], rule }: Pick<Policy, 'environments' | 'rule'>): number =>
  environments.length + (rule.kind === 'branches' ? rule.branches.length : 0);

/** All policies of a scope. They are one record, so that a deployment reads them at once. */
export interface PolicySet {
  policies: Policy[];
}

/** The owner of policies: a project, or the platform where no project is given. */
export interface PolicyOwner {
  project?: string;
}

const keyOf = ({ project }: PolicyOwner) => policiesKey(project ?? PLATFORM_POLICIES);

/** @throws Problem not_found (project) */
export async function readPolicies(store: Store, owner: PolicyOwner): Promise<Item<PolicySet> | undefined> {
  if (owner.project !== undefined) await getProject(store, owner.project);
  return store.get<PolicySet>(keyOf(owner));
}

/** @throws Problem not_found */
export async function getPolicy(store: Store, owner: PolicyOwner, name: string): Promise<Policy> {
  const set = await readPolicies(store, owner);
  const policy = set?.data.policies.find((one) => one.name === name);
  if (policy) return policy;
  throw missing(`policy "${name}"`, 'List the policies that there are.');
}

export type NewPolicy = Omit<Policy, 'updatedAt' | 'updatedBy'>;

/**
 * Adds a policy, or replaces the one with the same name.
 * @throws Problem not_found (project) | conflict (too many)
 */
export function putPolicy(
  ports: Ports,
  caller: Caller,
  owner: PolicyOwner,
  input: NewPolicy,
): Promise<{ policy: Policy; created: boolean }> {
  return retryOnConflict(async () => {
    const set = await readPolicies(ports.store, owner);
    const policies = set?.data.policies ?? [];
    const before = policies.find(({ name }) => name === input.name);
    if (!before && policies.length >= POLICIES_MAX) {
      throw new Problem('conflict', `There are ${POLICIES_MAX} policies already, which are the most.`, {
        hint: 'Delete one that is no longer needed, or put several into one.',
      });
    }
    const updatedAt = new Date(ports.effects.now()).toISOString();
    const policy: Policy = { ...input, updatedAt, updatedBy: caller.actor };
    const others = policies.filter(({ name }) => name !== input.name);
    const patterns = [...others, policy].reduce((sum, one) => sum + patternsOf(one), 0);
    if (patterns > PATTERNS_MAX) {
      throw new Problem(
        'conflict',
        `All policies together would have ${patterns} patterns of environments and branches, ${PATTERNS_MAX} at most.`,
        { hint: 'Let one pattern with a wildcard stand for several, or delete what is no longer needed.' },
      );
    }
    const result = { policy, created: !before };
    await commit(ports, caller, {
      writes: setWrites(owner, set, [...others, policy]),
      events: [
        {
          project: owner.project ?? PLATFORM,
          type: before ? 'policy.changed' : 'policy.created',
          data: { policy: input.name, changes: changesOf(before ?? {}, policy) },
        },
      ],
      result,
    });
    return result;
  });
}

/** @throws Problem not_found */
export function deletePolicy(ports: Ports, caller: Caller, owner: PolicyOwner, name: string): Promise<void> {
  return retryOnConflict(async () => {
    await getPolicy(ports.store, owner, name);
    const set = await readPolicies(ports.store, owner);
    const left = (set?.data.policies ?? []).filter((one) => one.name !== name);
    await commit(ports, caller, {
      writes: setWrites(owner, set, left),
      events: [{ project: owner.project ?? PLATFORM, type: 'policy.deleted', data: { policy: name } }],
    });
  });
}

function setWrites(owner: PolicyOwner, set: Item<PolicySet> | undefined, policies: Policy[]): Write[] {
  const key = keyOf(owner);
  const condition = set ? { version: set.version } : ('absent' as const);
  const sorted = policies.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [
    { put: { ...key, data: { policies: sorted } }, if: condition },
    ...(owner.project === undefined ? [] : [{ check: projectKey(owner.project), if: 'present' as const }]),
  ];
}

/** The part of a deployment that policies ask about. */
export type Judged = Pick<
  DeploymentDetail,
  'kind' | 'version' | 'digest' | 'workload' | 'replicas' | 'processes'
>;

interface Scoped {
  scope: PolicyScope;
  policy: Policy;
}

/**
 * The policies that a deployment does not meet, with the reasons.
 * @param at epoch milliseconds
 */
export async function violationsOf(
  ports: Ports,
  ref: InstanceRef,
  content: Judged,
  at: number,
): Promise<Violation[]> {
  const [own, platform] = await ports.store.getMany<PolicySet>([
    policiesKey(ref.project),
    policiesKey(PLATFORM_POLICIES),
  ]);
  const scoped = (scope: PolicyScope, set: Item<PolicySet> | undefined): Scoped[] =>
    (set?.data.policies ?? []).map((policy) => ({ scope, policy }));
  return judge(ports, ref, content, at, [...scoped('platform', platform), ...scoped('project', own)]);
}

/**
 * Facts are gathered only where a policy asks for them.
 * @param isPast whether the deployment has been made, so that what is there now is no state before it
 */
export async function judge(
  ports: Ports,
  ref: InstanceRef,
  content: Judged,
  at: number,
  policies: readonly Scoped[],
  isPast = false,
): Promise<Violation[]> {
  const { environment } = ref;
  const relevant = policies.filter(({ policy }) => concerns(policy, { environment, kind: content.kind }));
  if (relevant.length === 0) return [];
  const asks = (kind: Policy['rule']['kind']): boolean =>
    relevant.some(({ policy }) => policy.rule.kind === kind);
  const [{ data: version }, findings, signatures] = await Promise.all([
    findVersion(ports.store, ref, content.version),
    asks('scan') ? ports.registry.findings(ref, content.digest) : undefined,
    asks('signature') ? ports.registry.signatures(ref, content.digest) : [],
  ]);
  const { kind, digest, workload, replicas, processes } = content;
  const { source } = version;
  const scaled = { ...(replicas !== undefined && { replicas }), ...(processes && { processes }) };
  const own = { environment, kind, at, digest, workload, ...scaled };
  const cost = asks('budget') ? await budgetFacts(ports, ref, content, isPast) : undefined;
  const facts: DeploymentFacts = { ...own, source, findings, signatures, ...(cost && { cost }) };
  return relevant.flatMap(({ policy, scope }) => evaluatePolicy(policy, scope, facts) ?? []);
}

/** The refusal. It names the policy, what was found, and what would meet the policy. */
export function violationProblem(ref: InstanceRef, violations: readonly Violation[]): Problem {
  const told = violations.map(
    ({ policy, scope, fact }) =>
      `the policy "${policy}" of the ${scope === 'platform' ? 'platform' : `project "${ref.project}"`} is not met: ${fact}`,
  );
  const remedies = [...new Set(violations.map(({ remedy }) => remedy))];
  return new Problem(
    'policy_violation',
    `"${ref.service}" was not deployed to "${ref.environment}": ${told.join('; ')}.`,
    { hint: remedies.join(' '), extra: { violations } },
  );
}

/**
 * Refuses a deployment that violates a policy, and records an event of the refusal.
 * @throws Problem policy_violation
 */
export async function enforcePolicies(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  content: Judged,
): Promise<void> {
  const violations = await violationsOf(ports, ref, content, ports.effects.now());
  if (violations.length === 0) return;
  const { project, environment, service } = ref;
  const { kind, version } = content;
  const { idempotency: _kept, together: _theirs, ...plain } = caller;
  await commit(ports, plain, {
    writes: [],
    events: [
      { project, environment, service, type: 'deployment.refused', data: { kind, version, violations } },
    ],
  });
  throw violationProblem(ref, violations);
}
