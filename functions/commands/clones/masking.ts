/** How a project masks data that are copied, and which data may be copied at all. */
import { SqlFault, statementsIn } from '../../core/clones/sql-statements.ts';
import { environmentPartition, maskingKey, projectKey, RESOURCE_PREFIX } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Environment, Masking, MaskingRule, Resource } from '../../core/model/index.ts';
import type { ProvisionWithDataInput } from '../../core/operations/kinds/provision-with-data.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { findResourceType } from '../../resources/index.ts';

/** There is always one; that of a project that has set none has no rules. @throws Problem not_found (project) */
export async function readMasking(
  store: Store,
  project: string,
): Promise<{ rules: MaskingRule[]; item?: Item<Masking> }> {
  const item = await store.get<Masking>(maskingKey(project));
  if (item) return { rules: item.data.rules, item };
  await getProject(store, project);
  return { rules: [] };
}

/** @throws Problem invalid_request */
function check(rules: readonly MaskingRule[]): void {
  const size = rules.reduce((sum, { sql }) => sum + sql.length, 0);
  if (size > limits.maskingSql.value)
    throw invalid(`The SQL of all rules has ${size} characters, and ${limits.maskingSql.value} is the most.`);
  for (const [at, { resource, sql }] of rules.entries()) {
    if (rules.findIndex((rule) => rule.resource === resource) !== at)
      throw invalid(`The resource "${resource}" has two rules.`);
    if (statementsOf(resource, sql).length === 0 && sql.trim() !== '')
      throw invalid(
        `The SQL for "${resource}" has no statement. Where there is nothing to mask, send an empty text.`,
      );
  }
}

function statementsOf(resource: string, sql: string): string[] {
  try {
    return statementsIn(sql);
  } catch (error) {
    if (!(error instanceof SqlFault)) throw error;
    throw invalid(`The SQL for "${resource}" can not be read: ${error.message}.`);
  }
}

const invalid = (detail: string): Problem =>
  new Problem('invalid_request', detail, {
    hint: 'Send statements that end in semicolons, one rule a resource. They run in one transaction that is begun for them.',
  });

/** @throws Problem not_found (project) | invalid_request | precondition_failed */
export function putMasking(
  ports: Ports,
  caller: Caller,
  project: string,
  rules: MaskingRule[],
  { ifMatch }: { ifMatch?: string } = {},
): Promise<Item<Masking>> {
  check(rules);
  return retryOnConflict(async () => {
    const { item: before } = await readMasking(ports.store, project);
    checkIfMatch(before, ifMatch);
    const updatedAt = new Date(ports.effects.now()).toISOString();
    const createdAt = before?.data.createdAt ?? updatedAt;
    const data: Masking = { project, rules, createdAt, updatedAt, updatedBy: caller.actor };
    const key = maskingKey(project);
    const result = { ...key, data, version: (before?.version ?? 0) + 1 };
    await commit(ports, caller, {
      writes: [
        { put: { ...key, data }, if: before ? { version: before.version } : 'absent' },
        { check: projectKey(project), if: 'present' },
      ],
      events: [
        { project, type: 'masking.changed', data: { resources: rules.map(({ resource }) => resource) } },
      ],
      result,
    });
    return result;
  });
}

/** What of an environment has data that can be copied. */
export async function copyable(store: Store, { project, name }: Environment): Promise<Resource[]> {
  const ref = { project, environment: name };
  const items = await readAll<Resource>(store, environmentPartition(ref), RESOURCE_PREFIX);
  return items.flatMap(({ data }) =>
    data.state === 'ready' && findResourceType(data.type)?.copies ? [data] : [],
  );
}

/**
 * The data of an environment for another one, where each of its databases has a rule.
 * @throws Problem masking_required
 */
export async function maskedDataOf(store: Store, from: Environment): Promise<ProvisionWithDataInput> {
  const { rules } = await readMasking(store, from.project);
  const masking = maskingOf(rules, from, true);
  for (const { uid } of await copyable(store, from)) masking(uid);
  return { from: from.name, fromId: from.id, masked: true };
}

/**
 * The statements that mask a resource's data, by its uid; undefined where they are copied as they are. Where a project masks
 * anything, or the environment is protected, what has no rule is not copied: a new database would be forgotten.
 * @param masked whoever asked may have them masked alone
 * @throws Problem masking_required
 */
export function maskingOf(
  rules: readonly MaskingRule[],
  { name, protection }: Environment,
  masked = false,
): (uid: string) => string[] | undefined {
  return (uid) => {
    const rule = rules.find(({ resource }) => resource === uid);
    if (rule) return statementsIn(rule.sql);
    if (rules.length === 0 && !protection && !masked) return undefined;
    const masks = rules.length > 0 ? 'the project masks what is copied' : 'its data may be had masked alone';
    const why = protection ? `environment "${name}" is protected` : masks;
    throw new Problem('masking_required', `"${uid}" is not copied without masking: ${why}.`, {
      hint: 'Have an administrator set a rule for it with PUT .../masking; one without SQL says that there is nothing to mask in it.',
    });
  };
}
