/** What whoever brings requests from outside to workloads guarantees: the local router, and the gateway of a cluster. */
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { WorkloadSpec, Workloads } from '../../../functions/ports/workloads.ts';
import { programs } from '../workloads/workload-programs.ts';
import { containerSpec, eventually, variable, workloadSpec } from '../workloads/workloads-spec.ts';

export interface TrafficSubject {
  workloads: Workloads;
  /** Puts an image in the registry, as for the Workloads contract. */
  image(source: string): Promise<string>;
  /** Where requests are taken, without TLS. */
  front: { hostname: string; port: number };
  close(): Promise<void>;
}

export interface TrafficCapabilities {
  /** Seconds of drain of the workloads that are rolled out. */
  drainSeconds: number;
  rollouts: number;
  /** Tests that wait for the time-outs of connections. */
  isPatient?: boolean;
  /** What a workload answers while it is still asked is handed on as well. */
  isDuplex: boolean;
  /** What is answered in place of an answer that can not be passed on, and whether it says why. */
  unreadable: { status: number; saysWhy: boolean };
  /** The addresses that a client's request may come from. */
  client: RegExp;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** Milliseconds between the first and the last part of the body. */
  spreadMs: number;
}

interface Asked {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Buffer;
  agent?: Agent;
}

let counter = 0;

