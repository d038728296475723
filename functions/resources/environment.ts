/** `environment`: the secrets of the environment, by their names. */
import * as z from 'zod';
import { environmentPartition, SECRET_PREFIX, secretPath } from '../core/keys.ts';
import type { SecretRecord, SecretReference } from '../core/model/index.ts';
import { requireDefaultClass } from './owner.ts';
import type { ResourceType } from './type.ts';

const PAGE = 1000;

export const environment: ResourceType = {
  type: 'environment',
  summary: 'The secrets of the environment: ${resources.env.API_KEY}.',
  outputs: 'dynamic',
  params: z.strictObject({}),
  owned: false,

  async provision({ store }, request) {
    requireDefaultClass(request);
    // Names are the users' own: `__proto__` must be one like any other.
    const found: [string, SecretReference][] = [];
    let after: string | undefined;
    do {
      const page = await store.query<SecretRecord>({
        pk: environmentPartition(request),
        prefix: SECRET_PREFIX,
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { data } of page.items) {
        found.push([data.name, { secret: secretPath(request, data.name), version: data.version }]);
      }
      after = page.next;
    } while (after !== undefined);
    return { values: {}, secrets: Object.fromEntries(found) };
  },
  deprovision: async () => undefined,
  inventory: async () => [],
};
