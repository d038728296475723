/** How operations are shown. */
import * as z from 'zod';
import { isTerminal, type Operation, type OperationStep } from '../../core/model/index.ts';
import { kindNames } from '../../core/operations/index.ts';
import type { Reply } from '../../records/commit.ts';
import { compact, errorSchema, membersOf, timeSchema } from '../http/schemas.ts';

export const statusSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'canceled', 'superseded']);

export const approvalSchema = z
  .object({
    state: z.enum(['pending', 'approved', 'rejected', 'expired', 'canceled']),
    requestedBy: z.string().meta({ description: 'Someone else has to approve.', example: 'user:ada' }),
    expiresAt: timeSchema.meta({ description: 'When it is given up.' }),
    decidedBy: z.string().optional().meta({ example: 'user:max' }),
    decidedAt: timeSchema.optional(),
  })
  .meta({ id: 'Approval', description: 'Where the environment asks for it; while pending, nothing starts.' });

const stepSchema = z
  .object({
    name: z.string().meta({ example: 'awaitRollout' }),
    attempt: z.int().meta({ description: '1 for the first try.', example: 1 }),
    status: statusSchema.exclude(['queued']),
    startedAt: timeSchema,
    endedAt: timeSchema.optional(),
    durationMs: z.int().optional().meta({ example: 840 }),
  })
  .meta({ id: 'OperationStep' });

const costSchema = z
  .object({
    units: z.record(z.string(), z.number()).meta({
      description: 'By the names of the price list, prices/us-east-1.json.',
      example: { 'states.transition': 6, 'dynamodb.writeRequestUnit': 31 },
    }),
    usd: z.number().meta({ description: 'At the list prices of us-east-1.', example: 0.000182 }),
  })
  .meta({
    id: 'Cost',
    description:
      'What it used of AWS until its latest change, each attempt of each step included; on one machine what it would ' +
      'have used there. Workloads, logs and traces are not in it.',
  });

/** Which operation it is, and of what. */
export const subjectFields = {
  id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
  kind: z.enum(kindNames),
  status: statusSchema,
  project: z.string().meta({ example: 'demo' }),
  environment: z.string().optional().meta({ example: 'dev' }),
  service: z.string().optional().meta({ example: 'guestbook' }),
  number: z.int().optional().meta({ description: 'The deployment that it carries out.', example: 3 }),
};

export const timeFields = {
  createdAt: timeSchema,
  createdBy: z.string().meta({ example: 'administrator' }),
  endedAt: timeSchema.optional(),
  durationMs: z.int().optional().meta({ example: 2140 }),
};

export const operationSchema = z
  .object({
    ...subjectFields,
    steps: z.array(stepSchema),
    cancelRequested: z.boolean().optional(),
    waitingFor: z
      .int()
      .optional()
      .meta({ description: 'Of a build that waits for its turn: how many begin before it.', example: 3 }),
    approval: approvalSchema.optional(),
    error: errorSchema.optional(),
    result: z.record(z.string(), z.unknown()).optional().meta({
      description: 'Of a build: `version`. Of a deployment: `number` and `url`. Of a run: `exitCode`.',
    }),
    cost: costSchema.optional(),
    ...timeFields,
    deadline: timeSchema.meta({ description: 'By then it has ended, one way or another.' }),
  })
  .meta({ id: 'Operation' });

/** Milliseconds; undefined until it has ended. */
export const durationOf = ({ createdAt, endedAt }: Pick<Operation, 'createdAt' | 'endedAt'>) =>
  endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(createdAt);

export function operationView(operation: Operation): z.infer<typeof operationSchema> {
  const { steps } = operation;
  return membersOf(operationSchema, {
    ...operation,
    steps: steps.map((step, at) => stepView(operation, step, steps[at + 1])),
    durationMs: durationOf(operation),
  });
}

/** A step lasts until the next one starts; a step that starts again had failed before. */
function stepView(operation: Operation, step: OperationStep, next: OperationStep | undefined) {
  const { name, attempt, startedAt } = step;
  const endedAt = next?.startedAt ?? operation.endedAt;
  return compact({
    name,
    attempt,
    status: stepStatus(operation, step, next),
    startedAt,
    endedAt,
    durationMs: endedAt === undefined ? undefined : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)),
  });
}

function stepStatus(operation: Operation, step: OperationStep, next: OperationStep | undefined) {
  if (next) return next.name === step.name ? 'failed' : 'succeeded';
  return operation.status === 'queued' ? 'running' : operation.status;
}

/** The answer to a request that begins an operation: 202 with the operation. */
export const acceptedReply = (operation: Operation): Reply => ({
  status: 202,
  body: operationView(operation),
  location: `/v1/operations/${operation.id}`,
});

export const acceptedAnswer = (summary: string) => ({ summary, schema: operationSchema, location: true });

export const hasEnded = (operation: Operation): boolean => isTerminal(operation.status);
