/** Faults of a network and a busy API server, injected at the HTTP level: each fault has its outcome. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { createFoundClient } from '../../../functions/adapters/kubernetes/api/found-client.ts';
import { type Connection, loadKubeconfig } from '../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import { codeOf, containerSpec, workloadSpec } from '../../contracts/workloads/workloads-spec.ts';
import { freePort } from '../../support/process.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../support/cluster.ts';
import { type Asked, type ClusterProxy, type Fault, startClusterProxy } from './proxy.ts';
import { type KubernetesSubject, makeKubernetesSubject } from './subject.ts';

const why = (await whyNoCluster()) ?? (process.env.KUBECONFIG ? 'nodes have to be simulated' : undefined);
if (why) console.log(`Skipped: faults of a cluster, since ${why}.`);

const TRANSIENT = { name: 'Berth.Transient' };
let counter = 0;

describe.skipIf(why)('Faults of a cluster', () => {
  let cluster: TestCluster;
  let proxy: ClusterProxy | undefined;
  let subject: KubernetesSubject | undefined;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 2_400_000);
  afterEach(async () => {
    await subject?.close();
    await proxy?.stop();
  });
  afterAll(() => cluster?.stop());

  /** The first requests that fit meet the faults, one after the other, and the rest pass. */
  async function faulty(fits: (asked: Asked) => boolean, faults: Fault[], token?: Connection['token']) {
    const armed = { on: false };
    proxy = await startClusterProxy(cluster, (asked) =>
      armed.on && fits(asked) ? (faults.shift() ?? 'forward') : 'forward',
    );
    const client = createKubernetesClient(
      { server: proxy.url, ...(token && { token }) },
      { timeoutMs: 5_000 },
    );
    const prefix = `f${process.pid}x${++counter}`;
    subject = await makeKubernetesSubject(cluster, { client, render: { namespacePrefix: prefix } });
    const ref = { project: 'demo', environment: 'dev', service: 'web' };
    const at = `${prefix}-demo-dev`;
    return {
      workloads: subject.workloads,
      ref,
      at,
      armed,
      client,
      server: await subject.image(programs.server),
    };
  }
  const creating = ({ method }: Asked): boolean => method === 'POST' || method === 'PATCH';
  const always = (fault: Fault): Fault[] => Array.from({ length: 1000 }, () => fault);
  const named = async (path: string): Promise<string[]> =>
    (await cluster.client.list<{ metadata: { name: string } }>(path)).items.map(
      ({ metadata }) => metadata.name,
    );

  describe('a request', () => {
    it.each<[string, Fault]>([
      ['a throttle', { status: 429, reason: 'TooManyRequests' }],
      ['an error of the server', { status: 500, reason: 'InternalError' }],
      ['a server that is starting', { status: 503, reason: 'ServiceUnavailable' }],
      ['a lost connection', 'cut'],
      ['an answer that was lost, after the effect', 'lose'],
    ])('%s at any of its calls: another try ends well, and nothing is there twice', async (_, fault) => {
      const faults: Fault[] = [];
      const { workloads, ref, at, armed, server } = await faulty(creating, faults);
      armed.on = true;
      const spec = workloadSpec(ref, 1, containerSpec(server));
      // One call further each time, as long as there is one to fail.
      const ended: string[] = [];
      for (let passed = 0; !ended.includes('done') && passed < 40; passed++) {
        faults.splice(0, faults.length, ...Array.from({ length: passed }, (): Fault => 'forward'), fault);
        try {
          await workloads.ensureEnvironment(ref, { operation: 'op' });
          await workloads.apply(spec);
          if (faults.length > 0) ended.push('done');
        } catch (error) {
          expect(error).toMatchObject(TRANSIENT);
          ended.push('transient');
        }
      }
      expect(ended.filter((end) => end === 'transient').length).toBeGreaterThan(8);
      expect(ended.at(-1)).toBe('done');
      armed.on = false;
      const rollout = await workloads.awaitRollout(ref, 1, AbortSignal.timeout(30_000));
      expect(rollout).toEqual({ state: 'ready' });
      expect(await named(`/apis/apps/v1/namespaces/${at}/deployments`)).toEqual(['web']);
      // One that others reach, and one that the gateway leads to.
      const services = await named(`/api/v1/namespaces/${at}/services`);
      expect(services).toEqual(['web', expect.stringMatching(/^web-/)]);
    });

    it('a namespace that is not known a moment after it was made is tried again', async () => {
      const quota = ({ path }: Asked): boolean => path.includes('/resourcequotas/');
      const { workloads, ref, armed, server } = await faulty(quota, [{ status: 404, reason: 'NotFound' }]);
      armed.on = true;
      await expect(workloads.ensureEnvironment(ref, { operation: 'op' })).rejects.toMatchObject(TRANSIENT);
      await workloads.ensureEnvironment(ref, { operation: 'op' });
      await workloads.apply(workloadSpec(ref, 1, containerSpec(server)));
    });

    it('a removal whose answers are lost ends with nothing left', async () => {
      const faults: Fault[] = [];
      const { workloads, ref, armed, server } = await faulty(({ method }) => method === 'DELETE', faults);
      await workloads.ensureEnvironment(ref, { operation: 'op' });
      await workloads.apply(workloadSpec(ref, 1, containerSpec(server)));
      armed.on = true;
      for (const attempt of [() => workloads.remove(ref, 2), () => workloads.removeEnvironment(ref)]) {
        faults.push('lose');
        await expect(attempt()).rejects.toMatchObject(TRANSIENT);
        await attempt();
      }
      expect(await workloads.inventory(ref)).toEqual([]);
    });
  });

  describe('a watch', () => {
    const watches = ({ isWatch }: Asked): boolean => isWatch;

    it.each<[string, Fault[]]>([
      ['events that come twice', always('twice')],
      ['a connection that breaks', ['cut', 'cut', 'cut', 'cut']],
      ['a version that the server has forgotten', always({ status: 410, reason: 'Expired' })],
      ['a throttle', always({ status: 429, reason: 'TooManyRequests' })],
    ])('%s: the rollout is seen all the same', async (_, faults) => {
      const { workloads, ref, armed, server } = await faulty(watches, faults);
      await workloads.ensureEnvironment(ref, { operation: 'op' });
      armed.on = true;
      await workloads.apply(workloadSpec(ref, 1, containerSpec(server)));
      const rollout = await workloads.awaitRollout(ref, 1, AbortSignal.timeout(30_000));
      expect(rollout).toEqual({ state: 'ready' });
    });

    it('events that are lost in silence: it is looked at again by itself', async () => {
      const { workloads, ref, armed, server } = await faulty(watches, always('none'));
      await workloads.ensureEnvironment(ref, { operation: 'op' });
      armed.on = true;
      await workloads.apply(workloadSpec(ref, 1, containerSpec(server)));
      const began = performance.now();
      const rollout = await workloads.awaitRollout(ref, 1, AbortSignal.timeout(40_000));
      expect(rollout).toEqual({ state: 'ready' });
      expect(performance.now() - began).toBeLessThan(25_000);
    });
  });

  describe('a token', () => {
    const unauthorized: Fault = { status: 401, reason: 'Unauthorized' };

    it('that has run out is minted anew once, and kept', async () => {
      let minted = 0;
      const refusals: (string | undefined)[] = [];
      const token = async (refused?: string): Promise<string> => {
        refusals.push(refused);
        if (refused !== undefined || minted === 0) minted++;
        return `token-${minted}`;
      };
      const { client, armed } = await faulty(
        ({ token: shown }) => shown === 'token-1',
        always(unauthorized),
        token,
      );
      armed.on = true;
      expect(await client.get('/api/v1/namespaces/default')).toBeDefined();
      expect(await client.get('/api/v1/namespaces/default')).toBeDefined();
      expect(minted).toBe(2);
      expect(refusals.filter((refused) => refused === 'token-1')).toHaveLength(1);
    });

    it('that is refused again: unavailable, after two tries and no more', async () => {
      const token = async (refused?: string): Promise<string> => (refused ? 'second' : 'first');
      const { workloads, ref, armed } = await faulty(() => true, always(unauthorized), token);
      armed.on = true;
      const before = proxy!.asked.length;
      expect(await codeOf(workloads.ensureEnvironment(ref, { operation: 'op' }))).toBe('unavailable');
      expect(proxy!.asked.slice(before).map(({ token: shown }) => shown)).toEqual(['first', 'second']);
    });
  });

  describe('a cluster that is found by its name', () => {
    const real = (): Promise<Connection> => loadKubeconfig(cluster.kubeconfig);
    /** An address that nobody listens at, or an authority that did not sign its certificate. */
    const elsewhere = async (what: 'address' | 'authority'): Promise<Connection> => {
      const connection = await real();
      if (what === 'address') return { ...connection, server: `https://127.0.0.1:${await freePort()}` };
      const pem = await readFile(new URL('other-authority.pem', import.meta.url), 'utf8');
      return { ...connection, ca: pem };
    };

    it.each(['address', 'authority'] as const)(
      'and has another %s since: it is asked for again',
      async (what) => {
        const places = [await elsewhere(what), await real()];
        let asked = 0;
        let now = 0;
        const client = createFoundClient({ now: () => now, find: async () => places[asked++]! });
        expect(asked).toBe(0);
        now += 60_000;
        // It is not asked right after it was asked.
        await expect(client.get('/api/v1/namespaces/default')).rejects.toMatchObject({ code: 'unavailable' });
        now += 60_000;
        expect(await client.get('/api/v1/namespaces/default')).toBeDefined();
        expect((await client.list('/api/v1/namespaces')).items.length).toBeGreaterThan(0);
        expect(asked).toBe(2);
        const stop = new AbortController();
        for await (const event of client.watch('/api/v1/namespaces', {}, stop.signal)) {
          expect(event.type).toBe('ADDED');
          stop.abort();
        }
        client.close();
      },
    );

    it('and is away: the fault is told, and it is asked for seldom', async () => {
      const place = await elsewhere('address');
      let asked = 0;
      let now = 0;
      const find = async () => {
        asked++;
        return place;
      };
      const client = createFoundClient({ now: () => now, find });
      for (let second = 0; second < 20; second++) {
        now += 1_000;
        await expect(client.get('/api')).rejects.toMatchObject({ code: 'unavailable' });
      }
      expect(asked).toBe(2);
      client.close();
    });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where Go is absent', () => undefined);
