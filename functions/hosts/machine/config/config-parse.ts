/** Checks variables of the environment. */
import type * as z from 'zod';

/** A setting that can not be used. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** @throws ConfigError naming the variable and what it may be */
export function parseSettings<Schema extends z.ZodType>(
  schema: Schema,
  environment: Record<string, string>,
): z.infer<Schema> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new ConfigError(`${path.join('.')} can not be used: it ${message}.`);
}
