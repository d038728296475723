/** How deliveries and promotions, which begin deployments by themselves, wait for these, and for what refuses them for now. */
import type { ProblemCode } from '../../core/problem.ts';

/** Between two looks at what goes on, less than between two sweeps on one machine, and at what waits for a person, milliseconds. */
export const LOOK_MS = 500;
export const APPROVAL_LOOK_MS = 30_000;
/** Between two tries of what can not be begun yet, milliseconds; and how long it is tried. */
export const TRY_MS = 5_000;
const TRIED_MS = 15 * 60 * 1000;

/** What passes by itself. */
const passing: ReadonlySet<ProblemCode> = new Set([
  'environment_not_ready',
  'operation_in_progress',
  'too_many_requests',
  'conflict',
  'unavailable',
  'storage_full',
]);

/** Whether it is worth another try. @param since when it was refused first, ISO 8601 @param now epoch milliseconds */
export const passes = (code: ProblemCode, since: string, now: number): boolean =>
  passing.has(code) && now - Date.parse(since) <= TRIED_MS;
