/** Whose output is read, by those who may read some of it. */
import * as z from 'zod';
import type { EnvironmentRef, Principal } from '../../core/model/index.ts';
import { missingEnvironment } from '../../records/read.ts';
import { ULID_PATTERN } from '../http/params.ts';

export const environmentIdQuery = z
  .string()
  .regex(ULID_PATTERN, 'must be the id of an environment')
  .optional()
  .meta({
    description:
      'Of an environment of that name that was destroyed; the one that has the name now unless given.',
  });

/** A token that is limited to environments reaches no earlier one of their names. @throws Problem not_found */
export function checkReach(
  { limits }: Principal,
  { project, environment }: EnvironmentRef,
  environmentId: string | undefined,
): void {
  const own = limits?.environmentIds;
  if (own && environmentId !== undefined && own[environment] !== environmentId)
    throw missingEnvironment({ project, environment });
}
