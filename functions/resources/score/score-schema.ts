/** The JSON Schema of Score files as Berth takes them, for editors: with its annotations and its resource types. */
import * as z from 'zod';
import { namesOfValues, type Recipe, type RecipeParam } from '../../core/recipes/recipe.ts';
import { workloadSchema } from '../../core/score/file/schema.ts';
import { SETTINGS_PREFIX, settingNames } from '../../core/score/settings.ts';
import { resourceTypes } from '../index.ts';
import type { ResourceType } from '../type.ts';

type JsonSchema = Record<string, unknown>;

const schemaOf = (schema: z.ZodType): JsonSchema => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema;
  return json;
};

/** A value of a param may be a placeholder, whatever the type wants. */
function open(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const { properties = {}, ...rest } = schema as { properties?: JsonSchema };
  const either = (property: unknown) => ({ anyOf: [property, { type: 'string', pattern: '\\$\\{' }] });
  const opened = Object.entries(properties).map(([name, property]) => [name, either(property)]);
  return { ...rest, properties: Object.fromEntries(opened) };
}

const whereType = ({ type, summary, classes = ['default'], params }: ResourceType): JsonSchema => ({
  if: { properties: { type: { const: type } }, required: ['type'] },
  // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema.
  then: {
    description: summary,
    properties: { class: { enum: [...classes] }, params: open(schemaOf(params)) },
  },
});

const NOT_OPEN = { number: 'number', boolean: 'boolean' } as const;

function ofParam(param: RecipeParam): JsonSchema {
  const { description, default: given } = param;
  const told = { ...(description && { description }), ...(given !== undefined && { default: given }) };
  if (param.kind === 'enum') return { ...told, enum: [...namesOfValues(param.values)] };
  if (param.kind === 'string') return { ...told, type: 'string' };
  const { minimum, maximum } = param.kind === 'number' ? param : {};
  return {
    ...told,
    type: NOT_OPEN[param.kind],
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
  };
}

function whereRecipe({ type, description, params = {} }: Recipe): JsonSchema {
  const all = Object.entries(params);
  const required = all.filter(([, param]) => param.default === undefined).map(([name]) => name);
  return {
    if: { properties: { type: { const: type } }, required: ['type'] },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema.
    then: {
      description,
      properties: {
        class: { enum: ['default'] },
        params: {
          type: 'object',
          properties: Object.fromEntries(all.map(([name, param]) => [name, ofParam(param)])),
          required,
          additionalProperties: false,
        },
      },
      ...(required.length > 0 && { required: ['params'] }),
    },
  };
}

/** Draft 2020-12, as zod writes it. @param recipes those of the installation */
export function scoreSchema(recipes: readonly Recipe[] = []): JsonSchema {
  const schema = schemaOf(workloadSchema) as { properties: Record<string, JsonSchema> };
  const { metadata = {}, resources = {} } = schema.properties;
  const settings = settingNames.map((name) => [`${SETTINGS_PREFIX}${name}`, { type: 'string' }]);
  const annotations = {
    type: 'object',
    properties: Object.fromEntries(settings),
    // Others' annotations are free; a setting of Berth's that there is not is a slip of the pen.
    propertyNames: {
      anyOf: [{ not: { pattern: `^${SETTINGS_PREFIX}` } }, { enum: settings.map(([name]) => name) }],
    },
    additionalProperties: { type: 'string' },
  };
  const resource = resources.additionalProperties as { properties: JsonSchema };
  const types = [...resourceTypes, ...recipes].map(({ type }) => type);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'score.yaml, as Berth takes it',
    ...schema,
    properties: {
      ...schema.properties,
      metadata: { ...metadata, properties: { ...(metadata.properties as JsonSchema), annotations } },
      resources: {
        ...resources,
        additionalProperties: {
          ...resource,
          properties: { ...resource.properties, type: { enum: types } },
          allOf: [...resourceTypes.map(whereType), ...recipes.map(whereRecipe)],
        },
      },
    },
  };
}
