/** What whoever holds requests for an environment that sleeps guarantees: the local router, and the activator of a cluster. */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient, Json } from '../../support/client.ts';
import { eventually } from '../workloads/workloads-spec.ts';

/** A whole Berth, with the environment `dev` of the project `demo`, in which the service `web` is deployed and serves. */
export interface WakingSubject {
  berth: Pick<ApiClient, 'api' | 'operation'>;
  /** Where requests are taken, without TLS. */
  front: { hostname: string; port: number };
  /** The host of `web`. */
  host: string;
  /** Deploys a version that serves, and resolves once it would crash wherever it is started. */
  deployBrittle(): Promise<void>;
  /** Makes the environment anew, where requests may wake one so often and no more. */
  renew?(): Promise<void>;
  close(): Promise<void>;
}

export interface WakingCapabilities {
  /** How many requests come at once. */
  storm: number;
  /** How often it is put to sleep, to be woken at a moment of chance. */
  wakes: number;
  /** The status where it does not come back. */
  failsWith: 502 | 503;
}

/** So often requests wake one environment here; a place bounds it. */
const RENEWED_AFTER = 50;

const ENVIRONMENT = '/v1/projects/demo/environments/dev';

interface Answer {
  status: number;
  body: string;
  took: number;
}

export function wakingContract(
  name: string,
  makeSubject: () => Promise<WakingSubject>,
  { storm, wakes, failsWith }: WakingCapabilities,
): void {
  describe(`Waking contract: ${name}`, () => {
    let subject: WakingSubject;
    beforeAll(async () => {
      subject = await makeSubject();
      await eventually(
        () => ask('/'),
        ({ status }) => status === 200,
        30_000,
      );
    });
    afterAll(() => subject?.close());

    function ask(
      path: string,
      asked: { method?: string; headers?: Record<string, string>; body?: string; host?: string } = {},
    ): Promise<Answer> {
      const from = performance.now();
      return new Promise((resolve, reject) => {
        const outgoing = request(
          {
            ...subject.front,
            path,
            agent: new Agent({ keepAlive: false }),
            method: asked.method ?? (asked.body === undefined ? 'GET' : 'POST'),
            headers: { host: asked.host ?? subject.host, ...asked.headers },
          },
          async (response) => {
            const chunks: Buffer[] = [];
            try {
              for await (const chunk of response) chunks.push(chunk as Buffer);
            } catch (error) {
              return reject(error);
            }
            const body = Buffer.concat(chunks).toString();
            resolve({ status: response.statusCode ?? 0, body, took: performance.now() - from });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(asked.body);
      });
    }

    const state = async (): Promise<string> => (await subject.berth.api('GET', ENVIRONMENT)).body.state;
    /** Until nothing of it is left that could answer. */
    async function fallAsleep(): Promise<void> {
      await eventually(state, (now) => now === 'ready', 60_000);
      await subject.berth.operation('POST', `${ENVIRONMENT}/hibernate`);
      const replicas = async () =>
        (await subject.berth.api('GET', `${ENVIRONMENT}/services/web`)).body.replicas as Json | undefined;
      await eventually(replicas, (found) => (found?.ready ?? 0) === 0, 60_000);
      await sleep(500);
    }
    const wakesBegun = async (): Promise<number> => {
      const { body } = await subject.berth.api(
        'GET',
        '/v1/projects/demo/events?type=environment.waking&limit=200',
      );
      return (body.items as Json[]).length;
    };

    it('keeps what a request brings until the environment is awake, and answers it', async () => {
      await fallAsleep();
      const body = 'x'.repeat(200_000);
      const [get, post, drip] = await Promise.all([ask('/'), ask('/size', { body }), ask('/drip?ms=200')]);
      expect([get.status, get.body]).toEqual([200, 'one']);
      expect([post.status, post.body]).toEqual([200, String(body.length)]);
      expect([drip.status, drip.body]).toEqual([200, 'first last']);
      expect(await eventually(state, (now) => now === 'ready', 60_000)).toBe('ready');
    });

    it('opens a WebSocket to what slept', async () => {
      await fallAsleep();
      const socket = connect({ host: subject.front.hostname, port: subject.front.port });
      const text = await new Promise<string>((resolve, reject) => {
        let heard = '';
        socket.on('error', reject).on('close', () => resolve(heard));
        socket.on('data', (chunk) => {
          heard += chunk.toString('latin1');
          if (heard.endsWith('ping')) socket.end();
          else if (heard.startsWith('HTTP/1.1 101') && heard.includes('\r\n\r\n')) socket.write('ping');
        });
        const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
        socket.write(
          `GET /socket HTTP/1.1\r\nHost: ${subject.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
        );
      });
      expect(text).toMatch(/^HTTP\/1.1 101 [\s\S]*ping$/);
    });

    it('shows a browser a page that waits, and turns into the answer', async () => {
      await fallAsleep();
      const page = { headers: { accept: 'text/html' } };
      const first = await ask('/', page);
      if (first.status !== 200) {
        expect(first.status).toBe(503);
        expect(first.body).toContain('http-equiv="refresh"');
      }
      const then = await eventually(
        () => ask('/', page),
        ({ status }) => status === 200,
        60_000,
      );
      expect(then.body).toBe('one');
    });

    it('wakes once for a storm, and answers all of it', async () => {
      await fallAsleep();
      const before = await wakesBegun();
      const answers = await Promise.all(
        Array.from({ length: storm }, (_, index) => ask('/size', { body: 'x'.repeat(index % 100) })),
      );
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(answers.map(({ body }) => body)).toEqual(answers.map((_, index) => String(index % 100)));
      expect((await wakesBegun()) - before).toBe(1);
    });

    it('wakes nothing for a host that is nobody’s', async () => {
      await fallAsleep();
      const before = await wakesBegun();
      expect((await ask('/', { host: subject.host.replace('web', 'nobody') })).status).toBe(404);
      expect(await wakesBegun()).toBe(before);
      expect(await state()).toBe('hibernated');
    });

    it('loses no request while it falls asleep and wakes, whenever that is', async () => {
      const lost: string[] = [];
      let slowest = 0;
      let answered = 0;
      let isRunning = true;
      let isPaused = false;
      let asked = 0;
      let wake = 0;
      const clients = ['/', '/size', '/slow?ms=40'].map(async (path) => {
        while (isRunning) {
          if (isPaused) {
            await sleep(20);
            continue;
          }
          asked++;
          const wish = path === '/size' ? { body: 'abc' } : {};
          await ask(path, wish).then(
            ({ status, took, body }) => {
              if (status === 200) answered++;
              else
                lost.push(
                  `${path}: ${status} after ${Math.round(took)} ms, wake ${wake}: ${body.slice(0, 300)}`,
                );
              slowest = Math.max(slowest, took);
            },
            (error: Error) => lost.push(`${path}: ${error.message}`),
          );
          asked--;
          await sleep(20 + Math.random() * 60);
        }
      });
      for (; wake < wakes; wake++) {
        if (wake > 0 && wake % RENEWED_AFTER === 0 && subject.renew) {
          isPaused = true;
          await eventually(
            () => asked,
            (left) => left === 0,
            150_000,
          );
          await subject.renew();
          await eventually(
            () => ask('/'),
            ({ status }) => status === 200,
            30_000,
          );
          isPaused = false;
        }
        await eventually(state, (now) => now === 'ready', 60_000);
        await subject.berth.operation('POST', `${ENVIRONMENT}/hibernate`);
        await sleep(Math.random() * 1_000);
      }
      await eventually(
        () => ask('/'),
        ({ status }) => status === 200,
        60_000,
      );
      isRunning = false;
      await Promise.all(clients);
      console.log(
        `${name}: ${answered} requests while it slept ${wakes} times, ${Math.round(slowest)} ms at most`,
      );
      expect(lost).toEqual([]);
    });

    it('says why where it does not come back', async () => {
      await subject.deployBrittle();
      await fallAsleep();
      // What was running may answer until its time to drain is over.
      const { status, body } = await eventually(
        () => ask('/', { body: 'x' }),
        (answer) => answer.status !== 200,
        60_000,
      );
      expect([status, body]).toEqual([
        failsWith,
        expect.stringMatching(/Not all came back|exited with code 3/),
      ]);
    });
  });
}