export function trafficContract(
  name: string,
  makeSubject: () => Promise<TrafficSubject>,
  { drainSeconds, rollouts, isPatient = false, isDuplex, unreadable, client }: TrafficCapabilities,
): void {
  describe(`Traffic contract: ${name}`, () => {
    const environment = { project: 'demo', environment: `traffic${++counter}` };
    const web: InstanceRef = { ...environment, service: 'web' };
    let subject: TrafficSubject;
    let server: string;
    let host: string;
    let shop: string;

    beforeAll(async () => {
      subject = await makeSubject();
      const { workloads } = subject;
      await workloads.ensureEnvironment(environment, { operation: 'op' });
      server = await subject.image(programs.server);
      host = new URL(await workloads.url(web)).hostname;
      shop = await workloads.host(environment, 'shop');
      await deploy(web, 1, 'one', { routes: [{ host: shop, path: '/web', port: 80 }] });
      // Each process that takes requests hears of it by itself, a moment after it was accepted.
      const many = () => Promise.all(Array.from({ length: 10 }, () => ask(shop, '/web')));
      await eventually(many, (answers) => answers.every(({ status }) => status === 200), 10_000);
    });
    afterAll(() => subject.close());

    async function deploy(ref: InstanceRef, number: number, text: string, extra: Partial<WorkloadSpec> = {}) {
      const container = containerSpec(server, { variables: [variable('ANSWER', text)] });
      const spec = workloadSpec(ref, number, container, { service: ref.service, drainSeconds, ...extra });
      await subject.workloads.apply({ ...spec, progressDeadlineSeconds: 120 });
      const rollout = await subject.workloads.awaitRollout(ref, number, AbortSignal.timeout(120_000));
      expect(rollout).toEqual({ state: 'ready' });
    }

    function ask(to: string, path = '/', asked: Asked = {}): Promise<Answer> {
      return new Promise((resolve, reject) => {
        const outgoing = request(
          {
            ...subject.front,
            path,
            agent: asked.agent ?? false,
            setHost: false,
            method: asked.method ?? 'GET',
            headers: { host: to, ...asked.headers },
          },
          async (response) => {
            const chunks: Buffer[] = [];
            let first = 0;
            let last = 0;
            try {
              for await (const chunk of response) {
                last = performance.now();
                first ||= last;
                chunks.push(chunk as Buffer);
              }
            } catch (error) {
              return reject(error);
            }
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks).toString(),
              spreadMs: last - first,
            });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(asked.body);
      });
    }

    /** Asks until what has changed is known where requests are taken. */
    const askUntil = (to: string, path: string, isRight: (answer: Answer) => boolean): Promise<Answer> =>
      eventually(() => ask(to, path), isRight, 10_000);

    it('sends a request to its workload, whatever case and port the host has', async () => {
      for (const to of [host, host.toUpperCase(), `${host}:${subject.front.port}`])
        expect(await ask(to), to).toMatchObject({ status: 200, body: 'one' });
    });

    it('answers 404 for a host that is nobody’s', async () => {
      expect((await ask(host.replace('web', 'nobody'))).status).toBe(404);
    });

    it('routes extra hosts by path prefix, whole segments only', async () => {
      expect(await ask(shop, '/web/x?y')).toMatchObject({ status: 200, body: 'one' });
      for (const path of ['/website', '/', '/x/web']) expect((await ask(shop, path)).status, path).toBe(404);
    });

    it('says who asked, and believes nobody else about it', async () => {
      const forged = {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-host': 'evil',
        'x-forwarded-proto': 'gopher',
        'x-real-ip': '6.6.6.6',
        connection: 'keep-alive, x-secret',
        'x-secret': 'hop',
        'x-kept': ['a', 'b'],
      };
      const { body } = await ask(host, '/headers', { headers: forged });
      const raw = JSON.parse(body) as string[];
      const of = (field: string) =>
        raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === field);
      const [from, ...others] = of('x-forwarded-for');
      expect(others).toEqual([]);
      expect(from).toMatch(client);
      expect(of('x-forwarded-host')).toEqual([host]);
      const { protocol } = new URL(await subject.workloads.url(web));
      expect(of('x-forwarded-proto')).toEqual([protocol.slice(0, -1)]);
      expect(of('x-secret')).toEqual([]);
      expect(of('x-kept')).toEqual(['a', 'b']);
      expect(of('host')).toEqual([host]);
      expect(body).not.toContain('6.6.6.6');
    });

    it('takes bodies of any size, however they are framed, and gives them', async () => {
      const body = Buffer.alloc(3_000_000, 'abc');
      const framings: Record<string, string>[] = [
        { 'content-length': String(body.length) },
        { 'transfer-encoding': 'chunked' },
      ];
      for (const headers of framings)
        expect(await ask(host, '/size', { method: 'POST', body, headers })).toMatchObject({
          status: 200,
          body: String(body.length),
        });
      expect((await ask(host, `/bytes?n=${body.length}`)).body === body.toString()).toBe(true);
      const chunked = {
        method: 'DELETE',
        body: Buffer.from('x'),
        headers: { 'transfer-encoding': 'chunked' },
      };
      expect(await ask(host, '/size', chunked)).toMatchObject({ body: '1' });
      expect(await ask(host, '/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
      // An answer may come before the body was read. Of a longer one the rest is reset, which can take the answer with it.
      const short = body.subarray(0, 16_000);
      expect((await ask(host, '/status/413', { method: 'POST', body: short })).status).toBe(413);
    });

    it('takes a header of up to 64 KiB, however many fields it has, and answers 431 past that', async () => {
      const fields = (bytes: number): Record<string, string> =>
        Object.fromEntries(Array.from({ length: bytes / 15 }, (_, at) => [`x-${10_000 + at}`, 'value']));
      const { status, body } = await ask(host, '/headers', { headers: fields(60_000) });
      expect(status).toBe(200);
      expect((JSON.parse(body) as string[]).filter((text) => text === 'value')).toHaveLength(4_000);
      for (const headers of [fields(90_000), { 'x-long': 'a'.repeat(90_000) }])
        expect((await ask(host, '/', { headers })).status).toBe(431);
      expect(await ask(host)).toMatchObject({ status: 200 });
    });

    it('answers what can not be passed on with an error, and goes on with the next request', async () => {
      const whys = {
        '/raw/nonsense': /is not valid HTTP/,
        '/raw/length': /is not valid HTTP/,
        '/raw/header': /larger than 64 KiB/,
      };
      for (const [path, why] of Object.entries(whys)) {
        // By then there is a connection to the workload that is kept.
        await ask(host);
        const answer = await ask(host, path);
        expect(answer.status, path).toBe(unreadable.status);
        if (unreadable.saysWhy)
          expect(JSON.parse(answer.body)).toMatchObject({
            code: 'upstream_unavailable',
            detail: expect.stringMatching(why),
            hint: expect.stringMatching(/\w{3}/),
          });
      }
      expect(await ask(host)).toMatchObject({ status: 200 });
    });

    it.runIf(isDuplex)('hands on what a workload answers while it is still asked', async () => {
      const body = Buffer.alloc(3_000_000, 'abc');
      expect((await ask(host, '/echo', { method: 'POST', body })).body === body.toString()).toBe(true);
    });

    it('hands on what comes bit by bit as it comes', async () => {
      const answer = await ask(host, '/drip?ms=150');
      expect(answer.body).toBe('first last');
      expect(answer.spreadMs).toBeGreaterThan(100);
    });

    function upgrade(path: string, to = host): Promise<string> {
      return new Promise((resolve, reject) => {
        const socket = connect({ host: subject.front.hostname, port: subject.front.port });
        let text = '';
        let isSent = false;
        socket.on('data', (chunk) => {
          text += chunk.toString('latin1');
          if (!isSent && text.includes('\r\n\r\n') && text.startsWith('HTTP/1.1 101')) {
            isSent = true;
            socket.write('ping');
          }
          if (text.endsWith('ping')) socket.end();
        });
        socket.on('close', () => resolve(text));
        socket.on('error', reject);
        const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: ${to}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
        );
        // A refusal may leave the connection open for the next request.
        setTimeout(() => socket.end(), 2_000).unref();
      });
    }

    it('passes WebSockets through, and refusals of them', async () => {
      const text = await upgrade('/socket');
      expect(text).toMatch(/^HTTP\/1.1 101 /);
      expect(text).toMatch(/ping$/);
      expect(await upgrade('/refuse')).toMatch(/^HTTP\/1.1 403 [\s\S]*no$/);
    });

    it('ends the request to the workload when the client leaves', async () => {
      const before = Number((await ask(host, '/left')).body);
      const leaving = request({ ...subject.front, path: '/slow?ms=60000', headers: { host }, agent: false });
      leaving.on('error', () => undefined);
      leaving.end();
      await sleep(150);
      leaving.destroy();
      await eventually(
        async () => Number((await ask(host, '/left')).body),
        (left) => left === before + 1,
      );
    });

    it('keeps the connection of a client, also over an answer of the workload’s own that is an error', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ports = new Set<number | undefined>();
      agent.on('free', (socket: { localPort?: number }) => ports.add(socket.localPort));
      for (const path of ['/', '/status/500', '/size', '/'])
        await ask(host, path, { agent, ...(path === '/size' && { method: 'POST', body: Buffer.from('x') }) });
      expect(ports.size).toBe(1);
      agent.destroy();
    });

    it.runIf(isPatient)(
      'loses no request to a workload that has just closed its idle connections',
      async () => {
        // Servers of Node.js do so after five seconds.
        for (const pause of [4_900, 4_960, 5_000, 5_020, 5_060]) {
          const body = Buffer.from('after a pause');
          const asked = () => ask(host, '/size', { method: 'POST', body });
          const answers = await Promise.all(Array.from({ length: 8 }, asked));
          await sleep(pause);
          answers.push(...(await Promise.all(Array.from({ length: 8 }, asked))));
          expect(new Set(answers.map(({ status, body: text }) => `${status} ${text}`))).toEqual(
            new Set([`200 ${body.length}`]),
          );
        }
      },
    );

    it('loses no request while versions replace one another', async () => {
      const lost: string[] = [];
      let served = 0;
      let isRunning = true;
      const body = Buffer.alloc(100_000, 'x');
      const kinds: [string, string, Asked][] = [
        ['kept', '/', {}],
        ['kept and slow', '/slow?ms=40', {}],
        ['POST', '/size', { method: 'POST', body }],
        ['slow POST', '/slow?ms=90', { method: 'POST', body: Buffer.from('x') }],
        ['bit by bit', '/drip?ms=120', {}],
      ];
      const isWhole = (path: string, { status, body: text }: Answer): boolean =>
        status === 200 &&
        (path !== '/size' || text === String(body.length)) &&
        (!path.startsWith('/drip') || text === 'first last');
      const load = kinds.flatMap(([kind, path, asked]) =>
        [true, false].map(async (keepAlive) => {
          const agent = new Agent({ keepAlive });
          while (isRunning) {
            await ask(host, path, { ...asked, agent }).then(
              (answer) => {
                if (isWhole(path, answer)) served++;
                else lost.push(`${kind}: ${answer.status}`);
              },
              (error: Error) => lost.push(`${kind}: ${error.message}`),
            );
          }
          agent.destroy();
        }),
      );
      const socket = connect({ host: subject.front.hostname, port: subject.front.port });
      socket.write(
        `GET /socket HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      await once(socket, 'data');
      // With and without the version before kept warm.
      for (let number = 2; number < 2 + rollouts; number++)
        await deploy(web, number, String(number), { warmSeconds: number % 2 === 0 ? 60 : 0 });
      await askUntil(host, '/', ({ body: text }) => text === String(1 + rollouts));
      // The last one that was replaced still has what it had begun, and ends then.
      if (isPatient) await sleep((drainSeconds + 5) * 1000);
      isRunning = false;
      await Promise.all(load);
      socket.destroy();
      console.log(`${name}: ${served} requests in ${rollouts} rollouts, ${lost.length} lost`);
      expect(lost).toEqual([]);
      expect(served).toBeGreaterThan(rollouts * 10);
      // Its routes went with the deployment that declared them.
      await askUntil(shop, '/web', ({ status }) => status === 404);
    });
  });
}
