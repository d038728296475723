/** One route as an operation of the OpenAPI document. */
import * as z from 'zod';
import { permissions } from '../../core/authorization/roles.ts';
import { type ProblemCode, problemCodes } from '../../core/problem.ts';
import { paramForms, pathNames } from '../http/params.ts';
import { type Answer, type Route, takesEmptyBody } from '../http/route-spec.ts';
import { problemSchema } from '../http/schemas.ts';
import type { Schemas } from './json-schema.ts';

/** All problem codes that a route can answer with: those of every route of its kind, then its own. */
export function problemCodesOf(route: Route): ProblemCode[] {
  const { policy } = route;
  const isWrite = route.method !== 'get';
  const codes: ProblemCode[] = [
    'malformed_request',
    'invalid_request',
    'uri_too_long',
    // These two come before any route is chosen.
    'headers_too_large',
    'request_timeout',
    'internal',
    'too_many_requests',
    ...(policy.scope === 'public'
      ? []
      : (['unauthenticated', 'unavailable', 'cross_origin_request'] as const)),
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

/** @param schemas collects the named schemas that the operation refers to */
export function operationOf(route: Route, schemas: Schemas): Record<string, unknown> {
  const { policy } = route;
  const { least, protected: inProtected } = permissions[policy.action];
  const more = inProtected ? `; in a protected environment \`${inProtected}\`` : '';
  const permission =
    policy.scope === 'public'
      ? 'For everyone.'
      : `Permission: \`${policy.action}\`, for \`${least}\`${more}.`;
  const parameters = parametersOf(route, schemas);
  return {
    operationId: route.operationId,
    summary: route.summary,
    description: [route.description, permission].filter(Boolean).join('\n\n'),
    tags: [route.tag],
    ...(policy.scope === 'public' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...bodyOf(route, schemas),
    responses: { ...answersOf(route, schemas), ...problemsOf(route, schemas) },
  };
}

function parametersOf(route: Route, schemas: Schemas) {
  const inPath = Object.fromEntries(pathNames(route.path).map((name) => [name, paramSchema(name)]));
  const all = { path: inPath, query: route.query?.shape ?? {}, header: headersOf(route) };
  return Object.entries(all).flatMap(([where, parameters]) =>
    Object.entries(parameters).map(([name, parameter]) => {
      const schema = schemas.of(parameter);
      return {
        schema,
        required: !parameter.safeParse(undefined).success,
        ...(schema.description !== undefined && { description: schema.description }),
        name,
        in: where,
      };
    }),
  );
}

function paramSchema(name: string): z.ZodType {
  const form = paramForms[name];
  if (!form) throw new Error(`The path parameter "${name}" has no form`);
  return z.string().meta({
    pattern: form.pattern.source,
    description: `${form.summary} It ${form.rule}.`,
    example: form.example,
  });
}

function headersOf(route: Route): Record<string, z.ZodType> {
  const headers: Record<string, z.ZodType> = {};
  if (route.method !== 'get') {
    headers['Idempotency-Key'] = z
      .string()
      .min(1)
      .max(255)
      .optional()
      .meta({ description: 'Any text that no other request has; printable ASCII.' });
  }
  if (route.conditional) {
    headers['If-Match'] = z
      .string()
      .optional()
      .meta({ description: 'The ETag that was read.', example: '"3-1f2e3d4c"' });
  }
  if (Object.values(route.answers).some(({ stream }) => stream)) {
    headers['Last-Event-ID'] = z
      .string()
      .optional()
      .meta({ description: 'Resumes a stream behind this event.' });
  }
  if (route.method === 'get' && Object.values(route.answers).some(({ etag }) => etag)) {
    headers['If-None-Match'] = z.string().optional().meta({ description: 'An ETag: unchanged is 304.' });
  }
  return headers;
}

const examplesOf = (values: Record<string, unknown> | undefined) =>
  values && Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));

function bodyOf(route: Route, schemas: Schemas) {
  if (!route.body) return {};
  const content: Record<string, unknown> = {
    'application/json': {
      schema: schemas.of(route.body),
      ...(route.bodyExamples && { examples: examplesOf(route.bodyExamples) }),
    },
  };
  if (route.upload) {
    const schema = { type: 'string', format: 'binary', description: route.upload.summary };
    content[route.upload.mediaType] = { schema };
  }
  return { requestBody: { required: !takesEmptyBody(route), content } };
}

const header = (description: string, example: string) => ({
  description,
  schema: { type: 'string', example },
});

function answersOf(route: Route, schemas: Schemas) {
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
      ...contentOf(answer, schemas),
    };
    if (answer.etag && route.method === 'get') responses['304'] = { description: 'Unchanged' };
  }
  return responses;
}

function contentOf({ schema, stream, example, mediaType }: Answer, schemas: Schemas) {
  if (mediaType !== undefined) return { content: { [mediaType]: { schema: { type: 'string' } } } };
  if (!schema) return {};
  return {
    content: {
      'application/json': { schema: schemas.of(schema), ...(example !== undefined && { example }) },
      ...(stream && {
        'text/event-stream': {
          schema: { type: 'string', description: `${stream.summary}; its data is one line of JSON.` },
        },
      }),
    },
  };
}

/** Problems by status; the description names each code. */
function problemsOf(route: Route, schemas: Schemas) {
  const schema = schemas.of(problemSchema);
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
        content: { 'application/problem+json': { schema } },
      },
    ]),
  );
}
