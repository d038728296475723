/** Certificates by ACME from Debian's Pebble, which asks the domains itself, and a whole Berth with a domain. */
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { createAcme } from '../../../functions/adapters/acme/acme.ts';
import { createDns } from '../../../functions/adapters/outgoing/dns.ts';
import type { RoutedDomains } from '../../../functions/adapters/router/domains.ts';
import { CERTIFICATE_ACCOUNT_PATH, domainClaimKey } from '../../../functions/core/keys.ts';
import { certificatesContract } from '../../contracts/certificates.ts';
import { dnsContract } from '../../contracts/dns.ts';
import { type DomainAnswer, domainsContract } from '../../contracts/domains.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { freePort } from '../../support/process.ts';
import { program } from '../../support/programs.ts';
import { startPebble, type TestPebble, whyNoPebble } from './pebble.ts';

const why = await whyNoPebble();
if (why) console.log(`Skipped: Pebble, since ${why}.`);

function memorySecrets() {
  const values = new Map<string, string>();
  return {
    values,
    get: async (path: string) => values.get(path),
    async put(path: string, value: string) {
      if (!values.has(path)) values.set(path, value);
      return 'first';
    },
  };
}

describe.skipIf(why)('ACME', () => {
  certificatesContract('Pebble', async () => {
    const answers = new Map<string, string>();
    const server = createServer((asked, response) => {
      const answer = answers.get(asked.url?.split('/').at(-1) ?? '');
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const pebble = await startPebble((server.address() as AddressInfo).port);
    const { directory, authority } = pebble;
    const secrets = memorySecrets();
    return {
      certificates: createAcme({ directory, authority, secrets, email: 'ops@example.com' }),
      away: createAcme({
        directory: `https://127.0.0.1:${await freePort()}/dir`,
        authority,
        secrets: memorySecrets(),
      }),
      answers,
      async dispose() {
        await pebble.stop();
        server.close();
      },
    };
  });

  it.each([undefined, 'ops@example.com'])(
    'the account is found again by its key, with the e-mail %s',
    async (email) => {
      const pebble = await startPebble(await freePort());
      const { directory, authority } = pebble;
      const secrets = memorySecrets();
      for (let starts = 0; starts < 2; starts++) {
        const options = { directory, authority, secrets, ...(email !== undefined && { email }) };
        const { url } = await createAcme(options).order('shop.example.com');
        expect(url).toMatch(/^https:/);
      }
      expect([...secrets.values.keys()]).toEqual([CERTIFICATE_ACCOUNT_PATH]);
      await pebble.stop();
    },
  );

  dnsContract('name servers', async () => {
    const pebble = await startPebble(await freePort());
    const dns = createDns({ servers: [pebble.dns], timeoutMs: 1_000 });
    const deaf = createDns({ servers: [`127.0.0.1:${await freePort()}`], timeoutMs: 500 });
    return {
      dns: {
        txt: (name) => (name === 'broken' ? deaf : dns).txt(name),
        cname: (name) => (name === 'broken' ? deaf : dns).cname(name),
      },
      setText: pebble.setText,
      setAlias: pebble.setAlias,
      broken: 'broken',
      dispose: pebble.stop,
    };
  });
});

/** Answers with a text. */
const SERVER = `
import { createServer } from 'node:http';
createServer((_, response) => response.end('shop')).listen(process.env.PORT);
`;

/** By HTTPS or HTTP, of a Berth at a loopback address. */
const asking = (
  port: number | undefined,
  { path = '/', servername, host, root }: { path?: string; servername: string; host: string; root?: string },
): Promise<DomainAnswer> =>
  new Promise((resolve, reject) => {
    const send = root === undefined ? httpRequest : request;
    send(
      {
        ...{ host: '127.0.0.1', port, path, agent: false, headers: { host: `${host}:${port}` } },
        ...(root !== undefined && { servername, ca: root }),
      },
      async (answer) => {
        let body = '';
        for await (const chunk of answer) body += chunk;
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
      },
    )
      .on('error', reject)
      .end();
  });

describe.skipIf(why)('A whole Berth', () => {
  domainsContract('the router of one machine', async () => {
    const DOMAIN = 'www.example.com';
    const port = await freePort();
    const pebble = await startPebble(port);
    const { directory, authorityFile } = pebble;
    const berth = await startBerth({
      port,
      domains: { dnsServers: [pebble.dns], acme: { directory, authorityFile, httpsPort: 0 } },
    });
    const root = await pebble.root();
    let count = 0;
    return {
      berth: () => berth,
      async deploy(text) {
        const tag = `v${++count}`;
        const source = programs.server.replaceAll('process.env.ANSWER', JSON.stringify(text));
        const built = `/v1/projects/demo/services/web/builds?tag=${tag}`;
        await berth.operation('POST', built, await program('web', { server: source }));
        const web = '/v1/projects/demo/environments/dev/services/web';
        await berth.operation('POST', `${web}/deployments`, { version: tag });
      },
      domain: DOMAIN,
      setText: pebble.setText,
      ask: (path, isSecure = true) =>
        asking(isSecure ? berth.berth.httpsPort : port, {
          ...(path !== undefined && { path }),
          ...{ servername: DOMAIN, host: DOMAIN },
          ...(isSecure && { root }),
        }),
      origin: () => `https://${DOMAIN}:${berth.berth.httpsPort}`,
      restart: () => berth.restart(),
      left: async () => {
        const { served } = berth.berth.ports.domains ?? {};
        return served && 'find' in served && (served as RoutedDomains).find(DOMAIN) ? ['its entry'] : [];
      },
      async close() {
        await berth.close();
        await pebble.stop();
      },
    };
  });
});

describe.skipIf(why)('A domain of a whole Berth', () => {
  const DOMAIN = 'shop.example.com';
  const PATH = '/v1/projects/demo/environments/dev/domains';
  let pebble: TestPebble;
  let berth: TestBerth;
  let root: string;

  beforeAll(async () => {
    const port = await freePort();
    pebble = await startPebble(port);
    const { directory, authorityFile } = pebble;
    berth = await startBerth({
      port,
      domains: { dnsServers: [pebble.dns], acme: { directory, authorityFile, httpsPort: 0 } },
    });
    root = await pebble.root();
    await berth.api('POST', '/v1/projects', { name: 'demo' });
    await berth.api('POST', '/v1/projects/demo/services', { name: 'shop' });
    await berth.operation('POST', '/v1/projects/demo/environments', { name: 'dev' });
    await berth.operation(
      'POST',
      '/v1/projects/demo/services/shop/builds?tag=v1',
      await program('shop', { server: SERVER }),
    );
    await berth.operation('POST', '/v1/projects/demo/environments/dev/services/shop/deployments', {
      version: 'v1',
    });
    const [{ name, value }] = (await berth.api('POST', PATH, { name: DOMAIN, service: 'shop' })).body.records;
    await pebble.setText(name, value);
    await berth.api('POST', `${PATH}/${DOMAIN}/check`);
    await until('active');
  });
  afterAll(async () => {
    await berth?.close();
    await pebble?.stop();
  });

  const ask = (path = '/', { servername = DOMAIN, host = DOMAIN } = {}): Promise<DomainAnswer> =>
    asking(berth.berth.httpsPort, { path, servername, host, root });

  async function until(state: string) {
    const from = performance.now();
    for (;;) {
      const { body } = await berth.api('GET', `${PATH}/${DOMAIN}`);
      if (body.state === state) return body;
      if (performance.now() - from > 45_000) throw new Error(JSON.stringify(body));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('carries WebSockets', async () => {
    const socket = new WebSocket(`wss://${DOMAIN}:${berth.berth.httpsPort}/`, {
      ca: root,
      lookup: (_: string, options: { all?: boolean }, done: (...found: unknown[]) => void) =>
        options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
    } as WebSocket.ClientOptions);
    // The program speaks no WebSocket: what it answers comes through.
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(answer.statusCode).toBe(200);
    socket.on('error', () => undefined).terminate();
  });

  it('the connection serves its own host alone, and no other name has a certificate', async () => {
    for (const host of ['localhost', 'shop.dev.demo.localhost', 'other.example.com'])
      expect(await ask('/', { host }), host).toMatchObject({
        status: 421,
        body: expect.stringContaining('misdirected_request'),
      });
    for (const servername of ['other.example.com', 'localhost', 'shop.dev.demo.localhost'])
      await expect(ask('/', { servername }), servername).rejects.toThrow(
        /handshake|alert|disconnected|hang up/i,
      );
    await expect(ask('/', { servername: '' })).rejects.toThrow();
  });

  it('takes TLS 1.2 and 1.3, and nothing older', async () => {
    const speak = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string | null>((resolve, reject) => {
        const socket = connect({
          ...{ host: '127.0.0.1', port: berth.berth.httpsPort ?? 0, servername: DOMAIN, ca: root },
          ...{ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' },
        });
        socket.once('secureConnect', () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.once('error', reject);
      });
    expect(await speak('TLSv1.2')).toBe('TLSv1.2');
    expect(await speak('TLSv1.3')).toBe('TLSv1.3');
    await expect(speak('TLSv1.1')).rejects.toThrow();
  });

  it('a flood of names that nobody has costs the domain nothing', async () => {
    const flood = Array.from({ length: 300 }, (_, at) =>
      ask('/', { servername: `x${at}.example.com` }).catch(() => undefined),
    );
    const from = performance.now();
    expect(await ask()).toMatchObject({ status: 200 });
    expect(performance.now() - from).toBeLessThan(10_000);
    await Promise.all(flood);
    expect(await ask()).toMatchObject({ status: 200 });
  });

  it('keys stand in no file in the clear, and the account has one key', async () => {
    const { secrets } = berth.berth.ports;
    expect(await secrets.get(CERTIFICATE_ACCOUNT_PATH)).toContain('PRIVATE KEY');
    const { readFile } = await import('node:fs/promises');
    for (const file of ['secrets', 'berth.db', 'berth.db-wal'])
      expect(await readFile(`${berth.directory}/${file}`, 'latin1').catch(() => ''), file).not.toContain(
        'PRIVATE KEY',
      );
  });

  it('goes with its service: neither HTTP nor HTTPS knows it any more', async () => {
    await berth.operation('DELETE', '/v1/projects/demo/environments/dev/services/shop');
    expect((await berth.api('GET', PATH)).body.items).toEqual([]);
    await expect(ask()).rejects.toThrow();
    expect((await berth.workload(DOMAIN)).text).not.toBe('shop');
    expect(await berth.berth.ports.secrets.list('demo/dev/-domains')).toEqual([]);
  });

  it('leaves what it held free with its environment', async () => {
    const { store, secrets } = berth.berth.ports;
    await berth.operation('POST', '/v1/projects/demo/environments/dev/services/shop/deployments', {
      version: 'v1',
    });
    await berth.api('POST', PATH, { name: DOMAIN, service: 'shop' });
    await until('active');
    expect(await store.get(domainClaimKey(DOMAIN))).toBeDefined();
    const destroyed = await berth.operation('DELETE', '/v1/projects/demo/environments/dev');
    expect(destroyed.status).toBe('succeeded');
    expect(await store.get(domainClaimKey(DOMAIN))).toBeUndefined();
    expect(await secrets.list('demo')).toEqual([]);
    await expect(ask()).rejects.toThrow();
  });
});
