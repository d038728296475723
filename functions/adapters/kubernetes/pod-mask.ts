/** Hides the values of a deployment's sensitive variables in text that people see (I7). */
import type { V1Secret } from '@kubernetes/client-node';
import { createMask, type Mask } from '../../core/secrets/mask.ts';
import { isFileKey } from './manifests/volume-manifests.ts';

export type { Mask } from '../../core/secrets/mask.ts';

/** A mask of what Secrets of deployments hold. A whole file is no secret: those that are in it stand by themselves. */
export const maskSecrets = (secrets: readonly V1Secret[]): Mask =>
  createMask(
    secrets.flatMap(({ data }) =>
      Object.entries(data ?? {})
        .filter(([key]) => !isFileKey(key))
        .map(([, value]) => Buffer.from(value, 'base64').toString('utf8')),
    ),
  );
