/** The schemas of the OpenAPI document, from the schemas that requests are checked by. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

export interface Schemas {
  /** Named schemas by their id. */
  readonly components: Readonly<Record<string, JsonSchema>>;
  /**
   * The JSON Schema of what a client may send; a schema with an id becomes a reference to a component.
   * @throws when two schemas have the same id
   */
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

/** Restates what zod writes in the shorter forms that the document has used from the start. */
function restate(schema: z.core.$ZodType, { propertyNames: _, ...json }: JsonSchema): JsonSchema {
  const meta = z.globalRegistry.get(schema);
  // A schema that is checked by code is described by its meta alone, with the type in it.
  if (meta?.type !== undefined) return meta as JsonSchema;
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
  // zod adds the bounds of every safe integer, and a pattern beside each format: neither tells a reader more.
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  if (json.format !== undefined) delete json.pattern;
  return json;
}
