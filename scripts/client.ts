/** The types of the API that the console uses, from the OpenAPI document. */
import type { JSONSchema } from 'json-schema-to-typescript';
import { describeApi } from '../functions/api/openapi/document.ts';

type Schema = Record<string, unknown>;

interface Media {
  schema?: Schema;
}

interface Operation {
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, { description?: string; content?: Record<string, Media> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const object = (properties: Record<string, Schema>, required = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

function parametersOf({ parameters = [] }: Operation): Schema {
  const places = Map.groupBy(parameters, (parameter) => parameter.in);
  const members = [...places].map(([place, all]): [string, Schema] => {
    const required = all.filter((each) => each.required).map(({ name }) => name);
    return [place, object(Object.fromEntries(all.map(({ name, schema }) => [name, schema])), required)];
  });
  const required = [...places].filter(([, all]) => all.some((each) => each.required)).map(([place]) => place);
  return object(Object.fromEntries(members), required);
}

const json = (schema: Schema): Schema => object({ content: object({ 'application/json': schema }) });

/** JSON operations only: a client that parses whole bodies has no use for uploads and event streams. */
function operationSchema(operation: Operation): Schema {
  const body = operation.requestBody?.content['application/json']?.schema;
  const answers = Object.entries(operation.responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([status, { content }]): [string, Schema] => {
      const schema = content?.['application/json']?.schema;
      return [status, schema ? json(schema) : object({ content: object({}) })];
    });
  const problem = { $ref: '#/definitions/Problem' };
  return {
    ...object({
      parameters: parametersOf(operation),
      ...(body && { requestBody: json(body) }),
      responses: object({
        ...Object.fromEntries(answers),
        default: object({ content: object({ 'application/problem+json': problem }) }),
      }),
    }),
    description: operation.summary,
  };
}

/** The document as one JSON Schema in the form that openapi-fetch wants for its `paths`. */
function pathsSchema({ paths, components }: Document): JSONSchema {
  const properties = Object.entries(paths).map(([path, methods]): [string, Schema] => {
    const operations = Object.entries(methods).map(([method, operation]): [string, Schema] => [
      method,
      operationSchema(operation),
    ]);
    return [path, object(Object.fromEntries(operations))];
  });
  const whole = { ...object(Object.fromEntries(properties)), definitions: components.schemas };
  return JSON.parse(JSON.stringify(whole).replaceAll('#/components/schemas/', '#/definitions/'));
}

/** The whole of client/types.generated.ts. */
export async function clientTypes(): Promise<string> {
  const { compile } = await import('json-schema-to-typescript');
  const text = await compile(pathsSchema((await describeApi()) as unknown as Document), 'paths', {
    additionalProperties: false,
    unreachableDefinitions: true,
    ignoreMinAndMaxItems: true,
    bannerComment: '// Made from the OpenAPI document by `npm run generate`; do not edit.',
    style: { singleQuote: true, printWidth: 110 },
  });
  return (
    text
      // openapi-fetch looks answers up by the status as a number.
      .replaceAll(/^(\s*)'(\d{3})':/gm, '$1$2:')
      .replaceAll(/^( \*\n)? \* This interface was referenced by .*\n \* via .*\n/gm, '')
      // A reference with a description beside it is the type that it names.
      .replaceAll(/(\w+) & \{\s*\[k: string\]: unknown;\s*\}/g, '$1')
      .replaceAll('/**\n */\n', '')
  );
}
