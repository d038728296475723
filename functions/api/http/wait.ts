/** `?wait=SECONDS`: an answer may take that long, so that a client that needs an end asks again seldom. */

import * as z from 'zod';
import { limits } from '../../core/limits.ts';

/** Below the thirty seconds that API Gateway gives an answer. */
export const WAIT_MAX = limits.waitSeconds.value;
const RULE = `must be a whole number from 0 to ${WAIT_MAX}`;

export const waitSchema = z
  .string()
  .regex(/^[0-9]{1,2}$/, RULE)
  .transform(Number)
  .refine((value) => value <= WAIT_MAX, RULE)
  .meta({ description: `Wait for the end, seconds; at most ${WAIT_MAX}.`, example: '20' });
