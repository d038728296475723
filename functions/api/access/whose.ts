/** Whose sessions and tokens a request is about: one's own, or for the platform team those of somebody else. */
import * as z from 'zod';
import { PERSON_PATTERN } from '../../core/authorization/principal.ts';
import type { Principal } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';

/** The part of a query that names somebody else. */
export const whoseQuery = z.strictObject({
  principal: z
    .string()
    .regex(PERSON_PATTERN, 'must be the id of a person: "user:" and their subject')
    .optional()
    .meta({
      description: 'Yourself by default; somebody else only for the platform team.',
      example: 'user:248289761001',
    }),
});

/**
 * The other person that a request is about; undefined for one's own.
 * @throws Problem forbidden
 */
export function otherPerson(
  { id, administrator, limits }: Principal,
  { principal: wanted }: { principal?: string | undefined },
): string | undefined {
  if (wanted === undefined || wanted === id) return undefined;
  if (administrator && !limits) return wanted;
  throw new Problem('forbidden', 'You may not see or end what somebody else has.', {
    hint: 'Ask the platform team, who run this installation of Berth.',
  });
}
