/** Berth's own credentials for a registry go to no host of anyone else's choice (39). */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRegistryHttp } from '../../../functions/adapters/oci/registry-http.ts';

const PASSWORD = 'the-password-of-berth';
const SECRET = /Basic|Bearer/;
/** What each server was sent: path and authorization. */
const seen: Record<string, string[]> = { registry: [], elsewhere: [] };
let challenge = '';
let registry: Server;
let elsewhere: Server;
const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const listen = (name: string, location: () => string | undefined): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      seen[name]!.push(`${request.url} ${request.headers.authorization ?? ''}`);
      const to = request.url?.startsWith('/token') || request.headers.authorization ? location() : undefined;
      if (to !== undefined) response.writeHead(307, { location: to });
      else response.writeHead(401, { 'www-authenticate': challenge });
      response.end();
    }).listen(0, '127.0.0.1', () => resolve(server));
  });

beforeAll(async () => {
  elsewhere = await listen('elsewhere', () => undefined);
  registry = await listen('registry', () => `${urlOf(elsewhere)}/stolen`);
});
afterAll(() => {
  for (const server of [registry, elsewhere]) server.close();
});

it.each<[string, () => string]>([
  ['by a redirect of what is asked for', () => 'Basic realm="x"'],
  ['by a redirect of where tokens come from', () => `Bearer realm="${urlOf(registry)}/token",service="x"`],
  ['by a realm on plain http', () => 'Bearer realm="http://evil.example/token"'],
  ['by a realm that reads like this machine', () => 'Bearer realm="http://localhost.evil.example/token"'],
  ['by a realm that is this machine’s name as a user', () => 'Bearer realm="http://localhost@evil.example/"'],
  ['by a realm of another scheme', () => 'Bearer realm="ftp://localhost/token"'],
  ['by a realm that is no URL', () => 'Bearer realm="//evil.example/token"'],
])('%s', async (_what, make) => {
  challenge = make();
  for (const name of ['registry', 'elsewhere']) seen[name] = [];
  const http = createRegistryHttp(
    { url: urlOf(registry), credentials: { username: 'berth', password: PASSWORD }, timeoutMs: 2000 },
    Date.now,
  );
  const refused = await http
    .send({ method: 'GET', path: '/demo/web/manifests/latest' })
    .catch((error) => error);
  expect(refused).toMatchObject({ code: 'unavailable' });
  expect(`${refused.message} ${refused.hint}`).not.toContain(PASSWORD);
  expect(seen.registry!.length).toBeGreaterThan(0);
  for (const request of seen.elsewhere!) expect(request).not.toMatch(SECRET);
});
