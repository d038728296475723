/** Whether an object is stored as it is declared, so that nothing has to be written. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../manifests/objects.ts';
import type { Stored } from './apply.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields beside the declared ones are others' or the server's own; a list is ours as a whole. */
function has(stored: unknown, declared: unknown): boolean {
  if (!isRecord(declared) || !isRecord(stored)) return isDeepStrictEqual(stored, declared);
  return Object.entries(declared).every(([key, value]) => value === undefined || has(stored[key], value));
}

/** @param object one whose fields are always the same ones, but for what stands in lists */
export const isAsDeclared = (
  { metadata: { labels, annotations }, ...object }: KubernetesObject,
  stored: Stored,
): boolean =>
  has(stored, { metadata: { labels, annotations }, ...('spec' in object && { spec: object.spec }) });
