/**
 * Stands in for @hono/zod-openapi in the functions' bundles, where the OpenAPI document is made beforehand: what
 * describes schemas does nothing, and of zod there is only what routes use. As it is, the package brings zod with all
 * its languages, four fifths of what a cold start would read.
 */
import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import * as zod from 'zod';

/** All that files of the API take from `z`, types aside; a test compares. */
export const z = {
  NEVER: zod.NEVER,
  array: zod.array,
  boolean: zod.boolean,
  discriminatedUnion: zod.discriminatedUnion,
  enum: zod.enum,
  int: zod.int,
  iso: zod.iso,
  literal: zod.literal,
  looseObject: zod.looseObject,
  number: zod.number,
  object: zod.object,
  record: zod.record,
  strictObject: zod.strictObject,
  string: zod.string,
  union: zod.union,
  unknown: zod.unknown,
  url: zod.url,
};

// Enumerable, as zod gives each schema the methods that are.
Object.assign(zod.ZodType.prototype, {
  openapi(this: unknown): unknown {
    return this;
  },
});

const nothing = (): void => undefined;

/** Its document lies beside the program. */
export class OpenAPIHono extends Hono {
  readonly openAPIRegistry = { registerComponent: nothing, registerPath: nothing };

  getOpenAPI31Document(): unknown {
    return JSON.parse(readFileSync(new URL('./openapi.json', import.meta.url), 'utf8'));
  }
}
