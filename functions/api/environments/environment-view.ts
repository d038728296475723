/** How environments are shown. */
import { z } from '@hono/zod-openapi';
import { formatDuration } from '../../core/duration.ts';
import type { Environment } from '../../core/model/index.ts';
import { compact, nameSchema, timeSchema } from '../http/schemas.ts';

export const protectionSchema = z
  .object({
    approval: z.boolean().openapi({ description: 'A second person approves each deployment.' }),
    rollbackWithoutApproval: z
      .boolean()
      .optional()
      .openapi({ description: 'Going back to what ran here before needs no approval.' }),
  })
  .openapi('Protection');

export const environmentSchema = z
  .object({
    project: nameSchema.openapi({ example: 'demo' }),
    name: nameSchema.openapi({ example: 'dev' }),
    id: z.string().openapi({ description: 'Differs between two of the same name, one after the other.' }),
    kind: z.enum(['persistent', 'ephemeral']),
    state: z.enum([
      'provisioning',
      'ready',
      'hibernating',
      'hibernated',
      'waking',
      'destroying',
      'destroyed',
      'failed',
    ]),
    idleAfter: z.string().optional().openapi({ example: '8h' }),
    hibernatesAt: timeSchema
      .optional()
      .openapi({ description: 'Not before this time; each request and deployment puts it off.' }),
    protection: protectionSchema.optional(),
    expiresAt: timeSchema.optional().openapi({ description: 'When it is destroyed.' }),
    lastActivityAt: timeSchema.openapi({
      description:
        'Of the last request or deployment. In lists, and where no idle rule asks for it, of the last that was recorded.',
    }),
    operation: z.string().optional().openapi({ description: 'The operation that changes its state.' }),
    leftovers: z
      .array(z.string())
      .optional()
      .openapi({ description: 'What could not be removed yet; it is tried again.' }),
    createdAt: timeSchema,
    createdBy: z.string().openapi({ example: 'administrator' }),
  })
  .openapi('Environment');

/**
 * The same with a request that its record does not know of yet: the record keeps a time only when the sweep looks.
 * @param lastRequest epoch milliseconds
 */
export function withLastRequest(environment: Environment, lastRequest: number | undefined): Environment {
  if (lastRequest === undefined || lastRequest <= Date.parse(environment.lastActivityAt)) return environment;
  return { ...environment, lastActivityAt: new Date(lastRequest).toISOString() };
}

export function environmentView(environment: Environment): z.infer<typeof environmentSchema> {
  const { project, name, id, kind, state, idleAfterSeconds: idle, expiresAt, lastActivityAt } = environment;
  return compact({
    project,
    name,
    id,
    kind,
    state,
    idleAfter: idle === undefined ? undefined : formatDuration(idle),
    hibernatesAt:
      idle === undefined || state !== 'ready'
        ? undefined
        : new Date(Date.parse(lastActivityAt) + idle * 1000).toISOString(),
    protection: environment.protection,
    expiresAt,
    lastActivityAt,
    operation: environment.operation,
    leftovers: environment.leftovers,
    createdAt: environment.createdAt,
    createdBy: environment.createdBy,
  });
}
