/** Hostile requests from the network, and hostile addresses that Berth is sent to: the socket of a whole Berth. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paramForms } from '../../../functions/api/http/params.ts';
import { type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { program } from '../../support/programs.ts';
import { routes } from '../../support/routes.ts';

let subject: TestBerth;
/** A token of the project `mine`. */
let token: string;

beforeAll(async () => {
  subject = await startBerth();
  for (const project of ['mine', 'theirs']) {
    await subject.api('POST', '/v1/projects', { name: project });
    await subject.api('POST', `/v1/projects/${project}/services`, { name: 'web' });
  }
  await subject.operation('POST', '/v1/projects/mine/environments', { name: 'dev' });
  const made = { name: 'x', role: 'administrator' };
  token = (await subject.api('POST', '/v1/projects/mine/tokens', made)).body.token;
});
afterAll(() => subject?.close());

/** Sends bytes, and gives all that came until the server closed. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(subject.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
    socket.on('end', () => socket.end());
    socket.setTimeout(60_000, () => reject(new Error(`Still open after: ${answer.slice(0, 300)}`)));
    socket.write(Buffer.from(text, 'latin1'));
  });
}
const request = (method: string, target: string, headers: string[] = [], body = ''): string =>
  [
    `${method} ${target} HTTP/1.1`,
    ...(headers.some((line) => /^host:/i.test(line)) ? [] : ['Host: localhost']),
    `Authorization: Bearer ${token}`,
    'Connection: close',
    ...headers,
    '',
    body,
  ].join('\r\n');
const statuses = (answer: string): number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const projects = async (): Promise<string[]> =>
  (await subject.api('GET', '/v1/projects')).body.items.map(({ name }: Json) => name);

describe('Text of others is text (37)', () => {
  const lines = [
    '<script>alert(1)</script><img src=x onerror=alert(1)>',
    '\u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007',
    '\u001b[2J\u001b[31mred',
    'a\rdata: forged',
    'event: end\\r\\n\\r\\ndata: {}',
    '\u2028id: 9\u2029',
  ];
  const server = `import { createServer } from 'node:http';
for (const line of ${JSON.stringify(lines)}) console.log(line);
createServer((_, response) => response.end('x')).listen(process.env.PORT);`;

  it('in logs: JSON that no browser takes for a page, and one event a line', async () => {
    const source = await program('logs', { server });
    const built = await subject.operation('POST', '/v1/projects/mine/services/web/builds', source);
    const path = '/v1/projects/mine/environments/dev/services/web';
    const { version } = built.result;
    expect(await subject.operation('POST', `${path}/deployments`, { version })).toMatchObject({
      status: 'succeeded',
    });
    const answer = await subject.api('GET', `${path}/logs`);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    const said = answer.body.items.map(({ message }: Json) => message);
    // Of a line that is written over itself, the last state is kept.
    for (const line of lines) expect(said).toContain(line.split('\r').at(-1));
    const stream = await fetch(`${subject.url}${path}/logs`, {
      headers: { authorization: `Bearer ${subject.token}`, accept: 'text/event-stream' },
      signal: AbortSignal.timeout(2000),
    });
    let text = '';
    try {
      for await (const chunk of stream.body!) text += Buffer.from(chunk).toString('utf8');
    } catch {}
    expect(text).toContain('onerror');
    for (const field of text.split(/\r\n|\r|\n/)) {
      if (!field.startsWith('data:')) continue;
      expect(field).not.toMatch(/^data: (forged|\{\})/);
      expect(() => JSON.parse(field.slice(5)), field).not.toThrow();
    }
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    '//evil.example/x',
    'https://user:secret@git.example.com/x',
    'https://git.example.com/\r\nX: y',
    'https://git.example.com/"onmouseover="alert(1)',
  ])('in links: a repository is not %j', async (repository) => {
    const answer = await subject.api('PATCH', '/v1/projects/mine/services/web', { repository });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it.each(['a\r\nSet-Cookie: x=1', '\u001b[31mred', 'a\u0000b', '\u202etxt.exe', 'a\nb'])(
    'in names that are shown: not %j',
    async (displayName) => {
      expect((await subject.api('PATCH', '/v1/projects/mine', { displayName })).status).toBe(400);
    },
  );
});

describe('Berth is not sent anywhere (38, 39)', () => {
  const hosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '017700000001',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '169.254.169.254',
    '[::ffff:169.254.169.254]',
    '[fd00:ec2::254]',
    '10.0.0.1',
    'localhost',
    'localhost.',
    '１２７.０.０.１',
  ];
  it.each(hosts)('by the URL of a repository at %s', async (host) => {
    const git = { url: `https://${host}:${new URL(subject.url).port}/x.git`, ref: 'main' };
    const answer = await subject.api('POST', '/v1/projects/mine/services/web/builds', { git });
    if (answer.status !== 202) return expect(answer.status).toBe(400);
    const { status, error } = await subject.waitFor(answer.body.operation?.id ?? answer.body.id);
    expect(status).toBe('failed');
    expect(error).toMatchObject({
      code: 'source_unavailable',
      cause: expect.stringMatching(/not on the public internet|not known/),
    });
  });

  it.each([
    'https://127.0.0.1',
    'https://169.254.169.254',
    'http://issuer.example',
    'https://[::ffff:10.0.0.1]',
  ])('by the issuer of a trust rule, nor by that of a token: %s', async (issuer) => {
    const rule = { issuer, subjects: ['repo:octo/x:ref:refs/heads/main'], role: 'developer' };
    const { status } = await subject.api('POST', '/v1/projects/mine/trusts', rule);
    expect([400, 201]).toContain(status);
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: issuer, sub: 'repo:octo/x:ref:refs/heads/main', aud: 'berth', exp: 9_999_999_999 };
    const jwt = `${encode({ alg: 'RS256', kid: 'x', jku: `${issuer}/jwks` })}.${encode(claims)}.eA`;
    const exchanged = await subject.api(
      'POST',
      '/v1/token',
      { project: 'mine', token: jwt },
      { authorization: '' },
    );
    expect(exchanged.status).toBeGreaterThanOrEqual(400);
    expect(exchanged.status).toBeLessThan(500);
    expect(JSON.stringify(exchanged.body)).not.toContain('ECONN');
  });
});

describe('A limit of a body holds (41)', () => {
  const huge = 'a'.repeat(1_200_000);
  const chunked = (body: string, size = 65_536): string => {
    let sent = '';
    for (let at = 0; at < body.length; at += size) {
      const part = body.slice(at, at + size);
      sent += `${part.length.toString(16)}\r\n${part}\r\n`;
    }
    return `${sent}0\r\n\r\n`;
  };
  const type = 'Content-Type: application/json';
  it.each<[string, string[], string, number[]]>([
    ['in chunks', [type, 'Transfer-Encoding: chunked'], chunked(`{"name":"${huge}"}`), [413]],
    ['in many small chunks', [type, 'Transfer-Encoding: chunked'], chunked(`{"name":"${huge}"}`, 100), [413]],
    [
      'in chunks of white space',
      [type, 'Transfer-Encoding: chunked'],
      chunked(`${' '.repeat(1_200_000)}{}`),
      [413],
    ],
    [
      'with a length of chunks that is none',
      [type, 'Transfer-Encoding: xchunked'],
      '{"name":"forged"}',
      [400, 411, 501],
    ],
    [
      'chunked twice',
      [type, 'Transfer-Encoding: chunked, chunked'],
      chunked('{"name":"forged"}'),
      [400, 501],
    ],
    [
      'with a space before the colon',
      [type, 'Transfer-Encoding : chunked'],
      chunked('{"name":"forged"}'),
      [400],
    ],
    ['with a length in hex', [type, 'Content-Length: 0x11'], '{"name":"forged"}', [400]],
    ['with a length and a sign', [type, 'Content-Length: +17'], '{"name":"forged"}', [400]],
    ['with a list of lengths', [type, 'Content-Length: 17, 17'], '{"name":"forged"}', [400]],
    ['in deflate', [type, 'Content-Encoding: deflate', 'Content-Length: 17'], '{"name":"forged"}', [415]],
    ['in brotli', [type, 'Content-Encoding: BR', 'Content-Length: 17'], '{"name":"forged"}', [415]],
    [
      'in two encodings',
      [type, 'Content-Encoding: identity, gzip', 'Content-Length: 17'],
      '{"name":"forged"}',
      [415],
    ],
  ])('%s', async (_what, headers, body, expected) => {
    const answer = await raw(request('POST', '/v1/projects', headers, body).replace(token, subject.token));
    expect(expected, answer.slice(0, 300)).toContain(statuses(answer)[0]);
    expect(await projects()).toEqual(['mine', 'theirs']);
  });

  it('though its length says less: what is behind it is no request of anyone else', async () => {
    const smuggled = 'DELETE /v1/projects/mine HTTP/1.1\r\nHost: localhost\r\n\r\n';
    for (const headers of [['Content-Length: 2'], ['Transfer-Encoding: chunked']]) {
      const body = headers[0]!.startsWith('T') ? `2\r\n{}\r\n0\r\n\r\n${smuggled}` : `{}${smuggled}`;
      const first = request('POST', '/v1/projects', [type, ...headers], body).replace(
        'Connection: close\r\n',
        '',
      );
      const answer = await raw(first + request('GET', '/healthz'));
      expect(
        statuses(answer)
          .slice(0, 2)
          .every((status) => status >= 400),
      ).toBe(true);
    }
    expect(await projects()).toEqual(['mine', 'theirs']);
  });
});

describe('A path is read once (42)', () => {
  const secret = '/environments/dev/secrets';
  it.each([
    '/v1/projects/%74heirs',
    '/v1/projects/%2574heirs',
    '/v1/projects/mine/../theirs',
    '/v1/projects/mine/%2e%2e/theirs',
    '/v1/projects/mine/%2E%2E/theirs',
    '/v1/projects/mine/.%2e/theirs',
    '/v1/projects/mine%2f..%2ftheirs',
    '/v1/projects/mine\\..\\theirs',
    '/v1/projects/mine%5c..%5ctheirs',
    '/v1/projects/mine/..;/theirs',
    '/v1/projects/mine;x=/../theirs',
    '/v1/projects/mine//../theirs',
    '//v1/projects/theirs',
    '/V1/projects/theirs',
    '/v1/Projects/theirs',
    '/v1/projects/theirs/',
    '/v1/projects/theirs/.',
    '/v1/projects/theirs%00',
    '/v1/projects/theirs?project=mine',
    '/v1/projects/theirs#/v1/projects/mine',
    '/healthz/../v1/projects/theirs',
    '/healthz/..%2fv1/projects/theirs',
    'http://localhost/v1/projects/theirs',
    '/v1/projects/%c0%aetheirs',
    '/v1/projects/th%EF%BD%85irs',
  ])('by router and policy alike: %s', async (path) => {
    for (const tail of ['', secret, '/services']) {
      for (const method of ['GET', 'DELETE']) {
        const answer = await raw(request(method, path + tail));
        const [status = 0] = statuses(answer);
        expect(status, `${method} ${path}${tail}\n${answer.slice(0, 400)}`).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
        expect(answer).not.toContain('"displayName"');
      }
    }
    expect(await projects()).toEqual(['mine', 'theirs']);
  });

  it('and no name is written with an encoding, nor found by HEAD', async () => {
    expect(statuses(await raw(request('GET', '/v1/projects/%6dine')))).toEqual([400]);
    expect(statuses(await raw(request('HEAD', '/v1/projects/%74heirs')))).toEqual([400]);
  });
});

describe('The name of a host is not believed (43)', () => {
  const forged = ['evil.example', 'localhost@evil.example', 'evil.example:443', 'localhost.evil.example'];
  it.each(forged)('%s: nobody is sent there', async (host) => {
    for (const headers of [
      [`Host: ${host}`],
      [`X-Forwarded-Host: ${host}`],
      [`Forwarded: host="${host}";proto=https`],
      [`X-Host: ${host}`, `X-Forwarded-Server: ${host}`, 'X-Forwarded-Proto: https'],
      [`Origin: https://${host}`],
      [`Referer: https://${host}/`],
    ]) {
      for (const target of ['/v1/sign-in', '/v1/sign-in?return=/x', '/v1/me', '/v1/openapi.json']) {
        const answer = await raw(request('GET', target, headers));
        expect(statuses(answer)[0]).toBeLessThan(500);
        expect(answer, `${headers} ${target}`).not.toContain('evil.example');
      }
    }
  });

  it('by the router: a header is no way to a workload, and none from it to Berth', async () => {
    const workload = `web.dev.mine.localhost:${new URL(subject.url).port}`;
    for (const name of ['X-Forwarded-Host', 'X-Host', 'Forwarded', 'X-Original-Host']) {
      const value = name === 'Forwarded' ? `host="${workload}"` : workload;
      expect(await raw(request('GET', '/v1/me', [`${name}: ${value}`]))).toContain('"kind"');
      const answer = await raw(request('GET', '/v1/me', [`Host: ${workload}`, `${name}: localhost`]));
      expect(answer).not.toContain('"kind"');
    }
    // Of two Host headers the router might go by one and Berth by the other, so such a request has none.
    const both = [`Host: ${workload}`, 'Host: localhost'];
    for (const hosts of [both, both.toReversed()]) {
      expect(await raw(request('GET', '/v1/me', hosts))).toMatch(
        /^HTTP\/1\.1 400 [\s\S]*"malformed_request"/,
      );
    }
  });

  it('nor is the address of a client in the trail', async () => {
    for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'true-client-ip', 'cf-connecting-ip']) {
      const value = name === 'forwarded' ? 'for=203.0.113.7' : '203.0.113.7';
      await subject.api('PATCH', '/v1/projects/mine', { displayName: name }, { [name]: value });
    }
    const { body } = await subject.api('GET', '/v1/projects/mine/events?type=project');
    expect(body.items.length).toBeGreaterThan(4);
    expect(JSON.stringify(body)).toContain('127.0.0.1');
    expect(JSON.stringify(body)).not.toContain('203.0.113.7');
  });
});

it('A tag that is moved moves nothing that was deployed by it (44)', async () => {
  const path = '/v1/projects/mine/environments/dev/services/web/deployments';
  const versions: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    const source = await program(name);
    const built = await subject.operation('POST', '/v1/projects/mine/services/web/builds?tag=stable', source);
    versions.push(built.result.version);
    const answer = await subject.api('POST', path, { version: 'stable' });
    // A tag that two versions have had is not guessed: it is the newest, or a problem.
    if (answer.status === 202) await subject.waitFor(answer.body.operation?.id ?? answer.body.id);
    else expect([400, 409]).toContain(answer.status);
  }
  const { body } = await subject.api('GET', path);
  const byTag = body.items.filter(({ version }: Json) => versions.includes(version));
  expect(byTag.at(-1).version).toBe(versions[0]);
  const { number } = byTag.at(-1);
  const back = await subject.operation('POST', path, { rollbackTo: number });
  expect(back).toMatchObject({ status: 'succeeded' });
  expect((await subject.workload('web.dev.mine.localhost')).text).toBe('first');
});

describe('A trust rule that a fork could meet is none (45)', () => {
  it.each([
    [['*']],
    [['repo:*/x:ref:refs/heads/main']],
    [['repo:octo/*:ref:refs/heads/main']],
    [['repo:octo/x:*']],
    [['repo:octo/x']],
    [['repo:octo/x:pull_request']],
    [['repo:octo/x:ref:refs/pull/1/merge']],
    [['repo:octo/x:ref:refs/heads/main', '*']],
    [['project_path:octo/*:ref_type:branch:ref:main']],
    [['repo:octo/x:ref:refs/heads/main\n']],
    [['']],
    [[]],
    [[null]],
    ['repo:octo/x:ref:refs/heads/main'],
    [undefined],
  ])('%j', async (subjects) => {
    const rule = { issuer: 'https://token.actions.githubusercontent.com', subjects, role: 'developer' };
    for (const body of [
      rule,
      { ...rule, repositoryId: '*' },
      { ...rule, subjects: undefined, sub: subjects },
    ]) {
      const answer = await subject.api('POST', '/v1/projects/theirs/trusts', body);
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
    expect((await subject.api('GET', '/v1/projects/theirs/trusts')).body.items).toEqual([]);
  });
});

describe('A route without a policy (26)', () => {
  it('is not there: nobody who is not signed in gets more than what is public, by any method', async () => {
    for (const { path, policy } of routes) {
      if (policy.scope === 'public') continue;
      const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => paramForms[name]!.example);
      for (const [method, accept] of [
        ['GET', '*/*'],
        ['GET', 'text/event-stream'],
        ['HEAD', '*/*'],
        ['PROPFIND', '*/*'],
      ] as const) {
        const { status } = await fetch(subject.url + target, { method, headers: { accept } });
        expect([401, 404, 405], `${method} ${target}`).toContain(status);
      }
    }
  });
});
