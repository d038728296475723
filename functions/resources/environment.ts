/** `environment`: the variables and secrets of the environment, by their names. */
import * as z from 'zod';
import { ENVIRONMENT_TYPE } from '../core/diff/deployment-diff.ts';
import { environmentPartition, SECRET_PREFIX, secretKey, secretPath, variablesKey } from '../core/keys.ts';
import type { SecretRecord, Variables } from '../core/model/index.ts';
import { usedOutputs } from '../core/score/references.ts';
import { readAll } from '../records/read-all.ts';
import { requireDefaultClass } from './owner.ts';
import { computed, type EnvironmentSecrets, type ResourceType } from './type.ts';

/** How many records of secrets are read at once. */
const PAGE = 100;

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
    return Object.fromEntries(
      stored.map(({ data: { name, version } }) => [name, { secret: secretPath(ref, name), version }]),
    );
  },
  /** A secret keeps its pinned version, unless that was revoked. */
  async repin({ store }, ref, pinned, used) {
    const names = Object.keys(pinned).filter((name) => used.has(name));
    const secrets = new Map(Object.entries(pinned));
    for (let at = 0; at < names.length; at += PAGE) {
      const page = names.slice(at, at + PAGE);
      const found = await store.getMany<SecretRecord>(page.map((name) => secretKey(ref, name)));
      for (const [position, item] of found.entries()) {
        const name = page[position] ?? '';
        const reference = secrets.get(name);
        const stage = item?.data.versions.find(({ version }) => version === reference?.version)?.stage;
        if (item && reference && stage === 'revoked')
          secrets.set(name, { ...reference, version: item.data.version });
      }
    }
    return Object.fromEntries(secrets);
  },
};

export const environment: ResourceType = {
  ...computed,
  type: ENVIRONMENT_TYPE,
  summary: 'The variables and secrets of the environment: ${resources.env.API_KEY}.',
  outputs: 'one for each variable and each secret of the environment, by its name.',
  params: z.strictObject({}),

  async provision(ports, request) {
    requireDefaultClass(request);
    // A deployment keeps the values that its workload refers to, and no others.
    const used = usedOutputs(request.workload);
    const names = new Set(
      Object.entries(request.workload.resources ?? {})
        .filter(([, { type }]) => type === ENVIRONMENT_TYPE)
        .flatMap(([name]) => [...(used.get(name) ?? [])]),
    );
    const variables = Object.entries(await environmentSecrets.variables(ports, request));
    return {
      values: Object.fromEntries(variables.filter(([name]) => names.has(name))),
      secrets: await environmentSecrets.current(ports, request),
    };
  },
  environmentSecrets,
};
