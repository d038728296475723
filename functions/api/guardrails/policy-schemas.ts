/** What a policy may be, as people write it. */
import * as z from 'zod';
import { budgetedKinds, severities, weekdays } from '../../core/guardrails/policy-types.ts';
import { readPublicKey } from '../../core/guardrails/signatures.ts';
import { CPU_RULE, MEMORY_RULE, readCpu, readMemory } from '../../core/score/quantities.ts';
import { lineSchema, nameSchema, timeSchema } from '../http/schemas.ts';

const printable = (max: number) =>
  z.string().regex(new RegExp(`^[!-~]{1,${max}}$`), 'must be printable ASCII');

const wildcardSchema = (max: number) =>
  printable(max).refine((text) => (text.match(/\*+/g) ?? []).length <= 5, 'must have at most five wildcards');

const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/;
const clockSchema = z
  .string()
  .regex(CLOCK, 'must be a time such as 17:30, 24:00 at most')
  .meta({ example: '17:30' });

function isTimeZone(name: string): boolean {
  try {
    // An offset such as +01:00 is refused: it does not follow daylight saving time.
    return /^[A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

const instantSchema = z.iso.datetime({ offset: true }).meta({ format: 'date-time' });
const reason = lineSchema(200).optional().meta({ example: 'Year-end closing' });

const windowSchema = z.union(
  [
    z
      .strictObject({ from: instantSchema, to: instantSchema, reason })
      .refine(({ from, to }) => Date.parse(from) < Date.parse(to), 'must end after it starts'),
    z
      .strictObject({
        days: z.array(z.enum(weekdays)).min(1).max(7),
        start: clockSchema,
        end: clockSchema.meta({ description: 'Before `start`: on the next day.' }),
        timeZone: z.string().max(60).refine(isTimeZone, 'must be a time zone such as Europe/Berlin'),
        reason,
      })
      .refine(({ start, end }) => start !== end && start !== '24:00', 'must end after it starts'),
  ],
  { error: 'must have "from" and "to", or "days", "start", "end" and "timeZone"' },
);

const registrySchema = z
  .string()
  .regex(
    /^(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::\d{1,5})?(?:\/[a-z0-9._-]+){0,10}$/,
    'must be a host, with the first parts of a path where only those are meant',
  )
  .max(255)
  .meta({ example: 'ghcr.io/acme' });

const keySchema = z.strictObject({
  name: nameSchema.meta({ example: 'release' }),
  publicKey: z
    .string()
    .max(4096)
    .refine((pem) => readPublicKey(pem) !== undefined, 'must be a public key in PEM: EC, Ed25519 or RSA')
    .meta({ description: 'PEM, as `cosign generate-key-pair` writes it.' }),
});

const rules = [
  z.strictObject({
    kind: z.literal('allowed-registries'),
    registries: z.array(registrySchema).min(1).max(50),
  }),
  z.strictObject({ kind: z.literal('digest-only') }),
  z.strictObject({ kind: z.literal('scan'), severity: z.enum(severities) }),
  z.strictObject({ kind: z.literal('signature'), keys: z.array(keySchema).min(1).max(10) }),
  z.strictObject({
    kind: z.literal('ceiling'),
    cpu: z
      .string()
      .refine((text) => readCpu(text) !== undefined, CPU_RULE)
      .optional()
      .meta({ example: '2' }),
    memory: z
      .string()
      .refine((text) => readMemory(text) !== undefined, MEMORY_RULE)
      .optional()
      .meta({ example: '4Gi' }),
    replicas: z.int().min(1).max(100).optional(),
  }),
  z.strictObject({
    kind: z.literal('branches'),
    branches: z.array(wildcardSchema(200)).min(1).max(50),
    repositories: z.array(printable(500)).min(1).max(50).optional(),
  }),
  z.strictObject({ kind: z.literal('freeze'), windows: z.array(windowSchema).min(1).max(50) }),
  z.strictObject({
    kind: z.literal('budget'),
    usdPerMonth: z.number().min(0.01).max(1_000_000).meta({
      description:
        'The most that an environment may cost in a month in which it does not sleep, in US dollars.',
      example: 50,
    }),
    of: z
      .enum(budgetedKinds)
      .optional()
      .meta({ description: 'Environments of this kind alone; all that `environments` names by default.' }),
  }),
] as const;

const ruleSchema = z
  .discriminatedUnion('kind', rules, {
    error: ({ code }) =>
      code === 'invalid_union'
        ? `must be ${rules.map(({ shape }) => `"${shape.kind.value}"`).join(' or ')}`
        : undefined,
  })
  .meta({ id: 'PolicyRule', description: 'What has to be met; see the documentation of policies.' });

export const policyBody = z.strictObject({
  description: lineSchema(200).optional(),
  environments: z
    .array(wildcardSchema(40))
    .min(1)
    .max(50)
    .optional()
    .meta({
      description: 'Names, with `*` for any text; all environments by default.',
      example: ['production'],
    }),
  rollbacks: z
    .boolean()
    .optional()
    .meta({ description: 'Whether it refuses rollbacks as well; `false` by default.' }),
  rule: ruleSchema,
});

export const policySchema = policyBody
  .extend({
    name: nameSchema.meta({ example: 'main-only' }),
    rollbacks: z.boolean(),
    updatedAt: timeSchema,
    updatedBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({ id: 'Policy' });

export const violationSchema = z
  .object({
    policy: nameSchema.meta({ example: 'main-only' }),
    scope: z.enum(['project', 'platform']),
    fact: z.string().meta({ example: 'the version was built from "feature/x"' }),
    remedy: z.string().meta({ example: 'Build it with Berth from main.' }),
  })
  .meta({ id: 'Violation' });
