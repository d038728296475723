/** `s3`: a bucket of its own, with a key that opens it alone. */
import * as z from 'zod';
import type { ResourceType } from '../type.ts';
import { keyOutputs, withAccessKeys } from './access-keys.ts';

const GIB = 2 ** 30;
/** The size of its data in the reckoning of costs, which nobody measures. */
const DATA_GB = 1;

export const s3: ResourceType = {
  type: 's3',
  summary:
    'A bucket of its own, by the API of S3, with a key that opens it alone. On one machine and on AWS.',
  leaving: {
    todo: 'Make a bucket in your AWS account, copy the objects with aws s3 sync, and write its name and keys where the manifests have these.',
  },
  outputs: { bucket: { secret: false, summary: 'The name of the bucket.' }, ...keyOutputs },
  params: z.strictObject({}),
  monthlyUse: () => ({ awake: {}, always: { 's3.gbMonth': DATA_GB } }),
  ...withAccessKeys({
    kind: 'bucket',
    noun: 'bucket',
    sizes: { default: GIB, small: GIB, large: 16 * GIB, dedicated: GIB },
    spec: () => ({ fifo: false, visibilitySeconds: 0 }),
    values: ({ name }) => ({ bucket: name }),
  }),
};
