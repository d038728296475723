/** Alert rules, alerts and silences, as the API has them. */
import * as z from 'zod';
import { alertEnds, alertKinds } from '../../core/alerts/alert-types.ts';
import { formatDuration } from '../../core/duration.ts';
import { limits } from '../../core/limits.ts';
import type { AlertCondition, AlertRule } from '../../core/model/index.ts';
import { compact, durationSchema, lineSchema, nameSchema, timeSchema } from '../http/schemas.ts';

const LONGEST = limits.alertSeconds.value;

const minRequests = z.int().min(1).max(1_000_000).meta({
  description: 'With fewer requests in the window nothing fires.',
  example: 50,
});

const patternSchema = z
  .string()
  .regex(/^[a-z0-9*-]{1,40}$/, 'must be the name of an environment, or a pattern with "*"')
  .refine((text) => (text.match(/\*+/g) ?? []).length <= 5, 'must have at most five wildcards');

/** A rule. @param duration of how long something takes: text, that is read as seconds where it comes from outside */
function ruleForm<Duration extends z.ZodType>(
  duration: (bounds: { min: number; max: number }, description: string) => Duration,
) {
  const window = duration({ min: 60, max: LONGEST }, 'Over which figures are taken together: 1m to 1h.');
  const conditions = [
    z.strictObject({
      kind: z.literal('error-rate'),
      percent: z
        .number()
        .min(0)
        .max(100)
        .meta({ description: 'More answers with 5xx than that.', example: 5 }),
      minRequests,
      window,
    }),
    z.strictObject({
      kind: z.literal('latency'),
      p99Ms: z.int().min(1).max(600_000).meta({
        description: 'Half of the requests are in ten-second samples whose p99 is higher.',
        example: 800,
      }),
      minRequests,
      window,
    }),
    z.strictObject({
      kind: z.literal('crash-loop'),
      restarts: z.int().min(2).max(30).meta({ description: 'Of all replicas together.', example: 5 }),
      window,
    }),
    z.strictObject({ kind: z.literal('job') }),
    z.strictObject({
      kind: z.literal('backup'),
      intervals: z.int().min(1).max(30).meta({ description: 'Times the interval of the plan.', example: 2 }),
    }),
    z.strictObject({ kind: z.literal('certificate'), days: z.int().min(1).max(90).meta({ example: 14 }) }),
    z.strictObject({
      kind: z.literal('operation'),
      grace: duration({ min: 60, max: LONGEST }, 'How long after its bound: 1m to 1h.'),
    }),
    z.strictObject({
      kind: z.literal('budget'),
      percent: z.number().min(1).max(1000).meta({
        description: 'More of what a policy of the kind `budget` lets the environment cost in a month.',
        example: 80,
      }),
    }),
  ] as const;
  const bounds = { min: 1, max: LONGEST };
  return z.strictObject({
    name: nameSchema.meta({ example: 'error-rate' }),
    when: z
      .discriminatedUnion('kind', conditions, {
        error: ({ code }) =>
          code === 'invalid_union' ? `must have a "kind" that is ${alertKinds.join(' or ')}` : undefined,
      })
      .meta({ description: 'What the rule looks at.' }),
    environments: z
      .array(patternSchema)
      .min(1)
      .max(20)
      .optional()
      .meta({ description: 'Where it holds; `*` stands for any text. Everywhere by default.' }),
    ephemeral: z.boolean().optional().meta({ description: 'It holds in ephemeral environments too.' }),
    for: duration(bounds, 'How long it has to hold before it fires; at once by default.').optional(),
    clearAfter: duration(
      bounds,
      'How long it must not hold before it is over; at once by default.',
    ).optional(),
  });
}

const ruleBody = ruleForm(durationSchema);
const ruleSchema = ruleForm((_, description) => z.string().meta({ description, example: '5m' })).meta({
  id: 'AlertRule',
});

export const rulesBody = z.strictObject({
  rules: z
    .array(ruleBody)
    .max(limits.alertRules.value)
    .refine(
      (rules) => new Set(rules.map(({ name }) => name)).size === rules.length,
      'must have different names',
    )
    .nullable()
    .meta({ description: 'All that are to hold; null puts the defaults back.' }),
});

