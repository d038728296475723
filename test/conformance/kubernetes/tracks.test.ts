/** Two deployments side by side at a real API server, with nodes that are simulated. */
import type { V1Deployment } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredRoute } from '../../../functions/adapters/kubernetes/http-routes.ts';
import { gatewayMetrics } from '../../../functions/adapters/kubernetes/object-names.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import { tracksContract } from '../../contracts/workloads/tracks.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import { codeOf, containerSpec, variable, workloadSpec } from '../../contracts/workloads/workloads-spec.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../support/cluster.ts';
import { type KubernetesSubject, leastPrivileged, makeKubernetesSubject } from './subject.ts';

const why = await whyNoCluster();
if (why) console.log(`Skipped: two tracks at an API server, since ${why}.`);

describe.skipIf(why)('Kubernetes', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 2_400_000);
  afterAll(() => cluster?.stop());

  tracksContract(
    'Kubernetes',
    async () => ({
      ...(await makeKubernetesSubject(cluster, { metrics: gatewayMetrics })),
      front: { hostname: '', port: 0 },
      counts: async () => new Map(),
    }),
    { runsPrograms: false },
  );

  describe('Two tracks', () => {
    const PREFIX = 'tracked';
    const environment = { project: 'demo', environment: 'dev' };
    const within = `/namespaces/${PREFIX}-demo-dev`;
    let subject: KubernetesSubject;
    let image: string;
    beforeAll(async () => {
      subject = await makeKubernetesSubject(cluster, {
        metrics: gatewayMetrics,
        render: { namespacePrefix: PREFIX },
      });
      image = await subject.image(programs.server);
      await subject.workloads.ensureEnvironment(environment, { operation: 'op' });
    });
    afterAll(() => subject?.close());

    const specOf = (service: string, number: number, extra: Partial<WorkloadSpec> = {}): WorkloadSpec =>
      workloadSpec(
        environment,
        number,
        containerSpec(image, { variables: [variable('ANSWER', `v${number}`), variable('KEY', 'k', true)] }),
        { service, progressDeadlineSeconds: 60, ...extra },
      );
    async function ready(spec: WorkloadSpec): Promise<void> {
      await subject.workloads.apply(spec);
      const rollout = await subject.workloads.awaitRollout(spec, spec.number, AbortSignal.timeout(60_000));
      expect(rollout).toEqual({ state: 'ready' });
    }
    const deployments = async (service: string): Promise<V1Deployment[]> =>
      (
        await cluster.client.list<V1Deployment>(`/apis/apps/v1${within}/deployments`, {
          labelSelector: `app.kubernetes.io/name=${service}`,
        })
      ).items;
    async function weights(service: string): Promise<(number | undefined)[]> {
      const { items } = await cluster.client.list<StoredRoute>(
        `/apis/gateway.networking.k8s.io/v1${within}/httproutes`,
        { labelSelector: `app.kubernetes.io/name=${service}` },
      );
      return items.flatMap(({ spec }) =>
        spec.rules.flatMap(({ backendRefs }) => backendRefs.map(({ weight }) => weight)),
      );
    }
    const selected = async (service: string): Promise<string | undefined> =>
      (
        await cluster.client.get<{ spec: { selector: Record<string, string> } }>(
          `/api/v1${within}/services/${service}`,
        )
      )?.spec.selector['app.kubernetes.io/component'];

    it('routes have the shares, and the Service inside the environment follows what serves alone', async () => {
      const tracks = subject.workloads.tracks;
      await ready(specOf('web', 1));
      await ready(specOf('web', 2, { trial: true, warmSeconds: 600 }));
      const candidate = { ...environment, service: 'web', number: 2, fence: 2 };
      expect(await weights('web')).toEqual([100, 0]);
      await tracks?.share(candidate, 30);
      expect(await weights('web')).toEqual([70, 30]);
      expect(await selected('web')).toBe('workload');
      await tracks?.promote(candidate);
      expect(await weights('web')).toEqual([100, 0]);
      expect(await selected('web')).toBe('workload-b');
      await tracks?.endStandby({ ...environment, service: 'web' });
      expect(await weights('web')).toEqual([100]);
      expect(await deployments('web')).toHaveLength(1);
    });

    it('a version after which the one before stays warm takes over without a pod replaced, scaled as that was', async () => {
      await ready(specOf('shop', 1, { replicas: 1, maxReplicas: 4 }));
      await cluster.client.call('PATCH', `/apis/apps/v1${within}/deployments/shop/scale`, {
        contentType: 'application/merge-patch+json',
        body: { spec: { replicas: 3 } },
      });
      await ready(specOf('shop', 2, { replicas: 1, maxReplicas: 4, warmSeconds: 600 }));
      const found = await deployments('shop');
      expect(found.map(({ spec }) => spec?.replicas)).toEqual([3, 3]);
      const scaler = await cluster.client.get<{ spec: { scaleTargetRef: { name: string } } }>(
        `/apis/autoscaling/v2${within}/horizontalpodautoscalers/shop`,
      );
      // What is warm has no requests, and would be scaled down.
      expect(scaler?.spec.scaleTargetRef.name).toMatch(/^shop-[0-9a-f]{16}$/);
    });

    it('going back is no way to keep a credential: where a secret differs, it is started anew', async () => {
      await ready(specOf('keys', 1));
      await ready(specOf('keys', 2, { warmSeconds: 600 }));
      const again = { ...specOf('keys', 1), number: 3, fence: 3, operation: 'op-3', reuse: true as const };
      const rotated = containerSpec(image, {
        variables: [variable('ANSWER', 'v1'), variable('KEY', 'other', true)],
      });
      await ready({ ...again, containers: [rotated], warmSeconds: 600 });
      const status = await subject.workloads.status(again);
      expect(status).toMatchObject({ serving: 3, standby: { deployment: 2 } });
      const pods = await cluster.client.list<{ metadata: { labels: Record<string, string> } }>(
        `/api/v1${within}/pods`,
        { labelSelector: 'app.kubernetes.io/name=keys' },
      );
      const numbers = pods.items.map(({ metadata }) => metadata.labels['berth.dev/deployment']);
      expect(numbers).toContain('3');
    });

    it('a deployment that is applied again after it was taken back keeps its pods', async () => {
      await ready(specOf('same', 1));
      await ready(specOf('same', 2, { warmSeconds: 600 }));
      const again = { ...specOf('same', 1), number: 3, fence: 3, operation: 'op-3', reuse: true as const };
      await ready(again);
      const [before] =
        (await subject.workloads.status(again))?.replicas.filter((each) => each.deployment === 3) ?? [];
      expect(before).toBeDefined();
      await ready({ ...again, fence: 4, operation: 'op-4' });
      const after = (await subject.workloads.status(again))?.replicas.filter((each) => each.deployment === 3);
      expect(after).toMatchObject([{ id: before?.id }]);
    });

    it('a look that finds all as it shall be writes nothing, and new shares are one write for each route', async () => {
      const client = await leastPrivileged(cluster);
      const writes: string[] = [];
      const looking = await makeKubernetesSubject(cluster, {
        metrics: gatewayMetrics,
        render: { namespacePrefix: PREFIX },
        client: {
          ...client,
          call: (method, path, options) => {
            writes.push(`${method} ${path}`);
            return client.call(method, path, options);
          },
        },
      });
      await looking.image(programs.server);
      const ref = { ...environment, service: 'quiet' };
      const rollout = (number: number) =>
        looking.workloads.awaitRollout(ref, number, AbortSignal.timeout(60_000));
      const extra = { maxReplicas: 2, routes: [{ host: 'quiet.example.com', path: '/', port: 80 }] };
      await ready(specOf('quiet', 1, extra));
      await ready(specOf('quiet', 2, { ...extra, trial: true, warmSeconds: 600 }));
      for (const number of [1, 2]) expect(await rollout(number)).toMatchObject({ state: 'ready' });
      expect(writes).toEqual([]);
      await looking.workloads.tracks?.share({ ...ref, number: 2, fence: 2 }, 30);
      expect(writes.filter((one) => one.includes('httproutes'))).toHaveLength(2);
      expect(writes).toHaveLength(3);
      await looking.close();
    });

    it('a removal forgets the tracks, and what comes next begins on the first', async () => {
      const ref = { ...environment, service: 'anew' };
      await ready(specOf('anew', 1));
      await ready(specOf('anew', 2, { warmSeconds: 600 }));
      await subject.workloads.remove(ref, 2);
      expect(await deployments('anew')).toEqual([]);
      expect(
        await codeOf(subject.workloads.tracks?.promote({ ...ref, number: 2, fence: 2 }) ?? Promise.resolve()),
      ).toBe('conflict');
      await ready(specOf('anew', 3));
      expect((await deployments('anew')).map(({ metadata }) => metadata?.name)).toEqual(['anew']);
    });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where Go is absent', () => undefined);
