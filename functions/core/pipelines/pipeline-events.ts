/** Types of events: pipelines, and what is promoted through them. */
import * as z from 'zod';
import { changesData, type EventDeclarations, failureData } from '../events/event-declaration.ts';

const promotionData = {
  promotion: z.string().describe('Id of the promotion.'),
  version: z.string().describe('Id of the version.'),
  fromEnvironment: z.string().describe('Where the version was taken from.'),
};
const { code, cause } = failureData;

export const pipelineEvents = {
  'pipeline.changed': {
    data: z.object(changesData),
    words: 'Pipeline changed',
  },
  'promotion.created': {
    data: z.object({
      ...promotionData,
      environments: z.array(z.string()).describe('Where it is to go, in that order.'),
    }),
    words: 'Promotion of {service} from {fromEnvironment} began, with version {version}',
  },
  'promotion.ended': {
    data: z.object({
      ...promotionData,
      state: z.enum(['succeeded', 'failed', 'canceled']),
      code: code.optional(),
      cause: cause.optional(),
    }),
    words: 'Promotion of {service} from {fromEnvironment}: {state}',
  },
  'promotion.cancel-requested': {
    data: z.object(promotionData),
    words: 'Promotion of {service} from {fromEnvironment} is to stop',
  },
} as const satisfies EventDeclarations;
