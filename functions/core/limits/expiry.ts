/** Times around the end of an environment by its TTL, and around its office hours. */
import { limit } from './limit.ts';

const HOUR = 3_600;

export const expiryLimits = {
  expiryNotice: limit({
    value: 24 * HOUR,
    unit: 'seconds',
    of: 'How long before an environment expires people are told first',
    each: 'an environment',
    past: 'One that was given less time is told of later, or not.',
  }),
  lastExpiryNotice: limit({
    value: HOUR,
    unit: 'seconds',
    of: 'How long before an environment expires people are told once more',
    each: 'an environment',
    past: 'One that was given less time is told of when it has expired.',
  }),
  expiredSeconds: limit({
    value: 72 * HOUR,
    unit: 'seconds',
    of: 'How long an environment that has expired sleeps, with its data, before it is destroyed',
    each: 'an environment',
    past: 'It is destroyed.',
  }),
  broughtBackSeconds: limit({
    value: 24 * HOUR,
    unit: 'seconds',
    of: 'How long an environment that has expired stays when it is woken or deployed to',
    each: 'an environment',
    past: 'It expires anew, unless it is extended.',
  }),
  heldAwakeSeconds: limit({
    value: 2 * HOUR,
    unit: 'seconds',
    of: 'How long an environment is awake outside of its office hours once it was woken or deployed to',
    each: 'an environment',
    past: 'It sleeps until its hours begin, or it is woken.',
  }),
  heldByJobSeconds: limit({
    value: 300,
    unit: 'seconds',
    of: 'How long an environment is awake at least outside of its office hours once a scheduled job has woken it',
    each: 'an environment',
    past: 'It sleeps as soon as the job has ended.',
  }),
  wakesOutsideHours: limit({
    value: 2,
    unit: 'wakes',
    of: 'Wakes by requests outside of office hours, from their end to their next beginning',
    each: 'an environment',
    past: 'Requests are answered with 503 until the hours begin; people wake it.',
    code: 'unavailable',
  }),
};
