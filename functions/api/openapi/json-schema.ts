/** The schemas of the OpenAPI document, from the schemas that requests are checked by. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

export interface Schemas {
  /** Those with an id, by it. */
  readonly components: Readonly<Record<string, JsonSchema>>;
  /** A schema as what is sent has to be; those with an id are references. @throws where two have one id */
  of(schema: z.ZodType): JsonSchema;
}

export function createSchemas(): Schemas {
  const components: Record<string, JsonSchema> = {};
  return {
    components,
    of(schema) {
      const { $schema: _, $defs = {}, ...json } = schema.toJSONSchema({ io: 'input', override });
      for (const [id, component] of Object.entries($defs)) {
        if (id in components && !isDeepStrictEqual(components[id], component))
          throw new Error(`Two schemas have the id "${id}"`);
        components[id] = component;
      }
      return json;
    },
  };
}

type Override = NonNullable<z.core.ToJSONSchemaParams['override']>;

const override: Override = ({ zodSchema, jsonSchema }) => {
  const restated = restate(zodSchema, { ...jsonSchema });
  for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
  Object.assign(jsonSchema, restated);
};

/** What zod writes, in the shortest form that all readers of OpenAPI know. */
function restate(schema: z.core.$ZodType, { propertyNames: _, ...json }: JsonSchema): JsonSchema {
  const meta = z.globalRegistry.get(schema);
  // What code checks is described by hand, type and all.
  if (meta?.type !== undefined) return meta;
  if (json.$ref !== undefined && Object.keys(json).length > 1) {
    const { $ref, ...beside } = json;
    return { allOf: [{ $ref }, beside] };
  }
  const [inner] = json.anyOf ?? [];
  if (schema._zod.def.type === 'nullable' && typeof inner === 'object' && typeof inner.type === 'string') {
    const { anyOf: _both, ...own } = json;
    return { ...inner, ...own, type: [inner.type, 'null'] };
  }
  if (json.const !== undefined) {
    const { const: value, ...own } = json;
    return { ...own, enum: [value] };
  }
  // The bounds of every number that JavaScript has, and the pattern of a format, say nothing more.
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  if (json.format !== undefined) delete json.pattern;
  return json;
}
