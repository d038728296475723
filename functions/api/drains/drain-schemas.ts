/** Log drains, as the API has them. */
import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { LogQueryError, parseLogQuery } from '../../core/logs/log-query.ts';
import { drainFormats } from '../../core/model/index.ts';
import { compact, lineSchema, nameSchema, timeSchema } from '../http/schemas.ts';

export const urlSchema = z.string().min(1).max(2000).meta({
  description:
    'An https URL at a public address. Of OTLP the whole of it, which mostly ends in /v1/logs; it may have a secret.',
  example: 'https://otlp.example.com/v1/logs',
});

export const formatSchema = z.enum(drainFormats).meta({
  description: '`otlp`: OTLP/HTTP logs in JSON. `ndjson`: a JSON object a line.',
});

export const descriptionSchema = lineSchema(200).meta({ description: 'What it is for.', example: 'Loki' });

const patternSchema = z
  .string()
  .regex(/^[a-z0-9*-]{1,40}$/, 'must be the name of an environment, or a pattern with "*"')
  .refine((text) => (text.match(/\*+/g) ?? []).length <= 5, 'must have at most five wildcards');

export const filterSchema = z
  .strictObject({
    environments: z
      .array(patternSchema)
      .min(1)
      .max(20)
      .optional()
      .meta({ description: 'Of these environments alone; `*` stands for any text.' }),
    services: z
      .array(nameSchema)
      .min(1)
      .max(50)
      .optional()
      .meta({ description: 'Of these services alone, with all of their processes.' }),
    search: lineSchema(limits.logSearch.value)
      .superRefine((text, context) => {
        try {
          parseLogQuery(text);
        } catch (error) {
          if (!(error instanceof LogQueryError)) throw error;
          context.addIssue({ code: 'custom', message: `is no search: ${error.message.replace(/\.$/, '')}` });
        }
      })
      .optional()
      .meta({
        description: 'Only lines that a search for it finds, as lists of lines have it.',
        example: '@level:>=warn',
      }),
  })
  .transform((filter) => compact(filter))
  .meta({ description: 'Which lines are sent; all of them by default.' });

/** Names that HTTP itself, or Berth, gives a value. */
const TAKEN = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

export const headersSchema = z
  .record(
    z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header'),
    z
      .string()
      .min(1)
      .max(limits.drainHeader.value)
      .regex(
        /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/,
        'must be printable ASCII, without spaces around it',
      ),
  )
  .superRefine((headers, context) => {
    const names = Object.keys(headers).map((name) => name.toLowerCase());
    const taken = names.find((name) => TAKEN.has(name) || name.startsWith('proxy-'));
    const issue = (message: string) => context.addIssue({ code: 'custom', message });
    if (names.length > limits.drainHeaders.value)
      issue(`must have at most ${limits.drainHeaders.value} headers`);
    if (new Set(names).size !== names.length) issue('must name each header once');
    if (taken !== undefined) issue(`must not name ${taken}, which Berth sets`);
  })
  .transform((headers) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  );

export const drainSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    project: nameSchema.meta({ example: 'demo' }),
    url: urlSchema,
    format: formatSchema,
    filter: z
      .object({
        environments: z.array(z.string()).optional(),
        services: z.array(nameSchema).optional(),
        search: z.string().optional(),
      })
      .optional()
      .meta({ description: 'Which lines are sent; all where absent.' }),
    operations: z.boolean().meta({ description: 'The output of builds, runs and other operations too.' }),
    headers: z
      .array(z.string())
      .optional()
      .meta({ description: 'Names of headers of its own. Their values are in no answer.' }),
    description: descriptionSchema.optional(),
    enabled: z.boolean(),
    pausedReason: z.string().optional().meta({ description: 'Why Berth paused it.' }),
    state: z
      .object({
        words: z.string().meta({ description: 'How it is, in sentences.' }),
        delivered: z.int().meta({ description: 'Lines that were taken, all in all.' }),
        deliveredAt: timeSchema.optional(),
        behind: z.int().meta({ description: 'Lines that wait for the receiver.' }),
        behindIsMore: z.literal(true).optional().meta({ description: 'More wait than were counted.' }),
        dropped: z.int().meta({ description: 'Lines that were not sent, or not taken, all in all.' }),
        droppedAt: timeSchema.optional(),
        droppedIsMore: z.literal(true).optional().meta({ description: 'Some could not be counted.' }),
        failure: z
          .object({ since: timeSchema, attempts: z.int(), reason: z.string(), nextAt: timeSchema })
          .optional()
          .meta({ description: 'The next lines are not taken; they are sent again.' }),
        lastError: z.object({ at: timeSchema, reason: z.string() }).optional(),
        elsewhere: z
          .array(nameSchema)
          .optional()
          .meta({ description: 'Environments in other places, of whose output nothing is sent.' }),
      })
      .optional()
      .meta({ description: 'How far it is; in answers to reads alone.' }),
    createdAt: timeSchema,
    createdBy: z.string().meta({ example: 'user:ada' }),
  })
  .meta({ id: 'LogDrain' });

export const testSchema = z
  .object({
    delivered: z.boolean(),
    status: z.int().optional().meta({ description: 'Of the answer.', example: 200 }),
    reason: z.string().optional().meta({ description: 'Why the line was not taken.' }),
  })
  .meta({ id: 'LogDrainTest' });