export const rulesSchema = z
  .object({
    rules: z.array(ruleSchema),
    isDefault: z.boolean().meta({ description: 'Nobody has set any.' }),
    updatedAt: timeSchema.optional(),
    updatedBy: z.string().optional().meta({ example: 'user:ada' }),
  })
  .meta({ id: 'AlertRules' });

function conditionOf(when: z.output<typeof ruleBody>['when']): AlertCondition {
  switch (when.kind) {
    case 'error-rate':
    case 'latency':
    case 'crash-loop': {
      const { window: windowSeconds, ...rest } = when;
      return { ...rest, windowSeconds };
    }
    case 'operation':
      return { kind: when.kind, graceSeconds: when.grace };
    default:
      return when;
  }
}

export const ruleOf = (rule: z.output<typeof ruleBody>): AlertRule => ({
  name: rule.name,
  when: conditionOf(rule.when),
  ...(rule.environments && { environments: rule.environments }),
  ...(rule.ephemeral && { ephemeral: true }),
  forSeconds: rule.for ?? 0,
  clearSeconds: rule.clearAfter ?? 0,
});

function conditionView(when: AlertCondition): Record<string, unknown> {
  if ('windowSeconds' in when) {
    const { windowSeconds, ...rest } = when;
    return { ...rest, window: formatDuration(windowSeconds) };
  }
  if ('graceSeconds' in when) return { kind: when.kind, grace: formatDuration(when.graceSeconds) };
  return { ...when };
}

const some = (seconds: number): string | undefined => (seconds > 0 ? formatDuration(seconds) : undefined);

/** In the form that it is sent in. */
export const ruleView = ({ name, when, environments, ephemeral, forSeconds, clearSeconds }: AlertRule) =>
  compact({
    name,
    when: conditionView(when),
    environments,
    ephemeral,
    for: some(forSeconds),
    clearAfter: some(clearSeconds),
  });

export const alertSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    project: nameSchema.meta({ example: 'demo' }),
    environment: nameSchema.meta({ example: 'production' }),
    service: nameSchema.optional(),
    rule: nameSchema.meta({ example: 'error-rate' }),
    kind: z.enum(alertKinds),
    subject: z.string().meta({
      description: 'A service, a job as `service/job`, a resource, a domain, an operation, or a policy.',
      example: 'guestbook',
    }),
    state: z.enum(['firing', 'resolved']),
    firedAt: timeSchema,
    evidence: z
      .object({ words: z.string(), figures: z.record(z.string(), z.union([z.number(), z.string()])) })
      .meta({ description: 'What was seen when it fired.' }),
    deployment: z
      .object({ service: nameSchema, number: z.int(), version: z.string(), at: timeSchema, by: z.string() })
      .optional()
      .meta({ description: 'One that began within the half hour before.' }),
    next: z.string().meta({ description: 'A command that is worth to be run next.' }),
    resolvedAt: timeSchema.optional(),
    end: z.enum(alertEnds).optional().meta({
      description:
        '`cleared`: it is fine again; `gone`: what it was about, or the rule, is not there any more.',
    }),
    acknowledged: z
      .object({ at: timeSchema, by: z.string().meta({ example: 'user:ada' }), note: z.string().optional() })
      .optional(),
    silence: z.string().optional().meta({ description: 'Id of the silence for which nobody is told of it.' }),
  })
  .meta({ id: 'Alert' });

const chosen = {
  rule: nameSchema.optional().meta({ description: 'Alerts of this rule; of all where absent.' }),
  environment: nameSchema
    .optional()
    .meta({ description: 'Alerts in this environment; in all where absent.' }),
  subject: lineSchema(300).optional().meta({
    description:
      'Alerts about this service, job, resource, domain, operation or policy; about all where absent.',
    example: 'guestbook',
  }),
  reason: lineSchema(200).meta({ example: 'The database moves tonight' }),
};

export const silenceSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    ...chosen,
    until: timeSchema,
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({ id: 'AlertSilence' });

export const silenceBody = z
  .strictObject({
    ...chosen,
    for: durationSchema({ min: 60, max: limits.alertSilenceSeconds.value }, 'From now on: 1m to 30d.'),
  })
  .refine(
    ({ rule, environment, subject }) => [rule, environment, subject].some((one) => one !== undefined),
    'must name a rule, an environment or a subject: a project is not silenced as a whole',
  );
