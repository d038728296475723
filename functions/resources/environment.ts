/** `environment`: the variables and secrets of the environment, by their names. */
import * as z from 'zod';
import { environmentPartition, SECRET_PREFIX, secretKey, secretPath, variablesKey } from '../core/keys.ts';
import type { EnvironmentRef, SecretRecord, SecretReference, Variables } from '../core/model/index.ts';
import { ENVIRONMENT_TYPE } from '../core/score/all-variables.ts';
import { usedOfType } from '../core/score/references.ts';
import { sourceText } from '../core/secrets/secret-source.ts';
import type { Ports } from '../ports/index.ts';
import { readAll } from '../records/read-all.ts';
import { pinSource, requireAllowed } from './kept-elsewhere.ts';
import { requireDefaultClass } from './owner.ts';
import { computed, type EnvironmentSecrets, type ResourceType } from './type.ts';

/** How many records of secrets are read at once. */
const PAGE = 100;

/** What a secret is now, wherever it is kept; not pinned. */
function todayOf(ref: EnvironmentRef, { name, version, versions }: SecretRecord): SecretReference {
  const source = versions.find((one) => one.version === version)?.source;
  const secret = secretPath(ref, name);
  return source ? { secret, version: sourceText(source), source } : { secret, version };
}

/** Whether a version can not be had any more; one that the record does not list may be older than those, or of a deleted secret. */
async function isGone(
  { secrets }: Pick<Ports, 'secrets'>,
  { versions }: SecretRecord,
  { secret, version, source }: SecretReference,
): Promise<boolean> {
  const stage = versions.find((one) => one.version === version)?.stage;
  if (stage !== undefined) return stage === 'revoked';
  return source === undefined && (await secrets.get(secret, version)) === undefined;
}

const environmentSecrets: EnvironmentSecrets = {
  async variables({ store }, ref) {
    const item = await store.get<Variables>(variablesKey(ref));
    return Object.fromEntries(
      Object.entries(item?.data.variables ?? {}).map(([name, { value }]) => [name, value]),
    );
  },
  async current({ store }, ref) {
    const stored = await readAll<SecretRecord>(store, environmentPartition(ref), SECRET_PREFIX);
    // Users choose the names: `__proto__` must be a name like any other.
    return Object.fromEntries(stored.map(({ data }) => [data.name, todayOf(ref, data)]));
  },
  async pin(ports, { project }, current, used) {
    const references = Object.entries(current).map(async ([name, reference]) => {
      const { source } = reference;
      const pinned = source && used.has(name) && (await pinSource(ports, project, source));
      return [name, pinned ? { ...reference, ...pinned } : reference] as const;
    });
    return Object.fromEntries(await Promise.all(references));
  },
  /**
   * A secret keeps its pinned version, unless that was revoked, or went with a secret of the name that was deleted: then it is
   * today's, which may be kept elsewhere since.
   */
  async repin(ports, ref, pinned, used) {
    const { store } = ports;
    const names = Object.keys(pinned).filter((name) => used.has(name));
    const secrets = new Map(Object.entries(pinned));
    const replaced = new Map<string, SecretReference>();
    // What a project may no longer refer to does not come back by a rollback.
    await requireAllowed(
      ports,
      ref.project,
      names.flatMap((name) => secrets.get(name)?.source ?? []),
    );
    for (let at = 0; at < names.length; at += PAGE) {
      const page = names.slice(at, at + PAGE);
      const found = await store.getMany<SecretRecord>(page.map((name) => secretKey(ref, name)));
      for (const [position, item] of found.entries()) {
        const name = page[position] ?? '';
        const reference = secrets.get(name);
        if (item && reference && (await isGone(ports, item.data, reference)))
          replaced.set(name, todayOf(ref, item.data));
      }
    }
    const today = await environmentSecrets.pin(ports, ref, Object.fromEntries(replaced), used);
    return Object.fromEntries([...secrets, ...Object.entries(today)]);
  },
};

export const environment: ResourceType = {
  ...computed,
  type: ENVIRONMENT_TYPE,
  summary: 'The variables and secrets of the environment: ${resources.env.API_KEY}.',
  leaving: 'written',
  outputs: 'one for each variable and each secret of the environment, by its name.',
  params: z.strictObject({}),

  async provision(ports, request) {
    requireDefaultClass(request);
    // A deployment keeps the values that its workload refers to, and no others.
    const names = usedOfType(request.workload, ENVIRONMENT_TYPE);
    const variables = Object.entries(await environmentSecrets.variables(ports, request));
    return {
      values: Object.fromEntries(variables.filter(([name]) => names.has(name))),
      secrets: await environmentSecrets.pin(
        ports,
        request,
        await environmentSecrets.current(ports, request),
        names,
      ),
    };
  },
  environmentSecrets,
};
