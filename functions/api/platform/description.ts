/** The route of the OpenAPI document. */
import { route } from '../http/route-spec.ts';
import { describeApi } from '../openapi/document.ts';

export const routes = [
  route({
    method: 'get',
    path: '/v1/openapi.json',
    policy: { action: 'api.describe', scope: 'public' },
    operationId: 'getOpenApi',
    summary: 'Read this document',
    tag: 'Platform',
    answers: { 200: { summary: 'OpenAPI 3.1' } },
    handle: async () => ({ status: 200, body: await describeApi() }),
  }),
];
