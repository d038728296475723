/** The OpenAPI 3.1 document, made from the route table. */
import { problemCodes } from '../../core/problem.ts';
import type { Route } from '../http/route-spec.ts';
import { loadRoutes } from '../routes.ts';
import { createSchemas } from './json-schema.ts';
import { operationOf } from './operation.ts';

let document: Promise<Record<string, unknown>> | undefined;

/** The document of all routes: made when it is first asked for, and kept. */
export function describeApi(): Promise<Record<string, unknown>> {
  // No route needs the types of events: they are loaded for the document alone.
  document ??= Promise.all([loadRoutes(), import('../events/event-document.ts')]).then(
    ([routes, { withEventTypes }]) => withEventTypes(openApiDocument(routes)),
  );
  return document;
}

function openApiDocument(routes: readonly Route[]): Record<string, unknown> {
  const schemas = createSchemas();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    if (route.hidden) continue;
    paths[route.path] ??= {};
    paths[route.path]![route.method] = operationOf(route, schemas);
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Berth',
      version: '1',
      description: describeAll(),
      license: { name: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{ token: [] }],
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: schemas.components,
      parameters: {},
    },
    paths,
    webhooks: {},
  };
  // zod refers to definitions beside a schema; OpenAPI keeps them with the components.
  return JSON.parse(JSON.stringify(document).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

function describeAll(): string {
  const codes = Object.entries(problemCodes).map(
    ([code, [status, title]]) => `- \`${code}\` (${status}): ${title}`,
  );
  return [
    'JSON over HTTP. Errors are RFC 9457 problems with a stable `code` and a `hint`: the next thing to do.',
    'Long work answers 202 with its operation, to be read or followed at `Location`.',
    'Writes take an `Idempotency-Key`: the same request with the same key is done once, and answered alike for 24 hours.',
    'What can change has an `ETag`; `If-Match` is honoured where it is listed, `If-None-Match` on reads.',
    'With `Accept: text/event-stream` logs, events and operations stream; `Last-Event-ID` resumes.',
    '',
    'Problem codes:',
    '',
    ...codes,
  ].join('\n');
}
