/** Budgets of log drains. */
import { KIB, limit, MIB } from './limit.ts';

export const drainLimits = {
  drains: limit({
    value: 5,
    unit: 'records',
    of: 'Log drains',
    each: 'a project',
    past: 'One drain more is refused.',
    code: 'conflict',
  }),
  drainBatchLines: limit({
    value: 1_000,
    unit: 'lines',
    of: 'Lines that a log drain sends at once',
    each: 'a request',
    past: 'The others come with the next request.',
  }),
  drainBatch: limit({
    value: 256 * KIB,
    unit: 'bytes',
    of: 'Lines that a log drain sends at once, as they are kept',
    each: 'a request',
    past: 'The others come with the next request.',
  }),
  drainBacklog: limit({
    value: 8 * MIB,
    unit: 'bytes',
    of: 'Lines that wait for the receiver of a log drain, as they are kept',
    each: 'a drain, and a service or an operation',
    past: 'The oldest are dropped, and counted; the drain says so, and so does a line among those that it sends.',
  }),
  drainPauseSeconds: limit({
    value: 3_600,
    unit: 'seconds',
    of: 'A pause that the receiver of a log drain asks for by `Retry-After`',
    each: 'an answer',
    past: 'The lines are sent again after this time.',
  }),
  drainAttempts: limit({
    value: 3,
    unit: 'requests',
    of: 'Attempts with lines that the receiver of a log drain answers with 400, 413, 415 or 422',
    each: 'a batch',
    past: 'The lines are dropped, and counted.',
  }),
  drainCounted: limit({
    value: 10_000,
    unit: 'lines',
    of: 'Lines that are looked at to tell how far a log drain is behind',
    each: 'a drain that is read',
    past: 'The drain is told to be behind by more than were counted.',
  }),
  drainHeaders: limit({
    value: 10,
    unit: 'values',
    of: 'Headers of its own that a log drain sends',
    each: 'a drain',
    past: 'The request is refused.',
    code: 'invalid_request',
  }),
  drainHeader: limit({
    value: 4 * KIB,
    unit: 'characters',
    of: 'The value of a header of a log drain',
    each: 'a header',
    past: 'The request is refused.',
    code: 'invalid_request',
  }),
};
