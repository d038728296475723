/** What runs and jobs are asked for with: a command, and how long it may take. */
import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { durationSchema, nameSchema } from '../http/schemas.ts';

const CHARACTERS_MAX = limits.runCommand.value;

export const commandSchema = z
  .array(z.string().refine((word) => word.isWellFormed() && !word.includes('\0'), 'must be text without NUL'))
  .min(1)
  .max(200)
  .refine(([program]) => program !== '', 'must begin with the name of a program')
  .refine(
    (words) => words.join(' ').length <= CHARACTERS_MAX,
    `must be at most ${CHARACTERS_MAX} characters, all words together`,
  )
  .meta({
    description:
      'Words: no shell reads them. `$(NAME)` is the value of a variable of the container, and `$$` a dollar. They are ' +
      'on record for all who may read the project: leave secrets to variables.',
    example: ['node', 'report.js', '--since', '1d'],
  });

/** Which process of the service is meant. */
export const processField = nameSchema.optional();

export const DEFAULT_SECONDS = 3_600;

export const timeoutSchema = durationSchema(
  { min: 1, max: limits.runSeconds.value },
  'How long it may take: 1s to 4h, 1h by default. What takes longer is ended, and fails.',
).meta({ example: '1h' });
