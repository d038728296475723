/** The route table, what is served, and the document agree. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paramForms, pathNames } from '../../../functions/api/http/params.ts';
import { problemCodesOf } from '../../../functions/api/openapi/operation.ts';
import { decide } from '../../../functions/core/authorization/decide.ts';
import { isRole, permissions } from '../../../functions/core/authorization/roles.ts';
import { problemCodes } from '../../../functions/core/problem.ts';
import { routes } from '../../support/routes.ts';
import { createSubject, person, type Subject } from '../support.ts';

interface Operation {
  operationId?: string;
  summary?: string;
  security?: unknown[];
  parameters?: { name: string; in: string }[];
  responses: Record<string, { content?: Record<string, { schema?: { $ref?: string } }> }>;
}
interface Document {
  openapi: string;
  info: { description: string };
  paths: Record<string, Record<string, Operation>>;
}

let subject: Subject;
let document: Document;
beforeAll(async () => {
  subject = await createSubject();
  document = (await subject.api('GET', '/v1/openapi.json')).body;
});
afterAll(() => subject.close());

const documented = routes.filter(({ hidden }) => !hidden);

describe('The route table', () => {
  it('is what is served: no route without a policy', () => {
    const served = subject.app.routes.map(({ method, path }) => `${method} ${path}`);
    const table = subject.app.table.map(
      ({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    );
    // Behind it are only requests to these same routes.
    expect(served).toEqual([...table, 'ALL /mcp']);
    expect(new Set(table).size).toBe(table.length);
  });

  it.each(routes)('$method $path has a policy, an id, a summary and known parameters', (route) => {
    expect(route.policy.action).toMatch(/^[a-z-]+\.[a-z-]+$/);
    expect(['project', 'platform', 'public']).toContain(route.policy.scope);
    expect(route.operationId).toMatch(/^[a-z][A-Za-z]+$/);
    expect(route.summary).toMatch(/^[A-Z].*[^.]$/);
    for (const name of pathNames(route.path)) expect(paramForms).toHaveProperty(name);
    // A project decides about everything under it; every route that changes something needs a principal.
    if (route.path.startsWith('/v1/projects/{project}')) expect(route.policy.scope).toBe('project');
    expect(permissions).toHaveProperty([route.policy.action]);
    expect(route.policy.scope === 'public').toBe(permissions[route.policy.action].least === 'public');
    expect(route.policy.scope === 'project').toBe(isRole(permissions[route.policy.action].least));
    if (route.policy.scope === 'project' && !route.path.includes('{project}'))
      expect(route.owner).toBeDefined();
    // An order to sign somebody out, a pipeline's token, what a git provider delivers and what a cluster's activator asks
    // bring their own signature; the address of an upload is known to those alone who may send it.
    const signed = [
      'backChannelLogout',
      'exchangeToken',
      'receiveHook',
      'receiveAppHook',
      'receiveUpload',
      'askForWake',
    ];
    if (route.method !== 'get' && !signed.includes(route.operationId))
      expect(route.policy.scope).not.toBe('public');
  });

  it('has unique operation ids', () => {
    const ids = routes.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is closed to whoever says nothing, route by route', async () => {
    for (const { method, path, policy } of routes) {
      const concrete = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => paramForms[name]?.example ?? 'x');
      const response = await subject.app.request(concrete, { method: method.toUpperCase() });
      expect(response.status === 401, `${method} ${path}`).toBe(policy.scope !== 'public');
    }
  });

  it('answers a stranger with 401 before anything else that is wrong, route by route', async () => {
    const closed = routes.filter(({ policy }) => policy.scope !== 'public');
    const wrongs: [string, (path: string) => string, RequestInit][] = [
      ['names', (path) => path.replaceAll(/\{\w+\}/g, '~'), {}],
      ['encoded names', (path) => path.replaceAll(/\{\w+\}/g, '%C3%A4'), {}],
      ['a query', (path) => `${path.replaceAll(/\{\w+\}/g, 'x')}?limit=none&limit=none&x=%`, {}],
      [
        'headers',
        (path) => path.replaceAll(/\{\w+\}/g, 'x'),
        { headers: { 'idempotency-key': 'x'.repeat(300), 'if-match': 'none', 'last-event-id': '?' } },
      ],
      [
        'a body',
        (path) => path.replaceAll(/\{\w+\}/g, 'x'),
        { body: '{', headers: { 'content-type': 'no/type' } },
      ],
    ];
    for (const { method, path } of closed) {
      for (const [what, fill, init] of wrongs) {
        const { body, ...rest } = init;
        for (const headers of [
          {},
          { authorization: 'Basic eA==' },
          { authorization: 'Bearer berth_guess' },
        ]) {
          const response = await subject.app.request(fill(path), {
            ...rest,
            ...(method !== 'get' && body !== undefined && body !== null && { body }),
            method: method.toUpperCase(),
            headers: { ...(rest.headers as Record<string, string>), ...headers },
          });
          expect(response.status, `${method} ${path} with wrong ${what}`).toBe(401);
        }
      }
    }
  });

  it('accepts its own examples', () => {
    for (const { body, bodyExamples = {}, path } of routes) {
      for (const example of Object.values(bodyExamples)) {
        expect(body?.safeParse(example).success, path).toBe(true);
      }
    }
    for (const form of Object.values(paramForms)) expect(form.example).toMatch(form.pattern);
  });
});

describe('The policy', () => {
  const policy = { action: 'deployment.create', scope: 'project' } as const;
  it('denies what no rule allows', () => {
    const isAllowed = (...asked: Parameters<typeof decide>) => decide(...asked).allowed;
    const stranger = person('x');
    const target = { project: 'demo' };
    expect(isAllowed(undefined, [], policy, target)).toBe(false);
    expect(isAllowed(stranger, [], policy, target)).toBe(false);
    expect(isAllowed(stranger, [{ role: 'developer' }], policy, {})).toBe(false);
    expect(isAllowed(stranger, [{ role: 'developer' }], policy, target)).toBe(true);
    expect(isAllowed(stranger, [{ role: 'viewer' }], policy, target)).toBe(false);
    expect(isAllowed(person('x', { administrator: true }), [], policy, target)).toBe(true);
    expect(isAllowed(undefined, [], { action: 'me.read', scope: 'platform' })).toBe(false);
    expect(isAllowed(undefined, [], { action: 'api.describe', scope: 'public' })).toBe(true);
    // A scope that does not fit the action opens nothing.
    expect(isAllowed(stranger, [], { action: 'project.delete', scope: 'public' })).toBe(false);
    expect(isAllowed(stranger, [], { action: 'project.delete', scope: 'platform' })).toBe(false);
  });
});

describe('The OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('has each route once, and nothing else', () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(documented.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it.each(documented)('describes $method $path', (route) => {
    const operation = document.paths[route.path]![route.method]!;
    expect(operation).toMatchObject({ operationId: route.operationId, summary: route.summary });
    if (route.policy.scope === 'public') expect(operation.security).toEqual([]);
    const inPath = operation.parameters?.filter((parameter) => parameter.in === 'path') ?? [];
    expect(inPath.map(({ name }) => name)).toEqual(pathNames(route.path));
    for (const code of problemCodesOf(route)) {
      const response = operation.responses[problemCodes[code][0]];
      expect(response?.content?.['application/problem+json']?.schema?.$ref, code).toMatch(/\/Problem$/);
    }
    for (const status of Object.keys(route.answers)) expect(operation.responses).toHaveProperty(status);
  });

  it('says of every route what may come before any route is chosen', () => {
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { responses }] of Object.entries(methods))
        for (const status of [400, 408, 414, 431, 500])
          expect(responses, `${method} ${path}`).toHaveProperty([status]);
  });

  it('lists every problem code', () => {
    for (const code of Object.keys(problemCodes)) expect(document.info.description).toContain(`\`${code}\``);
  });
});
