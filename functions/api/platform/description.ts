import { route } from '../http/route-spec.ts';

export const descriptionRoutes = [
  route({
    method: 'get',
    path: '/v1/openapi.json',
    policy: { action: 'api.describe', scope: 'public' },
    operationId: 'getOpenApi',
    summary: 'Read this document',
    tag: 'Platform',
    answers: { 200: { summary: 'OpenAPI 3.1' } },
    // It is about all routes, this one among them.
    handle: async () => ({ status: 200, body: await (await import('../routes.ts')).describeApi() }),
  }),
];
