/** What only a cluster has: admission, quotas, races on objects, namespaces that end slowly. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, create } from '../../../functions/adapters/kubernetes/api/apply.ts';
import { createKubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { loadKubeconfig } from '../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import { createKubernetesLogs } from '../../../functions/adapters/kubernetes/logs/logs.ts';
import type { KubernetesObject } from '../../../functions/adapters/kubernetes/manifests/index.ts';
import type { KubernetesWorkloadsOptions } from '../../../functions/adapters/kubernetes/workloads.ts';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import { TransientError } from '../../../functions/core/problem.ts';
import type { Logs } from '../../../functions/ports/logs.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import {
  codeOf,
  containerSpec,
  eventually,
  port,
  variable,
  workloadSpec,
} from '../../contracts/workloads/workloads-spec.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../support/cluster.ts';
import { type KubernetesSubject, makeKubernetesSubject } from './subject.ts';

const why = (await whyNoCluster()) ?? (process.env.KUBECONFIG ? 'nodes have to be simulated' : undefined);
if (why) console.log(`Skipped: cases of a simulated cluster, since ${why}.`);

let counter = 0;

describe.skipIf(why)('Kubernetes cluster', () => {
  let cluster: TestCluster;
  const subjects: KubernetesSubject[] = [];
  beforeAll(async () => {
    cluster = await startCluster();
  }, 2_400_000);
  afterAll(async () => {
    await Promise.all(subjects.map((subject) => subject.close()));
    await cluster?.stop();
  });

  async function place(options: Partial<KubernetesWorkloadsOptions> = {}) {
    const prefix = `c${++counter}`;
    const subject = await makeKubernetesSubject(cluster, {
      ...options,
      render: { ...options.render, namespacePrefix: prefix },
    });
    subjects.push(subject);
    const ref: InstanceRef = { project: 'demo', environment: 'dev', service: 'web' };
    const { workloads } = subject;
    await workloads.ensureEnvironment(ref, { operation: 'op' });
    const namespace = `/api/v1/namespaces/${prefix}-demo-dev`;
    const apps = `/apis/apps/v1/namespaces/${prefix}-demo-dev`;
    return { subject, prefix, workloads, ref, namespace, apps, server: await subject.image(programs.server) };
  }
  type Place = Awaited<ReturnType<typeof place>>;
  const rollout = ({ workloads, ref }: Place, number: number) =>
    workloads.awaitRollout(ref, number, AbortSignal.timeout(30_000));
  async function failure(at: Place, spec: ReturnType<typeof workloadSpec>) {
    await at.workloads.apply(spec);
    const result = await rollout(at, spec.number);
    if (result.state !== 'failed') throw new Error(`Expected a failure, got ${result.state}`);
    return result.error;
  }
  interface Found {
    metadata: {
      uid: string;
      annotations: Record<string, string>;
      labels: Record<string, string>;
      managedFields: { manager: string; operation: string; subresource?: string }[];
    };
    spec: {
      replicas: number;
      progressDeadlineSeconds: number;
      hostnames?: string[];
      rules?: { backendRefs: { name: string }[] }[];
      selector?: Record<string, string>;
      template?: { metadata: { labels: Record<string, string> } };
    };
  }
  const read = (path: string): Promise<Found | undefined> => cluster.client.get<Found>(path);
  const routesIn = async (namespace: string): Promise<Found[]> => {
    const group = namespace.replace('/api/v1', '/apis/gateway.networking.k8s.io/v1');
    return (await cluster.client.list<Found>(`${group}/httproutes`)).items;
  };

  describe.concurrent('environment', () => {
    it('ABUSE 32: Pod Security refuses a privileged pod, and the quota a load balancer', async () => {
      const { namespace } = await place();
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'bad' },
        spec: { containers: [{ name: 'x', image: 'x', securityContext: { privileged: true } }] },
      };
      await expect(cluster.client.call('POST', `${namespace}/pods`, { body: pod })).rejects.toThrow(
        /violates PodSecurity "restricted/,
      );
      const service = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'open' },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { a: 'b' } },
      };
      await expect(cluster.client.call('POST', `${namespace}/services`, { body: service })).rejects.toThrow(
        /exceeded quota/,
      );
    });

    it('the default is to deny, and to be limited', async () => {
      const { namespace, workloads, ref } = await place();
      const policies = namespace.replace('/api/v1', '/apis/networking.k8s.io/v1');
      expect(await read(`${policies}/networkpolicies/default-deny`)).toMatchObject({
        spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      });
      expect(await read(`${namespace}/limitranges/environment`)).toMatchObject({
        spec: {
          limits: [
            { default: { memory: String(512 * 1024 ** 2), 'ephemeral-storage': String(2 * 1024 ** 3) } },
          ],
        },
      });
      // Calling it twice is like calling it once, and changes by hand are put right.
      await cluster.client.call('DELETE', `${policies}/networkpolicies/default-deny`);
      await workloads.ensureEnvironment(ref, { operation: 'op' });
      expect(await read(`${policies}/networkpolicies/default-deny`)).toBeDefined();
    });

    it('a namespace that is not ours is neither used nor removed', async () => {
      const { workloads, ref, namespace } = await place();
      await cluster.client.call('PATCH', namespace, {
        contentType: 'application/merge-patch+json',
        body: { metadata: { labels: { 'berth.dev/project': 'other' } } },
      });
      expect(await codeOf(workloads.ensureEnvironment(ref, { operation: 'op' }))).toBe('conflict');
      expect(await codeOf(workloads.removeEnvironment(ref))).toBe('conflict');
      expect(await read(namespace)).toBeDefined();
    });

    it('while a namespace ends: apply is refused, a new one waits, the inventory tells', async () => {
      const at = await place();
      const { workloads, ref, namespace, server } = at;
      const stuck = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'stuck', finalizers: ['example.com/stuck'] },
      };
      await cluster.client.call('POST', `${namespace}/configmaps`, { body: stuck });
      await cluster.client.call('DELETE', namespace);
      expect(await codeOf(workloads.apply(workloadSpec(ref, 1, containerSpec(server))))).toBe(
        'environment_gone',
      );
      await expect(workloads.ensureEnvironment(ref, { operation: 'op' })).rejects.toMatchObject({
        name: 'Berth.Transient',
      });
      expect(await workloads.inventory(ref)).toEqual([expect.stringMatching(/^namespace /)]);
      await cluster.client.call('PATCH', `${namespace}/configmaps/stuck`, {
        contentType: 'application/merge-patch+json',
        body: { metadata: { finalizers: null } },
      });
      await workloads.removeEnvironment(ref);
      expect(await workloads.inventory(ref)).toEqual([]);
    });
  });

  describe.concurrent('causes in words', () => {
    it('the quota is used up', async () => {
      const quota = {
        cpu: 0.1,
        memoryBytes: 2 ** 30,
        pods: 10,
        storageBytes: 0,
        ephemeralBytes: 60 * 1024 ** 3,
      };
      const at = await place({ render: { quota } });
      const limits = { cpu: 0.2 };
      const error = await failure(at, workloadSpec(at.ref, 1, containerSpec(at.server, { limits })));
      expect(error.code).toBe('workload_not_ready');
      expect(error.cause).toMatch(/quota is used up.*requests\.cpu/);
    });

    it('the image can not be pulled', async () => {
      const at = await place();
      const spec = workloadSpec(at.ref, 1, containerSpec(at.subject.simulating('unpullable')));
      const error = await failure(at, spec);
      expect(error.code).toBe('image_unavailable');
      expect(error.cause).toContain('can not be pulled');
    });

    it('no node has room', async () => {
      const quota = {
        cpu: 1000,
        memoryBytes: 2 ** 40,
        pods: 10,
        storageBytes: 0,
        ephemeralBytes: 60 * 1024 ** 3,
      };
      const at = await place({ render: { quota } });
      const container = containerSpec(at.server, { requests: { cpu: 500 } });
      const error = await failure(at, workloadSpec(at.ref, 1, container, { progressDeadlineSeconds: 2 }));
      expect(error.cause).toMatch(/not ready within 2 s: no node has room.*Insufficient cpu/);
    });

    it('what the API does not accept is named by its field', async () => {
      const { workloads, ref, server } = await place();
      const container = containerSpec(server, {
        limits: { memoryBytes: 100 },
        requests: { memoryBytes: 200 },
      });
      const error = await workloads.apply(workloadSpec(ref, 1, container)).catch((thrown: Error) => thrown);
      expect(String(error)).toContain('resources.requests');
    });

    it('I7: a secret in the last lines of output is masked', async () => {
      const at = await place();
      const container = containerSpec(await at.subject.image(programs.crash), {
        variables: [variable('TABLE', 'no table "guests"', true)],
      });
      const error = await failure(at, workloadSpec(at.ref, 1, container));
      expect(error.cause).toContain('Error: ••••');
      expect(JSON.stringify(error)).not.toContain('guests');
    });
  });

  describe.concurrent('I5: fence', () => {
    it('of many at once the highest stays, on every object', async () => {
      const at = await place();
      const { workloads, ref, server, namespace, apps } = at;
      const objects = [`${apps}/deployments/web`, `${namespace}/configmaps/web-fence`];
      // The first round races for making the objects, the others for changing them.
      for (const base of [0, 10, 20, 30]) {
        const fences = [3, 7, 1, 8, 5, 2, 6, 4].map((fence) => base + fence);
        const highest = base + 8;
        const codes = await Promise.all(
          fences.map((number) => codeOf(workloads.apply(workloadSpec(ref, number, containerSpec(server))))),
        );
        expect(codes[fences.indexOf(highest)]).toBe('nothing was thrown');
        expect(codes.every((code) => code === 'nothing was thrown' || code === 'fenced')).toBe(true);
        // Routes lead to a Service, and that to the pods, whose Deployment is the highest one's.
        const deployment = await read(`${apps}/deployments/web`);
        const [route] = await routesIn(namespace);
        const [to] = route?.spec.rules?.[0]?.backendRefs ?? [];
        for (const name of ['web', to?.name]) {
          const selector = (await read(`${namespace}/services/${name}`))?.spec.selector;
          expect(deployment?.spec.template?.metadata.labels, name).toMatchObject(
            selector ?? { missing: name },
          );
        }
        for (const path of objects) {
          const annotations = (await read(path))?.metadata.annotations;
          expect(annotations?.['berth.dev/fence'], path).toBe(String(highest));
        }
      }
      expect(await rollout(at, 38)).toEqual({ state: 'ready' });
    });

    it('a removal is final for what came before it', async () => {
      const { workloads, ref, server, apps } = await place();
      const applying = codeOf(workloads.apply(workloadSpec(ref, 1, containerSpec(server))));
      await workloads.remove(ref, 2);
      await applying;
      await workloads.remove(ref, 2);
      expect(await codeOf(workloads.apply(workloadSpec(ref, 1, containerSpec(server))))).toBe('fenced');
      expect(await read(`${apps}/deployments/web`)).toBeUndefined();
    });
  });

  describe.concurrent('logs', () => {
    it('are read from the cluster, masked, and followed', async () => {
      const at = await place();
      const variables = [variable('TABLE', 'no table "guests"', true)];
      await at.workloads.apply(workloadSpec(at.ref, 1, containerSpec(at.server, { variables })));
      expect(await rollout(at, 1)).toEqual({ state: 'ready' });
      const none: Logs = {
        append: () => undefined,
        read: async () => [],
        page: async () => ({ lines: [] }),
        async *follow() {},
        close: async () => undefined,
      };
      const render = { namespacePrefix: at.prefix };
      const logs = createKubernetesLogs({ client: cluster.client, render, rest: none });
      const stream = 'demo/dev/web';
      const line = { message: 'Error: ••••', deployment: 1, container: 'main' };
      expect(await logs.read(stream, { tail: 10 })).toMatchObject([line]);
      expect(await logs.read(stream, { tail: 10, since: '2999-01-01T00:00:00.000Z' })).toEqual([]);
      const abort = new AbortController();
      for await (const told of logs.follow(stream, { tail: 10, signal: abort.signal })) {
        expect(told).toMatchObject(line);
        abort.abort();
      }
    });
  });

  describe.concurrent('ownership', () => {
    it('an apply that follows what was removed does not make it again', async () => {
      const { namespace } = await place();
      const name = 'thing';
      const object: KubernetesObject = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: namespace.split('/').at(-1)! },
        spec: { ports: [{ port: 80 }], selector: { a: 'b' } },
      };
      const made = await create(cluster.client, object);
      expect(await create(cluster.client, object)).toBeUndefined();
      const { uid, resourceVersion } = made!.metadata;
      await cluster.client.call('DELETE', `${namespace}/services/${name}`);
      const late = { ...object, metadata: { ...object.metadata, uid, resourceVersion } };
      await expect(apply(cluster.client, late)).rejects.toMatchObject({ status: 409 });
      expect(await read(`${namespace}/services/${name}`)).toBeUndefined();
    });

    it('what others wrote stays, what is ours is put right, what is gone is taken away', async () => {
      const at = await place();
      const { workloads, ref, server, apps, namespace } = at;
      const path = `${apps}/deployments/web`;
      const host = 'shop.example.com';
      const routes = [{ host, path: '/', port: 80 }];
      await workloads.apply(workloadSpec(ref, 1, containerSpec(server), { routes }));
      await cluster.client.call('PATCH', path, {
        query: { fieldManager: 'someone' },
        contentType: 'application/merge-patch+json',
        body: {
          metadata: { annotations: { 'example.com/theirs': 'yes' } },
          spec: { progressDeadlineSeconds: 77 },
        },
      });
      const ours = workloadSpec(ref, 2, containerSpec(server));
      await workloads.apply(ours);
      const found = await read(path);
      expect(found?.metadata.annotations).toMatchObject({ 'example.com/theirs': 'yes' });
      expect(found?.spec.progressDeadlineSeconds).toBe(ours.progressDeadlineSeconds);
      expect(
        found?.metadata.managedFields.filter(
          ({ manager, subresource }) => manager === 'berth' && !subresource,
        ),
      ).toMatchObject([{ operation: 'Apply' }]);
      const hosts = async () => (await routesIn(namespace)).map(({ spec }) => spec.hostnames);
      expect(await hosts()).toEqual([[`web-${ref.environment}-demo.apps.example.com`]]);
      await workloads.apply(workloadSpec(ref, 3, containerSpec(server), { ports: [] }));
      expect(await hosts()).toEqual([]);
      expect(await read(`${namespace}/services/web`)).toBeUndefined();
    });

    it('replicas that the autoscaler added stay, within the bounds', async () => {
      const { workloads, ref, server, apps } = await place();
      const replicas = async () => (await read(`${apps}/deployments/web`))?.spec.replicas;
      const spec = (number: number, maxReplicas: number) =>
        workloadSpec(ref, number, containerSpec(server), { replicas: 2, maxReplicas });
      await workloads.apply(spec(1, 5));
      await cluster.client.call('PATCH', `${apps}/deployments/web/scale`, {
        contentType: 'application/merge-patch+json',
        body: { spec: { replicas: 4 } },
      });
      await workloads.apply(spec(2, 5));
      expect(await replicas()).toBe(4);
      await workloads.apply(spec(3, 3));
      expect(await replicas()).toBe(3);
    });

    it('secrets of deployments that nothing can come back to are removed', async () => {
      const at = await place();
      const { workloads, ref, server, namespace } = at;
      for (let number = 1; number <= 6; number++) {
        const variables = [variable('KEY', `value-${number}`, true)];
        await workloads.apply(workloadSpec(ref, number, containerSpec(server, { variables })));
        expect(await rollout(at, number)).toEqual({ state: 'ready' });
      }
      const { items } = await cluster.client.list<Found>(`${namespace}/secrets`);
      const numbers = items.map(({ metadata }) => metadata.labels['berth.dev/deployment']);
      expect(numbers).toContain('6');
      expect(numbers).not.toContain('1');
      expect(numbers.length).toBeLessThanOrEqual(4);
    });
  });

  describe.concurrent('release command', () => {
    it('runs once, however often the step runs', async () => {
      const { workloads, ref, server, namespace } = await place();
      const spec = workloadSpec(ref, 1, containerSpec(server));
      const run = () => workloads.runRelease(spec, ['migrate'], AbortSignal.timeout(30_000));
      expect(await run()).toMatchObject({ exitCode: 0 });
      const jobs = namespace.replace('/api/v1', '/apis/batch/v1');
      const { items } = await cluster.client.list<Found>(`${jobs}/jobs`);
      expect(await run()).toMatchObject({ exitCode: 0 });
      const again = await cluster.client.list<Found>(`${jobs}/jobs`);
      expect(again.items.map(({ metadata }) => metadata.uid)).toEqual(
        items.map(({ metadata }) => metadata.uid),
      );
    });

    it('its exit code and last lines, masked', async () => {
      const { workloads, ref, server } = await place();
      const variables = [variable('TABLE', 'no table "guests"', true)];
      const spec = workloadSpec(ref, 1, containerSpec(server, { variables }));
      expect(await workloads.runRelease(spec, ['fail-release'], AbortSignal.timeout(30_000))).toEqual({
        exitCode: 4,
        tail: ['Error: ••••'],
      });
    });

    it('goes on when a call hands over, is joined by the next, and ends with its operation', async () => {
      const { workloads, ref, server } = await place();
      const spec = workloadSpec(ref, 1, containerSpec(server));
      const handingOver = () =>
        workloads.runRelease(spec, ['endless'], AbortSignal.abort(new TransientError()));
      expect(await handingOver()).toBeUndefined();
      const jobs = async () => (await workloads.inventory(ref)).filter((item) => item.startsWith('job '));
      const begun = await jobs();
      expect(begun).toHaveLength(1);
      expect(await handingOver()).toBeUndefined();
      expect(await jobs()).toEqual(begun);
      await workloads.endCommand(ref, spec.operation);
      await eventually(jobs, (items) => items.length === 0);
    });

    it('is stopped when the caller aborts', async () => {
      const { workloads, ref, server } = await place();
      const abort = new AbortController();
      const running = workloads.runRelease(
        workloadSpec(ref, 1, containerSpec(server)),
        ['endless'],
        abort.signal,
      );
      await eventually(
        () => workloads.inventory(ref),
        (items) => items.some((item) => item.startsWith('pod ')),
      );
      abort.abort();
      expect((await running)?.exitCode).not.toBe(0);
      await eventually(
        () => workloads.inventory(ref),
        (items) => !items.some((item) => /^(pod|job) /.test(item)),
      );
    });
  });

  describe('who calls', () => {
    it('a token that ran out is renewed once; one that is never right is said to be', async () => {
      const connection = await loadKubeconfig(cluster.kubeconfig);
      const good = (await connection.token?.()) ?? '';
      const renewing = createKubernetesClient({
        ...connection,
        token: async (refused) => (refused ? good : 'expired'),
      });
      expect((await renewing.list('/api/v1/nodes')).items).toHaveLength(3);
      renewing.close();
      const wrong = createKubernetesClient({ ...connection, token: async () => 'wrong' });
      expect(await codeOf(wrong.list('/api/v1/nodes'))).toBe('unavailable');
      wrong.close();
    });

    it('an authority that did not sign the server is not trusted', async () => {
      const { ca: _, ...connection } = await loadKubeconfig(cluster.kubeconfig);
      const client = createKubernetesClient(connection);
      expect(await codeOf(client.list('/api/v1/nodes'))).toBe('unavailable');
      client.close();
    });
  });

  it('addresses are told without asking the cluster', async () => {
    const { workloads, ref } = await place();
    expect(await workloads.url(ref)).toBe('https://web-dev-demo.apps.example.com');
    expect(await workloads.host(ref, 'shop')).toBe('shop-dns-dev-demo.apps.example.com');
    expect(await workloads.endpoint(ref, port)).toMatchObject({ port: 80 });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where there is no simulated cluster', () => undefined);
