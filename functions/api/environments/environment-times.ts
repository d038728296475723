/** The times that an environment is asked for with. */
import { TTL_MAX } from '../../commands/environments/extend.ts';
import { durationSchema } from '../http/schemas.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

export const idleAfterSchema = durationSchema(
  { min: 5, max: 30 * DAY },
  'Hibernates after this long without a request or deployment: 5s to 30d.',
);
export const ttlSchema = durationSchema(
  { min: 10, max: TTL_MAX },
  'Expires this long from now: 10s to 365d. It sleeps then, and is destroyed three days later.',
);

/** The times of an ephemeral environment by default, so that it does not stay for good. */
export const EPHEMERAL = { idleAfterSeconds: HOUR, ttlSeconds: 7 * DAY };
