/** The text of a package.json as an object; what is in it is hostile. */
import { Problem } from '../problem.ts';

/** @throws Problem build_failed */
export function parsePackageJson(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    parsed = undefined;
  }
  if (isRecord(parsed)) return parsed;
  throw new Problem('build_failed', 'package.json can not be read: it is not a JSON object.', {
    hint: 'Correct package.json (npm pkg fix helps), then build again.',
  });
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The own members that are text, in an object without prototype: `scripts.constructor` must not be found. */
export function strings(value: unknown): Record<string, string> {
  const result: Record<string, string> = Object.create(null);
  if (!isRecord(value)) return result;
  for (const [key, text] of Object.entries(value)) if (typeof text === 'string') result[key] = text;
  return result;
}
