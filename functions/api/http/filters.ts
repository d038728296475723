/** Query parameters that narrow a list. */
import * as z from 'zod';

/** Several values of a known set, separated by commas. */
export function listOf<Value extends string>(values: readonly Value[], description: string, example: string) {
  const known: ReadonlySet<string> = new Set(values);
  return z
    .string()
    .max(500)
    .transform((text) => text.split(','))
    .refine((parts) => parts.every((part) => known.has(part)), `must be one or more of ${values.join(', ')}`)
    .transform((parts) => parts as Value[])
    .meta({ type: 'string', description, example });
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const TIME_RULE = 'must be a time such as 2026-01-15T09:30:00Z';

/** A time in any zone, read as UTC with milliseconds. */
export const timeQuery = (description: string) =>
  z
    .string()
    .refine((text) => TIME.test(text) && !Number.isNaN(Date.parse(text)), TIME_RULE)
    .transform((text) => new Date(text).toISOString())
    .meta({ type: 'string', description, format: 'date-time', example: '2026-01-15T09:30:00Z' });
