/** An HTTP API of API Gateway in front of a Lambda function: requests become events of payload version 2.0. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';

export type ApiHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

export interface ApiGateway {
  url: string;
  stop(): Promise<void>;
}

const TEXT = /^(application\/([\w.+-]+\+)?json|text\/)/;
const TIMEOUT_MS = 29_000;

export async function startApiGateway(
  handler: ApiHandler,
  context: (ms: number) => Context,
): Promise<ApiGateway> {
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', 'http://api.example.com');
    const isText = TEXT.test(headers['content-type'] ?? '');
    const event = {
      version: '2.0',
      routeKey: '$default',
      rawPath: url.pathname,
      rawQueryString: url.search.slice(1),
      // The edge stands before it, as the platform is given the key.
      headers: { ...joined(headers), 'x-berth-edge': process.env.BERTH_EDGE_KEY ?? '' },
      requestContext: {
        http: { method, path: url.pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
        requestId: 'request',
        domainName: 'api.example.com',
        stage: '$default',
      },
      ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
      isBase64Encoded: !isText,
    } as unknown as APIGatewayProxyEventV2;
    try {
      const answer = (await handler(event, context(TIMEOUT_MS))) as APIGatewayProxyStructuredResultV2;
      const { statusCode = 500, headers: own = {}, cookies = [], body: text = '', isBase64Encoded } = answer;
      for (const [name, value] of Object.entries(own)) response.setHeader(name, String(value));
      if (cookies.length > 0) response.setHeader('set-cookie', cookies);
      response.writeHead(statusCode).end(Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8'));
    } catch {
      response.writeHead(500).end('{"message":"Internal Server Error"}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const joined = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
