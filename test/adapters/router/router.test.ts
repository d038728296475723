/** The router in front of real workloads and a real server. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createRouter,
  type Lookup,
  type Router,
  type Wake,
} from '../../../functions/adapters/router/router.ts';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import {
  containerSpec,
  eventually,
  port,
  variable,
  workloadSpec,
} from '../../contracts/workloads/workloads-spec.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { type LocalSubject, makeLocalSubject } from '../processes/subject.ts';

const temporary = temporaryDirectories();

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

describe('router', () => {
  const dev = { project: 'demo', environment: 'dev' };
  const web: InstanceRef = { ...dev, service: 'web' };
  const host = 'web.dev.demo.localhost';
  let subject: LocalSubject;
  let router: Router;
  let address: AddressInfo;
  let server: string;
  let lookup: Lookup = async () => 'absent';
  let wake: Wake = async () => 'waking';
  const recorded: { service: string; status: number; durationMs: number }[] = [];
  const front = createServer({
    requireHostHeader: false,
    shouldUpgradeCallback: (request) => router.upgrades(request),
  });

  beforeAll(async () => {
    subject = await makeLocalSubject(temporary());
    router = createRouter({
      traffic: subject.traffic,
      activity: {
        record: (instance, status, durationMs) =>
          recorded.push({ service: instance.service, status, durationMs }),
      },
      fallback: (_, response) => response.end('berth'),
      wake: (environment) => wake(environment),
      lookup: (...asked) => lookup(...asked),
      // None of them keeps an answer from anybody.
      tracer: {
        begin() {
          throw new Error('a fault of the tracer');
        },
        fields: (_, fields) => fields,
        end() {
          throw new Error('a fault of the tracer');
        },
      },
      limits: { holdMs: 3000, pageMs: 60, failingMs: 80, held: 6, heldPerEnvironment: 5, touchMs: 50 },
    });
    front.on('request', router.request);
    front.on('upgrade', router.upgrade);
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    address = front.address() as AddressInfo;
    await subject.workloads.ensureEnvironment(dev, { operation: 'op' });
    server = await subject.image(programs.server);
    await deploy(web, 1, 'one');
  });
  afterAll(async () => {
    front.closeAllConnections();
    front.close();
    router.close();
    await subject.close();
  });

  async function deploy(ref: InstanceRef, number: number, text: string, extra: object = {}): Promise<void> {
    const container = containerSpec(server, { variables: [variable('ANSWER', text)] });
    await subject.workloads.apply(workloadSpec(ref, number, container, { service: ref.service, ...extra }));
    expect(await subject.workloads.awaitRollout(ref, number, AbortSignal.timeout(60_000))).toEqual({
      state: 'ready',
    });
  }

  function ask(
    to: string | undefined,
    path = '/',
    extra: { method?: string; headers?: Record<string, string | string[]>; body?: Buffer } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: address.port,
          path,
          agent: false,
          setHost: false,
          method: extra.method ?? 'GET',
          headers: { ...(to !== undefined && { host: to }), ...extra.headers },
        },
        async (response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(extra.body);
    });
  }

  it.each([
    undefined,
    'localhost',
    'LOCALHOST:4600',
    '127.0.0.1',
    '[::1]:4600',
    'demo.localhost',
    'dev.demo.localhost',
    'web.dev.demo.localhost.',
    'web..dev.demo.localhost',
    'web.dev.demo.localhost:x',
    'web.dev.demo.localhost:80:80',
    'web.dev.demo.localhost.evil.com',
    'web.dev.demo.localhost@x',
    `${'a.'.repeat(120)}localhost`,
  ])('leaves what has not the shape of a workload’s host to Berth: %s', async (name) => {
    expect(await ask(name)).toMatchObject({ status: 200, body: 'berth' });
  });

  it('answers 404 with a hint for a workload that is not there, and never with Berth’s own pages', async () => {
    for (const name of [
      'api.dev.demo.localhost',
      'web.prod.demo.localhost',
      'x.dns.dev.demo.localhost',
      '__proto__.dev.demo.localhost',
      'a.b.c.d.e.localhost',
    ]) {
      const answer = await ask(name);
      if (name.startsWith('__')) expect(answer.body).toBe('berth');
      else {
        expect([name, answer.status]).toEqual([name, 404]);
        expect(answer.headers['content-type']).toBe('application/problem+json');
        expect(JSON.parse(answer.body)).toMatchObject({
          status: 404,
          code: 'not_found',
          hint: expect.stringMatching(/./),
        });
      }
    }
    const page = await ask('api.dev.demo.localhost', '/', { headers: { accept: 'text/html' } });
    expect(page.status).toBe(404);
    expect(page.headers['content-type']).toContain('text/html');
  });

  it('lets no workload claim a host of Berth or of another environment', async () => {
    const thief = { project: 'thief', environment: 'dev', service: 'web' };
    await subject.workloads.ensureEnvironment(thief, { operation: 'op' });
    const hosts = [
      'localhost',
      '127.0.0.1',
      host,
      'new.dev.demo.localhost',
      'x.dns.dev.demo.localhost',
      'thief.localhost',
      'a.localhost',
      'localhost:4600',
      'shop.example.com',
    ];
    await deploy(thief, 1, 'thief', { routes: hosts.map((name) => ({ host: name, path: '/', port: 80 })) });
    for (const name of hosts.slice(0, -1))
      expect([name, (await ask(name)).body]).not.toEqual([name, 'thief']);
    expect((await ask('shop.example.com')).body).toBe('thief');
    await subject.workloads.removeEnvironment(thief);
  });

  it('says who asked, and believes nobody else about it', async () => {
    const forged = {
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-host': 'evil',
      'x-forwarded-proto': 'https',
      forwarded: 'for=6.6.6.6',
      'x-real-ip': '6.6.6.6',
      connection: 'keep-alive, x-secret',
      'x-secret': 'hop',
      te: 'trailers',
      'x-kept': ['a', 'b'],
    };
    const raw = JSON.parse((await ask(host, '/headers', { headers: forged })).body) as string[];
    const fields = raw.flatMap((text, at) => (at % 2 === 0 ? [[text.toLowerCase(), raw[at + 1]]] : []));
    const of = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value);
    expect(of('x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(of('x-forwarded-host')).toEqual([host]);
    expect(of('x-forwarded-proto')).toEqual(['http']);
    for (const name of ['forwarded', 'x-real-ip', 'x-secret', 'te']) expect(of(name)).toEqual([]);
    expect(of('x-kept')).toEqual(['a', 'b']);
    expect(of('host')).toEqual([host]);
  });

  it('keeps cookies to the host they came from', async () => {
    const { headers } = await ask(host, '/cookies');
    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2; path=/; HttpOnly']);
  });

  it('counts requests, and a WebSocket for as long as it is open', async () => {
    recorded.length = 0;
    await ask(host, '/status/503');
    // A WebSocket of the test before may still be closing.
    const counted = await eventually(
      () => recorded.find(({ status }) => status === 503),
      (found) => found !== undefined,
    );
    expect(counted).toMatchObject({ service: 'web' });
    expect(counted?.durationMs).toBeLessThan(30_000);
  });

  function upgrade(path: string, to = host): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(address.port, '127.0.0.1');
      let text = '';
      let sent = false;
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        if (!sent && text.includes('\r\n\r\n') && text.startsWith('HTTP/1.1 101')) {
          sent = true;
          socket.write('ping');
        }
        if (text.endsWith('ping')) setTimeout(() => socket.end(), 120);
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${to}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`,
      );
    });
  }

  it('passes WebSockets through, and refusals of them', async () => {
    recorded.length = 0;
    const text = await upgrade('/socket');
    expect(text).toMatch(/^HTTP\/1.1 101 /);
    expect(text).toContain('ping');
    expect(text).not.toContain('Domain=');
    // Twice or more while it was open, and once at its end.
    await eventually(
      () => recorded.length,
      (length) => length >= 2,
    );
    expect(await upgrade('/refuse')).toMatch(/^HTTP\/1.1 403 [\s\S]*no$/);
    expect(await upgrade('/', 'none.dev.demo.localhost')).toMatch(/^HTTP\/1.1 404 [\s\S]*not_found/);
  });

  it('takes a request that offers another protocol, as h2c, for a plain one with its body', async () => {
    const headers = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
      'content-length': '5',
    };
    const body = Buffer.from('hello');
    expect(await ask(host, '/echo', { method: 'POST', headers, body })).toMatchObject({
      status: 200,
      body: 'hello',
    });
    const raw = JSON.parse((await ask(host, '/headers', { method: 'POST', headers, body })).body) as string[];
    const names = raw.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
    expect(names).toContain('content-length');
    for (const name of ['upgrade', 'http2-settings']) expect(names).not.toContain(name);
  });

  it('refuses a target that is not a path', async () => {
    expect(await ask(host, `http://${host}/`)).toMatchObject({ status: 400 });
  });

  it('says why a crashed workload gives no answer', async () => {
    const bad = { ...dev, service: 'bad' };
    const spec = workloadSpec(bad, 1, containerSpec(await subject.image(programs.crash)), { service: 'bad' });
    await subject.workloads.apply(spec);
    await subject.workloads.awaitRollout(bad, 1, AbortSignal.timeout(60_000));
    const answer = await ask('bad.dev.demo.localhost');
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'upstream_unavailable',
      detail: expect.stringContaining('exited with code 3'),
    });
    const page = await ask('bad.dev.demo.localhost', '/', { headers: { accept: 'text/html' } });
    expect(page.headers['content-security-policy']).toContain(`default-src 'none'`);
    expect(page.body).not.toContain('<script');
    expect(await ask(host, '/crash')).toMatchObject({ status: 502 });
    await eventually(
      () => subject.workloads.status(web),
      (status) => status?.readyReplicas === 1,
    );
  });

  describe('a hibernated environment', () => {
    it('is woken once, and the requests that wait are answered', async () => {
      await subject.workloads.scale(web, 0, 3);
      let woken = 0;
      wake = async (environment) => {
        woken++;
        expect(environment).toEqual(dev);
        await new Promise((resolve) => setTimeout(resolve, 50));
        await subject.workloads.scale(web, 1, 3);
        return 'waking';
      };
      const body = Buffer.alloc(500_000, 'x');
      const answers = await Promise.all([
        ask(host),
        ask(host, '/echo', { method: 'POST', body, headers: { 'content-length': String(body.length) } }),
        ask(host),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(answers[1]?.body.length).toBe(body.length);
      expect(woken).toBe(1);
    });

    it('shows a browser a page that asks again', async () => {
      await subject.workloads.scale(web, 0, 3);
      wake = async () => 'waking';
      const page = await ask(host, '/', { headers: { accept: 'text/html,*/*' } });
      expect(page.status).toBe(503);
      expect(page.headers['retry-after']).toBe('1');
      expect(page.headers['content-security-policy']).toContain(`default-src 'none'`);
      expect(page.body).toContain('http-equiv="refresh"');
      expect(page.body).not.toContain('<script');
    });

    it('holds no more requests than it may, and tells when waking failed', async () => {
      const statuses: number[] = [];
      const waiting = Array.from({ length: 8 }, async () => statuses.push((await ask(host)).status));
      // Five requests may wait for one environment; the others get an answer at once.
      await eventually(
        () => statuses.length,
        (length) => length === 3,
      );
      expect(statuses).toEqual([503, 503, 503]);
      await subject.workloads.scale(web, 1, 3);
      await Promise.all(waiting);
      expect(statuses.slice(3)).toEqual([200, 200, 200, 200, 200]);
      await subject.workloads.awaitRollout(web, 3, AbortSignal.timeout(60_000));
      await subject.workloads.scale(web, 0, 3);
      wake = () => Promise.reject(new Error('private text'));
      const answer = await ask(host);
      expect(answer.status).toBe(503);
      expect(answer.body).toContain('could not be woken');
      expect(answer.body).not.toContain('private text');
      wake = async () => 'waking';
    });

    it('answers 503 with a hint when nobody can say what is known of a workload', async () => {
      lookup = async () => {
        throw new Error('private text');
      };
      const answer = await ask('none.dev.demo.localhost');
      expect(answer.status).toBe(503);
      expect(answer.body).toContain('could not be looked up');
      expect(answer.body).not.toContain('private text');
      lookup = async () => 'absent';
    });

    it('holds and wakes nothing for a host that does not exist, however many ask for it', async () => {
      let woken = 0;
      wake = async () => {
        woken++;
        return 'waking';
      };
      lookup = async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return 'absent';
      };
      const names = Array.from({ length: 8 }, (_, at) => `none${at}.dns.dev.demo.localhost`);
      const answers = await Promise.all(names.map((name) => ask(name)));
      expect(answers.map(({ status }) => status)).toEqual(names.map(() => 404));
      expect(woken).toBe(0);
      wake = async () => 'waking';
      lookup = async () => 'absent';
    });

    it('is woken by a request that can not be held, since others wait', async () => {
      lookup = async () => 'starting';
      const refused: number[] = [];
      const waiting = Array.from({ length: 6 }, async () => {
        const { status } = await ask('slow.dev.demo.localhost');
        refused.push(status);
      });
      await eventually(
        () => refused,
        ([status]) => status === 503,
      );
      let woken = 0;
      wake = async () => {
        woken++;
        return 'waking';
      };
      expect(await ask(host)).toMatchObject({ status: 503, body: expect.stringContaining('too many') });
      expect(woken).toBe(1);
      await Promise.all(waiting);
      wake = async () => 'waking';
      lookup = async () => 'absent';
    });

    it('is known by what is stored, when Berth has just started', async () => {
      const late = { ...dev, service: 'late' };
      lookup = async ({ service }) => (service === 'late' ? 'starting' : 'absent');
      const waiting = ask('late.dev.demo.localhost');
      await deploy(late, 1, 'late');
      expect(await waiting).toMatchObject({ status: 200, body: 'late' });
      await subject.workloads.remove(late, 1);
      let woken = 0;
      lookup = async () => 'hibernated';
      wake = async () => {
        woken++;
        await deploy(late, 2, 'again');
        return 'waking';
      };
      expect(await ask('late.dev.demo.localhost')).toMatchObject({ status: 200, body: 'again' });
      expect(woken).toBe(1);
      lookup = async () => 'absent';
    });
  });

  it('answers at once for a workload that someone stopped in an environment that is awake', async () => {
    const stopped = { ...dev, service: 'stopped' };
    await deploy(stopped, 1, 'stopped');
    await subject.workloads.scale(stopped, 0, 1);
    let asked = 0;
    wake = async () => {
      asked++;
      return 'awake';
    };
    // Were it held, the answer would be that it starts.
    expect(await ask('stopped.dev.demo.localhost')).toMatchObject({
      status: 503,
      body: expect.stringContaining('is stopped'),
    });
    expect(asked).toBe(1);
    wake = async () => 'waking';
    await subject.workloads.remove(stopped, 1);
  });

  it('reaches the ports that a route names', async () => {
    const two = { ...dev, service: 'two' };
    const admin = { name: 'admin', port: 81, targetPort: 8081, protocol: 'TCP' as const };
    const program = programs.server.replace(
      '.listen(process.env.PORT)',
      `.listen(process.env.PORT); createServer((_, response) => response.end('admin')).listen(process.env.PORT_ADMIN)`,
    );
    const routes = [
      { host: 'two.dns.dev.demo.localhost', path: '/', port: 80 },
      { host: 'two.dns.dev.demo.localhost', path: '/admin', port: 81 },
      { host: 'two.dns.dev.demo.localhost', path: '/none', port: 99 },
    ];
    const spec = workloadSpec(two, 1, containerSpec(await subject.image(program)), {
      service: 'two',
      ports: [port, admin],
      routes,
    });
    await subject.workloads.apply(spec);
    await subject.workloads.awaitRollout(two, 1, AbortSignal.timeout(60_000));
    expect((await ask('two.dns.dev.demo.localhost', '/admin')).body).toBe('admin');
    expect((await ask('two.dns.dev.demo.localhost', '/other')).body).toBe('ok');
    expect(await ask('two.dns.dev.demo.localhost', '/none')).toMatchObject({ status: 404 });
  });
});
