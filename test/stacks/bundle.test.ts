/** The functions as Lambda gets them: bundled, with stand-ins, each part loaded at its first use. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paramForms } from '../../functions/api/http/params.ts';
import { describeApi } from '../../functions/api/openapi/document.ts';
import { listRoutes, type RouteEntry } from '../../functions/hosts/aws/lazy-routes.ts';
import { bundle } from '../../stacks/support/bundle.ts';
import { lambdaEnvironment } from '../support/lambda-environment.ts';
import { routes } from '../support/routes.ts';

interface Answer {
  statusCode: number;
  body: string;
}

/** Asks a function in a process of its own, one request after the other, and prints the answers. */
const PROGRAM = `
const { handler } = await import(process.argv[1]);
const context = { getRemainingTimeInMillis: () => 20_000, invokedFunctionArn: '', awsRequestId: 'one' };
const answers = [];
for (const [method, path] of JSON.parse(process.argv[2])) {
  const http = { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' };
  const event = { version: '2.0', rawPath: path, rawQueryString: '', headers: { host: 'berth.example', 'x-berth-edge': 'e'.repeat(48) },
    requestContext: { http, domainName: 'berth.example', requestId: 'one' }, isBase64Encoded: false };
  answers.push(await handler(event, context));
}
process.stdout.write(JSON.stringify(answers), () => process.exit());
`;

describe('The function of the API', () => {
  const { directory } = bundle('api');
  let dynamo: Server | undefined;
  const asked: string[] = [];

  beforeAll(async () => {
    dynamo = createServer(async (request, response) => {
      asked.push(String(request.headers['x-amz-target']).split('.')[1] ?? '', await text(request));
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
    });
    await new Promise<void>((resolve) => dynamo?.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => dynamo?.close());

  async function ask(...requests: [method: string, path: string][]): Promise<Answer[]> {
    if (!dynamo) throw new Error('nothing stands in for DynamoDB');
    const { port } = dynamo.address() as AddressInfo;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', PROGRAM, join(directory, 'index.mjs'), JSON.stringify(requests)],
      {
        env: { ...lambdaEnvironment, AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}` },
        maxBuffer: 10_000_000,
      },
    );
    return JSON.parse(stdout) as Answer[];
  }

  it('answers with the document, with problems, and from its records', async () => {
    const [document, missing, anonymous, type] = await ask(
      ['GET', '/v1/openapi.json'],
      ['GET', '/v1/nothing'],
      ['GET', '/v1/projects'],
      ['GET', '/problems/not_found'],
    );
    expect(JSON.parse(document!.body)).toEqual(JSON.parse(JSON.stringify(await describeApi())));
    expect(missing).toMatchObject({ statusCode: 404 });
    expect(anonymous).toMatchObject({ statusCode: 401 });
    expect(JSON.parse(type!.body)).toMatchObject({ code: 'not_found' });
  });

  it('knows all routes, in their order, before it has loaded any', async () => {
    const all = routes.map(({ method, path }) => ({ method, path }));
    const listed = JSON.parse(readFileSync(join(directory, 'routes.json'), 'utf8')) as RouteEntry[];
    expect(listed.map(({ method, path }) => ({ method, path }))).toEqual(all);
    expect(await listRoutes()).toEqual(listed);
  });

  it('answers at each of its routes, and with the methods of a path', async () => {
    const signedIn = routes.filter(({ policy }) => policy.scope !== 'public');
    const concrete = signedIn.map(({ method, path }): [string, string] => [
      method.toUpperCase(),
      path.replaceAll(/\{(\w+)\}/g, (_, name: string) => paramForms[name]!.example),
    ]);
    const answers = await ask(...concrete, ['PUT', '/v1/projects']);
    expect(answers.pop()).toMatchObject({ statusCode: 405, headers: { allow: 'GET, HEAD, POST' } });
    expect(answers.filter(({ statusCode }) => statusCode !== 401)).toEqual([]);
  });

  it('loads the store at its first use, with the credentials of the environment', async () => {
    const [health] = await ask(['GET', '/healthz']);
    expect(health).toMatchObject({ statusCode: 200 });
    expect(asked[0]).toBe('GetItem');
    expect(asked[1]).toContain('"TableName":"berth"');
  });

  it('has one language of zod', () => {
    const parts = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
    expect(parts.filter((part) => part.includes('Invalid input: expected'))).toHaveLength(1);
    // The bundler writes other characters than ASCII as escapes.
    expect(parts.filter((part) => /Ung(?:ü|\\xFC)ltige Eingabe/.test(part))).toEqual([]);
  });
});
