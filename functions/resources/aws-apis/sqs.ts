/** `sqs`: a queue of its own, with a key that opens it alone. */
import * as z from 'zod';
import { HOURS } from '../../core/costs/monthly-use.ts';
import type { ResourceType } from '../type.ts';
import { keyOutputs, withAccessKeys } from './access-keys.ts';

const MIB = 2 ** 20;
/** In the reckoning of costs: one program asks for messages all the time, and each time waits for 20 s. */
const REQUESTS = (HOURS * 3600) / 20;
/** As SQS has it where nothing is said. */
const VISIBILITY_SECONDS = 30;

const params = z.strictObject({
  fifo: z
    .boolean()
    .optional()
    .describe(
      'Whether messages are given in the order they came in, each once; false without it. It never changes.',
    ),
  visibility_timeout: z
    .int()
    .min(0)
    .max(43_200)
    .optional()
    .describe(
      `So many seconds a message is hidden that was received, before it is given again; ${VISIBILITY_SECONDS} without it.`,
    ),
});

export const sqs: ResourceType = {
  type: 'sqs',
  summary:
    'A queue of its own, by the API of SQS, with a key that opens it alone. On one machine and on AWS.',
  leaving: {
    todo: 'Make a queue in your AWS account, let the workers empty this one, and write its URL and keys where the manifests have these.',
  },
  outputs: {
    url: { secret: false, summary: 'The URL of the queue, which clients call QueueUrl.' },
    name: { secret: false, summary: 'The name of the queue.' },
    arn: { secret: false, summary: 'The ARN of the queue.' },
    ...keyOutputs,
  },
  params,
  monthlyUse: () => ({ awake: { 'sqs.request': REQUESTS }, always: {} }),
  ...withAccessKeys({
    kind: 'queue',
    noun: 'queue',
    sizes: { default: 64 * MIB, small: 64 * MIB, large: 512 * MIB, dedicated: 64 * MIB },
    spec(given) {
      const { fifo = false, visibility_timeout: visibilitySeconds = VISIBILITY_SECONDS } =
        params.parse(given);
      return { fifo, visibilitySeconds };
    },
    values: ({ url = '', name, arn }) => ({ url, name, arn }),
  }),
};
