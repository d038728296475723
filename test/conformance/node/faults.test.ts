/** Faults of a cluster whose containers run: each has its outcome, and what served is there again after it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import {
  containerSpec,
  eventually,
  port,
  variable,
  workloadSpec,
} from '../../contracts/workloads/workloads-spec.ts';
import { programOf } from '../support/node/images.ts';
import { pullFrom, type RealPlace, startPlace, whyNoPlace } from './place.ts';
import { makeRealSubject, type RealSubject } from './subject.ts';

const why = await whyNoPlace();
if (why) console.log(`Skipped: faults on a real node, since ${why}.`);

let counter = 0;

describe.skipIf(why)('Faults on a real node', { timeout: 300_000 }, () => {
  let place: RealPlace;
  let subject: RealSubject;
  beforeAll(async () => {
    place = await startPlace();
    subject = await makeRealSubject(place);
  }, 2_400_000);
  afterAll(async () => {
    await subject?.close();
    await place?.stop();
  });

  async function environment(): Promise<InstanceRef> {
    const ref = { project: 'demo', environment: `faults-${++counter}`, service: 'web' };
    await subject.workloads.ensureEnvironment(ref, { operation: 'op' });
    return ref;
  }
  const rollout = (ref: InstanceRef, number: number) =>
    subject.workloads.awaitRollout(ref, number, AbortSignal.timeout(120_000));
  async function deploy(spec: WorkloadSpec) {
    await subject.workloads.apply(spec);
    return rollout(spec, spec.number);
  }
  const get = async (ref: InstanceRef, path = '/'): Promise<string> => {
    const at = await subject.reach?.(ref, await subject.workloads.endpoint(ref, port));
    const signal = AbortSignal.timeout(3_000);
    const response = await fetch(`http://${at?.hostname}:${at?.port}${path}`, {
      headers: { connection: 'close' },
      signal,
    });
    return response.text();
  };
  /** An image that no node has yet. */
  const fresh = (): Promise<string> => subject.push(programOf(`${programs.server}\n// ${++counter}`));
  const answering = async (text: string) =>
    containerSpec(await fresh(), { variables: [variable('ANSWER', text)] });

  /** A registry in the node's eyes, which answers as it is told to, or passes requests on. */
  async function between<T>(answer: () => number | undefined, run: () => Promise<T>): Promise<T> {
    const { registry, cluster } = place;
    const server = createServer((request, response) => {
      const status = answer();
      if (status !== undefined) return void response.writeHead(status).end();
      response.writeHead(307, { location: `${registry.url}${request.url}` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, cluster.node.host, resolve));
    const { port: at } = server.address() as AddressInfo;
    await pullFrom(cluster, `http://${cluster.node.host}:${at}`);
    try {
      return await run();
    } finally {
      await pullFrom(cluster, registry.url);
      server.closeAllConnections();
      server.close();
    }
  }

  describe('an image', () => {
    it('that the registry does not give any more: failed at once with that cause, and what served serves', async () => {
      const ref = await environment();
      await deploy(workloadSpec(ref, 1, await answering('one')));
      const two = await answering('two');
      await between(
        () => 404,
        async () => {
          const from = performance.now();
          const result = await deploy(workloadSpec(ref, 2, two));
          expect(result).toMatchObject({ state: 'failed', error: { code: 'image_unavailable' } });
          expect(JSON.stringify(result)).toContain('not found');
          expect(performance.now() - from).toBeLessThan(20_000);
        },
      );
      expect(await get(ref)).toBe('one');
      expect(await subject.workloads.status(ref)).toMatchObject({ serving: 1, readyReplicas: 1 });
    });

    it.each([429, 503])(
      'that the registry answers %i for: it is asked again, and the rollout succeeds',
      async (status) => {
        const ref = await environment();
        const main = await answering('patience');
        let refused = 0;
        const result = await between(
          () => (refused < 8 && ++refused > 0 ? status : undefined),
          () => deploy(workloadSpec(ref, 1, main, { progressDeadlineSeconds: 90 })),
        );
        expect(result).toEqual({ state: 'ready' });
        expect(refused).toBe(8);
      },
    );

    it('that no registry answers for until the deadline: the cause says that it can not be pulled', async () => {
      const ref = await environment();
      const main = await answering('never');
      const result = await between(
        () => 503,
        () => deploy(workloadSpec(ref, 1, main, { progressDeadlineSeconds: 15 })),
      );
      expect(result).toMatchObject({ state: 'failed', error: { code: 'image_unavailable' } });
      expect(JSON.stringify(result)).toMatch(/can not be pulled.*503/);
    });
  });

  it('an API server that is silent in a rollout: requests are served, and the next look finds it done', async () => {
    const ref = await environment();
    await deploy(workloadSpec(ref, 1, await answering('one')));
    const two = await answering('two');
    await subject.workloads.apply(workloadSpec(ref, 2, two));
    const at = await subject.reach?.(ref, await subject.workloads.endpoint(ref, port));
    const { node } = place.cluster;
    const waiting = rollout(ref, 2).catch((error: Error) => error);
    await node.freezeApi();
    try {
      for (let second = 0; second < 15; second++) {
        const response = await fetch(`http://${at?.hostname}:${at?.port}/`, {
          headers: { connection: 'close' },
        });
        expect(await response.text()).toMatch(/one|two/);
        await sleep(1_000);
      }
    } finally {
      await node.thawApi();
    }
    const first = await waiting;
    if (first instanceof Error) expect(first).toMatchObject({ name: 'Berth.Transient' });
    expect(await rollout(ref, 2)).toEqual({ state: 'ready' });
    await eventually(
      () => get(ref),
      (text) => text === 'two',
    );
  });

  it('a node that dies: it is told, output out of reach is not called none, and all comes back with it', async () => {
    const ref = await environment();
    const source = await subject.workloads.ensureVolume(ref, 'data', 1);
    const release = 'require("fs").writeFileSync("/data/mark", "kept"); console.log("marked")';
    const main = { ...(await answering('alive')), volumes: [{ source, target: '/data', readOnly: false }] };
    const spec = workloadSpec(ref, 1, main);
    const released = await subject.workloads.runRelease(
      spec,
      ['node', '-e', release],
      AbortSignal.timeout(60_000),
    );
    expect(released).toEqual({ exitCode: 0, tail: ['marked'] });
    expect(await deploy(spec)).toEqual({ state: 'ready' });
    const { node } = place.cluster;
    await node.kill();
    const told = await subject.logs(ref);
    expect(told.at(-1)).toMatchObject({ source: 'berth', missing: true });
    const reasons = new Set<string>();
    await eventually(
      async () => {
        for (const { reason } of (await subject.workloads.status(ref))?.replicas ?? [])
          if (reason !== undefined) reasons.add(reason);
        return [...reasons];
      },
      (said) => said.some((reason) => reason.startsWith('no node has room for it')),
      90_000,
    );
    expect([...reasons]).toContain('its node does not answer any more');
    await node.start();
    await eventually(
      () => get(ref, '/file?path=/data/mark').catch(() => ''),
      (text) => text === 'kept',
      120_000,
    );
    expect(await rollout(ref, 1)).toEqual({ state: 'ready' });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where there is no real node', () => undefined);
