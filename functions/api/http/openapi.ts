/** The OpenAPI 3.1 document, made from the route table. */
import { OpenAPIHono, z } from '@hono/zod-openapi';
import { permissions } from '../../core/authorization/roles.ts';
import { type ProblemCode, problemCodes } from '../../core/problem.ts';
import { paramForms, pathNames } from './params.ts';
import type { Answer, Route } from './route-spec.ts';
import { problemSchema } from './schemas.ts';

type Registry = OpenAPIHono['openAPIRegistry'];
type RouteConfig = Parameters<Registry['registerPath']>[0];

/** Codes that a route can answer with beside its own. */
export function problemCodesOf(route: Route): ProblemCode[] {
  const { policy } = route;
  const isWrite = route.method !== 'get';
  const codes: ProblemCode[] = [
    'malformed_request',
    'invalid_request',
    'uri_too_long',
    'internal',
    ...(policy.scope === 'public' ? [] : (['unauthenticated', 'unavailable', 'too_many_requests'] as const)),
    ...(['public', 'signed-in'].includes(permissions[policy.action].least) ? [] : (['forbidden'] as const)),
    ...(policy.scope === 'project' ? (['not_found'] as const) : []),
    ...(route.query && 'cursor' in route.query.shape ? (['invalid_cursor'] as const) : []),
    ...(isWrite
      ? ([
          'malformed_json',
          'unsupported_media_type',
          'payload_too_large',
          'idempotency_key_reused',
          'conflict',
          'storage_full',
        ] as const)
      : []),
    ...(route.conditional ? (['precondition_failed'] as const) : []),
    ...(route.problems ?? []),
  ];
  return [...new Set(codes)];
}

export function openApiDocument(routes: readonly Route[]): Record<string, unknown> {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  for (const route of routes) registry.registerPath(toConfig(route));
  return app.getOpenAPI31Document({
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
  }) as unknown as Record<string, unknown>;
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

function toConfig(route: Route): RouteConfig {
  const { policy } = route;
  const { least, protected: inProtected } = permissions[policy.action];
  const more = inProtected ? `; in a protected environment \`${inProtected}\`` : '';
  const permission =
    policy.scope === 'public'
      ? 'For everyone.'
      : `Permission: \`${policy.action}\`, for \`${least}\`${more}.`;
  return {
    method: route.method,
    path: route.path,
    operationId: route.operationId,
    summary: route.summary,
    description: [route.description, permission].filter(Boolean).join('\n\n'),
    tags: [route.tag],
    ...(policy.scope === 'public' && { security: [] }),
    request: {
      params: z.object(Object.fromEntries(pathNames(route.path).map((name) => [name, paramSchema(name)]))),
      ...(route.query && { query: route.query }),
      headers: headersOf(route),
      ...bodyOf(route),
    },
    responses: { ...answersOf(route), ...problemsOf(route) },
  } as RouteConfig;
}

function paramSchema(name: string): z.ZodType {
  const form = paramForms[name];
  if (!form) throw new Error(`The path parameter "${name}" has no form`);
  return z.string().openapi({
    pattern: form.pattern.source,
    description: `${form.summary} It ${form.rule}.`,
    example: form.example,
  });
}

function headersOf(route: Route) {
  const headers: Record<string, z.ZodType> = {};
  if (route.method !== 'get') {
    headers['Idempotency-Key'] = z
      .string()
      .min(1)
      .max(255)
      .optional()
      .openapi({ description: 'Any text that no other request has; printable ASCII.' });
  }
  if (route.conditional) {
    headers['If-Match'] = z
      .string()
      .optional()
      .openapi({ description: 'The ETag that was read.', example: '"3"' });
  }
  if (Object.values(route.answers).some(({ stream }) => stream)) {
    headers['Last-Event-ID'] = z
      .string()
      .optional()
      .openapi({ description: 'Resumes a stream behind this event.' });
  }
  if (route.method === 'get' && Object.values(route.answers).some(({ etag }) => etag)) {
    headers['If-None-Match'] = z.string().optional().openapi({ description: 'An ETag: unchanged is 304.' });
  }
  return z.object(headers);
}

const examplesOf = (values: Record<string, unknown> | undefined) =>
  values && Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));

function bodyOf(route: Route) {
  if (!route.body) return {};
  const content: Record<string, unknown> = {
    'application/json': {
      schema: route.body,
      ...(route.bodyExamples && { examples: examplesOf(route.bodyExamples) }),
    },
  };
  if (route.upload) {
    const schema = z.string().openapi({ format: 'binary', description: route.upload.summary });
    content[route.upload.mediaType] = { schema };
  }
  return { body: { required: true, content } };
}

const header = (description: string, example: string) => ({
  description,
  schema: { type: 'string', example },
});

function answersOf(route: Route) {
  const responses: Record<string, unknown> = {};
  for (const [status, answer] of Object.entries(route.answers)) {
    responses[status] = {
      description: answer.summary,
      headers: {
        'Request-Id': header('Names this request in the log of Berth.', '01KAV6M2J8Y0T5W3Q9R7C4X1ZB'),
        ...(answer.etag && { ETag: header('Its version.', '"3"') }),
        ...(answer.location && { Location: header('Where it is.', '/v1/...') }),
        ...(route.method !== 'get' && {
          'Idempotency-Replayed': header('`true` when the answer was given before.', 'true'),
        }),
      },
      ...contentOf(answer),
    };
    if (answer.etag && route.method === 'get') responses['304'] = { description: 'Unchanged' };
  }
  return responses;
}

function contentOf({ schema, stream, example, mediaType }: Answer) {
  if (mediaType !== undefined) return { content: { [mediaType]: { schema: z.string() } } };
  if (!schema) return {};
  return {
    content: {
      'application/json': { schema, ...(example !== undefined && { example }) },
      ...(stream && {
        'text/event-stream': {
          schema: z.string().openapi({ description: `${stream.summary}; its data is one line of JSON.` }),
        },
      }),
    },
  };
}

/** Problems by status, each with an example a code. */
function problemsOf(route: Route) {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemCodesOf(route)) {
    const [status] = problemCodes[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${problemCodes[code][1]}`).join('. '),
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
}
