/** Schemas that several resources share. */
import * as z from 'zod';
import { formatDuration, parseDuration } from '../../core/duration.ts';
import { NAME_PATTERN } from '../../core/names.ts';
import { type ProblemCode, problemCodes } from '../../core/problem.ts';
import { VERSION_PATTERN } from './params.ts';

export const nameSchema = z
  .string()
  .regex(NAME_PATTERN, 'must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit')
  .meta({ example: 'guestbook' });

export const timeSchema = z.string().meta({ format: 'date-time', example: '2026-01-15T09:30:00.000Z' });

/** Control characters, line ends, and the characters that reverse the direction of text, so that it reads as other text. */
const NOT_IN_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** Text of one line for people to read. */
export const lineSchema = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => text.isWellFormed() && !NOT_IN_A_LINE.test(text), 'must be one line of text');

/** 8h, 30m and 30s. */
const USUAL_SECONDS = [28_800, 1_800, 30];

/** A duration as text, read as seconds. @param bounds seconds */
export function durationSchema(bounds: { min: number; max: number }, description: string) {
  const usual = USUAL_SECONDS.find((seconds) => seconds >= bounds.min && seconds <= bounds.max) ?? bounds.min;
  const rule = `must be a duration from ${formatDuration(bounds.min)} to ${formatDuration(bounds.max)}, such as ${formatDuration(usual)}`;
  return z
    .string()
    .transform((text, context) => {
      const seconds = parseDuration(text);
      if (seconds !== undefined && seconds >= bounds.min && seconds <= bounds.max) return seconds;
      context.addIssue({ code: 'custom', message: rule });
      return z.NEVER;
    })
    .meta({
      type: 'string',
      description,
      pattern: '^[1-9][0-9]{0,7}[smhd]$',
      example: formatDuration(usual),
    });
}

export const tagSchema = z
  .string()
  .regex(VERSION_PATTERN, 'must be 1 to 128 of letters, digits, "_", "." and "-"')
  .meta({ example: 'v1.4.0' });

export const errorSchema = z
  .object({
    code: z.string().meta({ example: 'workload_crashed' }),
    cause: z.string().meta({ description: 'What happened and why.' }),
    hint: z.string().meta({ description: 'The next thing to do.' }),
  })
  .meta({ id: 'Error' });

export const problemSchema = z
  .object({
    type: z.string().meta({ format: 'uri-reference', example: '/problems/not_found' }),
    title: z.string().meta({ example: 'Not found' }),
    status: z.int().meta({ example: 404 }),
    code: z.enum(Object.keys(problemCodes) as [ProblemCode, ...ProblemCode[]]).meta({ example: 'not_found' }),
    detail: z.string().meta({ description: 'What happened and why.' }),
    hint: z.string().meta({ description: 'The next thing to do.' }),
    instance: z.string().optional().meta({
      description: 'Path of the request; not there when the request could not be read.',
      example: '/v1/projects/demo',
    }),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong where, when the request or a Score file is not valid.' }),
  })
  .meta({ id: 'Problem' });

/** Members that may be undefined are optional members. */
type Compact<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The members of a record that a schema shows, and nothing else of it. */
export function membersOf<Schema extends z.ZodObject>(
  schema: Schema,
  record: z.output<Schema>,
): z.output<Schema> {
  const names = Object.keys(schema.shape);
  return compact(Object.fromEntries(names.map((name) => [name, record[name]]))) as z.output<Schema>;
}

/** Members that are undefined left out, as JSON has them. */
export function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Compact<T>;
}
