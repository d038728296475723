/** `volume`: files that outlive deployments. */

import * as z from 'zod';
import { GIB } from '../core/costs/monthly-use.ts';
import { limits } from '../core/limits.ts';
import { parseMemory, readMemory } from '../core/score/quantities.ts';
import { requireDefaultClass, resourceLabel } from './owner.ts';
import type { ResourceIdentity, ResourceType } from './type.ts';

const DEFAULT_SIZE = '1Gi';
/** Bytes; what a file system or a cloud's disk takes. */
const SIZE_MIN = 2 ** 20;
const SIZE_MAX = limits.volume.value;

const params = z.strictObject({
  size: z
    .string()
    .refine(
      (text) => {
        const bytes = readMemory(text);
        return bytes !== undefined && bytes >= SIZE_MIN && bytes <= SIZE_MAX;
      },
      { error: 'must be between 1Mi and 16Ti, such as "1Gi"' },
    )
    .optional()
    .describe('Between `1Mi` and `16Ti`; `1Gi` without it. On one machine the size is not enforced.'),
});

/** A name that is valid both as a file name and as a Kubernetes name. */
const nameOf = (request: Pick<ResourceIdentity, 'id' | 'uid'>): string => resourceLabel(request, 40);

export const volume: ResourceType = {
  type: 'volume',
  summary:
    'Files that outlive deployments, mounted by containers. On one machine nothing is mounted: what is declared at `/data` is at `$BERTH_ROOT/data`.',
  outputs: { source: { secret: false, summary: 'What a container’s volume names as its source.' } },
  params,
  owned: true,
  leaving: 'anew',

  async provision({ workloads }, request, stillOwned) {
    requireDefaultClass(request);
    await stillOwned?.();
    const { size = DEFAULT_SIZE } = params.parse(request.params);
    const source = await workloads.ensureVolume(request, nameOf(request), parseMemory(size));
    return { values: { source }, secrets: {} };
  },

  deprovision: ({ workloads }, request) => workloads.removeVolume(request, nameOf(request)),

  async inventory({ workloads }, request) {
    const name = nameOf(request);
    const left = await workloads.inventory(request);
    // Adapters list leftovers in words; the name ends in a hash, so it can not be part of another name.
    return left.filter((text) => text.includes(name));
  },

  monthlyUse: ({ params: { size } }) => {
    // A size that is a placeholder still is known once it is made.
    const bytes = readMemory(typeof size === 'string' ? size : DEFAULT_SIZE) ?? parseMemory(DEFAULT_SIZE);
    return { awake: {}, always: { 'ebs.gbMonth': bytes / GIB } };
  },

  size: ({ size }) => (typeof size === 'string' ? size : undefined),
};
