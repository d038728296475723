/** The gateway that an installation on AWS has, in pods of a real node, in front of workloads that run. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGatewayActivity } from '../../../functions/adapters/kubernetes/activity/gateway-activity.ts';
import { gatewayMetrics } from '../../../functions/adapters/kubernetes/object-names.ts';
import { createOciRegistry } from '../../../functions/adapters/oci/registry.ts';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import { activityContract } from '../../contracts/activity.ts';
import { trafficContract } from '../../contracts/traffic/traffic.ts';
import { tracksContract } from '../../contracts/workloads/tracks.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import { containerSpec, eventually, workloadSpec } from '../../contracts/workloads/workloads-spec.ts';
import { REGISTRY, type RealPlace, startPlace, whyNoPlace } from '../node/place.ts';
import { makeRealSubject, type RealSubject } from '../node/subject.ts';
import { type InstalledGateway, installGateway } from './install.ts';
import { underLoad } from './under-load.ts';

const why = await whyNoPlace();
if (why) console.log(`Skipped: the gateway on a real node, since ${why}.`);

const prefixOf = (subject: RealSubject): string =>
  subject.namespace('').split('/').at(-1)?.split('-')[0] ?? '';

describe.skipIf(why)('The gateway on a real node', { timeout: 900_000 }, () => {
  let place: RealPlace;
  let gateway: InstalledGateway;
  beforeAll(async () => {
    place = await startPlace({ isBare: true });
    gateway = await installGateway(place, ['10.234.0.0/16', '10.235.0.0/16']);
  }, 2_400_000);
  afterAll(() => place?.stop());

  trafficContract(
    'the gateway of a cluster',
    async () => {
      const subject = await makeRealSubject(place, { metrics: gatewayMetrics });
      return { ...subject, front: { hostname: gateway.address, port: 443 } };
    },
    {
      drainSeconds: 8,
      rollouts: 20,
      isPatient: true,
      isDuplex: false,
      // Traefik has no word for it but this one.
      unreadable: { status: 500, saysWhy: false },
      client: /^10\.23[456]\./,
    },
  );

  /** One image for all, whosever they are. */
  function oneImage() {
    const images = createOciRegistry({ url: place.registry.url, prefix: 'berth', now: Date.now });
    return {
      imageReference: (_: unknown, digest: string) => `${REGISTRY}/berth/demo/web@${digest}`,
      registry: {
        resolve: (_: unknown, digest: string) => images.resolve({ project: 'demo', service: 'web' }, digest),
      },
    };
  }
  async function makeTracks() {
    const subject = await makeRealSubject(place, { metrics: gatewayMetrics, ...oneImage() });
    const { client } = place.cluster;
    const activity = createGatewayActivity({
      client,
      render: { namespacePrefix: prefixOf(subject) },
      metrics: gatewayMetrics,
      now: Date.now,
      freshMs: 0,
    });
    return {
      ...subject,
      admin: client,
      front: { hostname: gateway.address, port: 443 },
      counts: (instance: InstanceRef) => activity.counts(instance),
    };
  }
  tracksContract('the gateway of a cluster', makeTracks);
  underLoad(makeTracks);

  // Which deployment answered is in the contract of tracks.
  activityContract('counters of the gateway', { tellsDeployments: false }, async () => {
    const subject = await makeRealSubject(place, oneImage());
    const { workloads } = subject;
    const image = await subject.image(programs.server);
    const activity = createGatewayActivity({
      client: place.cluster.client,
      render: { namespacePrefix: prefixOf(subject) },
      metrics: gatewayMetrics,
      now: Date.now,
      freshMs: 0,
    });
    const made = new Map<string, Promise<void>>();
    const deployed = async (instance: InstanceRef): Promise<void> => {
      await workloads.ensureEnvironment(instance, { operation: 'op' });
      await workloads.apply(workloadSpec(instance, 1, containerSpec(image), { service: instance.service }));
      await workloads.awaitRollout(instance, 1, AbortSignal.timeout(120_000));
      // A request that is asked for now is to be the only one: nobody can ask whether the gateway knows of it yet.
      await sleep(2_000);
      await activity.requests(instance, 60);
    };
    return {
      activity,
      now: Date.now,
      async request(instance, status, durationMs) {
        const key = JSON.stringify(instance);
        made.set(key, made.get(key) ?? deployed(instance));
        await made.get(key);
        const host = new URL(await workloads.url(instance)).hostname;
        const path = status === 200 ? `/slow?ms=${durationMs}` : `/status/${status}?ms=${durationMs}`;
        const before = await activity.lastRequests([instance]);
        const asked = performance.now();
        expect(await statusOf(host, path)).toBe(status);
        const tookMs = performance.now() - asked;
        await eventually(
          () => activity.lastRequests([instance]),
          ([last]) => last !== 'unknown' && last !== before[0],
        );
        return tookMs;
      },
      dispose: () => subject.close(),
    };
  });

  /** Sends a request to 443 as a load balancer does. */
  const statusOf = (host: string, path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ host: gateway.address, port: 443, path, headers: { host }, agent: false }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });

  describe('What a cluster has beside', () => {
    let subject: RealSubject;
    const ref = { project: 'demo', environment: 'beside', service: 'web' };
    beforeAll(async () => {
      subject = await makeRealSubject(place);
      await subject.workloads.ensureEnvironment(ref, { operation: 'op' });
    });
    afterAll(() => subject?.close());

    const deploy = async (number: number, extra: object = {}) => {
      const image = await subject.image(programs.server);
      await subject.workloads.apply(workloadSpec(ref, number, containerSpec(image), extra));
      return subject.workloads.awaitRollout(ref, number, AbortSignal.timeout(120_000));
    };
    /** What a raw connection is answered. */
    const talk = (port: number, text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: gateway.address, port });
        let answer = '';
        socket.on('data', (chunk) => {
          answer += chunk.toString('latin1');
        });
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
        socket.write(text);
      });
    const host = 'web-beside-demo.apps.example.com';
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

    const served = (): Promise<string[]> =>
      Promise.all(Array.from({ length: 10 }, () => talk(443, get('/'))));

    it('a rollout has ended well once requests get through', async () => {
      expect(await deploy(1)).toEqual({ state: 'ready' });
      // Each process of the gateway hears of it by itself.
      await eventually(served, (answers) => answers.every((text) => text.startsWith('HTTP/1.1 200')), 5_000);
    });

    it('port 80 leads to 443, whatever the host, and no workload is served there', async () => {
      const answer = await talk(80, get('/a?b=c'));
      expect(answer).toMatch(/^HTTP\/1.1 301 /);
      expect(answer).toMatch(
        /\r\nLocation: https:\/\/web-beside-demo\.apps\.example\.com(:443)?\/a\?b=c\r\n/i,
      );
    });

    it('a client’s address is told where the load balancer says it', async () => {
      const answer = await talk(443, `PROXY TCP4 203.0.113.7 198.51.100.7 4711 443\r\n${get('/headers')}`);
      expect(answer).toContain('"203.0.113.7"');
    });

    it('a route that the gateway refuses fails its rollout in time, with what the gateway says', async () => {
      const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${gateway.namespace}/gateways/berth`;
      const listeners = (from: string) =>
        place.cluster.client.call('PATCH', path, {
          contentType: 'application/json-patch+json',
          body: [{ op: 'replace', path: '/spec/listeners/1/allowedRoutes/namespaces/from', value: from }],
        });
      await listeners('Same');
      const failed = await deploy(2, { progressDeadlineSeconds: 5 });
      await listeners('All');
      expect(failed).toMatchObject({ state: 'failed', error: { code: 'workload_not_ready' } });
      expect(JSON.stringify(failed)).toMatch(
        /does not serve the route of web-beside-demo.*NotAllowedByListeners/,
      );
      expect(await deploy(3)).toEqual({ state: 'ready' });
    });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where there is no real node', () => undefined);
