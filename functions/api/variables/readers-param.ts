/** How lists of variables and secrets tell who reads what is in them. */
import * as z from 'zod';

export const readersParam = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional()
  .meta({ description: 'Says of each which services read it.' });

export const readBySchema = z
  .array(z.string())
  .optional()
  .meta({
    description:
      'With `readers`: the services that are deployed there and read it, those that have it from their next deployment ' +
      'or restart on among them.',
    example: ['web'],
  });
