/** As much of an OpenAPI document as is shown. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  description?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

export interface Media {
  schema?: Schema;
  examples?: Record<string, { value: unknown }>;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description?: string; content?: Record<string, Media> }>;
}

export interface OpenApi {
  info: { description?: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** It is for everyone: no session is needed. */
export async function readOpenApi(): Promise<OpenApi> {
  const response = await fetch('/v1/openapi.json');
  if (!response.ok) throw new Error(`It answered ${response.status}.`);
  return (await response.json()) as OpenApi;
}

/** A type in words, with the schemas that it names. */
export function typeOf(schema: Schema = {}): (string | { schema: string })[] {
  if (schema.$ref !== undefined) return [{ schema: schema.$ref.split('/').at(-1) ?? '' }];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(' | ')];
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  const either = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (either) {
    const separator = schema.allOf ? ' & ' : ' | ';
    return either.flatMap((one, at) => [...(at > 0 ? [separator] : []), ...typeOf(one)]);
  }
  if (schema.type === 'array') return [...typeOf(schema.items), '[]'];
  return [[schema.type ?? 'any'].flat().join(' | ')];
}
