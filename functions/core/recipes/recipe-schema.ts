/** The form of a recipe. How its parts fit together is in recipe-rules.ts. */
import * as z from 'zod';
import { limits } from '../limits.ts';
import { NAME_PATTERN } from '../names.ts';
import { kind, pattern, shape } from '../score/file/schema.ts';
import type { Recipe } from './recipe.ts';

/** As a Score file and an address can have it. */
export const recipeTypeName = pattern(
  2,
  40,
  NAME_PATTERN,
  'must be 2 to 40 lower-case letters, digits and hyphens, with no hyphen at either end',
);

const innerName = pattern(
  2,
  20,
  /^[a-z0-9][a-z0-9-]{0,18}[a-z0-9]$/,
  'must be 2 to 20 lower-case letters, digits and hyphens, with no hyphen at either end',
);

const memberName = pattern(
  1,
  63,
  /^[A-Za-z_][A-Za-z0-9_-]*$/,
  'must be 1 to 63 letters, digits, underscores and hyphens, with a letter or an underscore first',
);

const words = (max: number) =>
  z.string().refine((text) => text !== '' && text.length <= max && !/\p{Cc}/u.test(text), {
    error: `must be 1 to ${max} characters on one line`,
  });

const text = z
  .string()
  .refine((value) => value.length <= 2_000, { error: 'must be at most 2000 characters' });

const few = <T extends z.ZodType>(schema: T, most: number, least = 0) =>
  schema.refine(
    (map) => {
      const count = Object.keys(map as object).length;
      return count >= least && count <= most;
    },
    { error: least > 0 ? `must have ${least} to ${most} entries` : `must have at most ${most} entries` },
  );

const value = z.union([text, z.number(), z.boolean()], { error: 'must be text, a number, true or false' });
const described = { description: words(500).exactOptional() };

const param = z.discriminatedUnion(
  'kind',
  [
    shape({ kind: z.literal('string'), ...described, default: text.exactOptional() }),
    shape({
      kind: z.literal('number'),
      ...described,
      default: z.number().exactOptional(),
      minimum: z.number().exactOptional(),
      maximum: z.number().exactOptional(),
    }),
    shape({ kind: z.literal('boolean'), ...described, default: z.boolean().exactOptional() }),
    shape({
      kind: z.literal('enum'),
      ...described,
      default: z.string().exactOptional(),
      values: z.union(
        [
          few(z.array(words(63)), limits.recipeParamValues.value, 1),
          few(
            z.record(memberName, few(z.record(memberName, value), limits.recipeParamValues.value)),
            limits.recipeParamValues.value,
            1,
          ),
        ],
        {
          error: `must be a list of texts, or a map whose values are maps of texts, numbers, true and false; 1 to ${limits.recipeParamValues.value} of them`,
        },
      ),
    }),
  ],
  { error: 'must have a kind: string, number, boolean or enum' },
);

export const recipeSchema: z.ZodType<Recipe> = shape({
  type: recipeTypeName,
  description: words(500),
  params: few(z.record(memberName, param), limits.recipeParams.value).exactOptional(),
  resources: few(
    z.record(
      innerName,
      shape({
        type: kind,
        class: text.exactOptional(),
        id: text.exactOptional(),
        params: z.record(z.string(), z.unknown()).exactOptional(),
      }),
    ),
    limits.recipeResources.value,
    1,
  ),
  outputs: few(z.record(memberName, text), limits.recipeOutputs.value),
});
