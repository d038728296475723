/** Berth's own trial of the network, on the real node: with policies in force, with some of them gone, and without any. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { createKubernetesIsolation } from '../../../functions/adapters/kubernetes/isolation/isolation.ts';
import { trialNamespaces } from '../../../functions/adapters/kubernetes/isolation/trial-manifests.ts';
import { defaultRenderOptions } from '../../../functions/adapters/kubernetes/manifests/index.ts';
import { gatewayMetrics } from '../../../functions/adapters/kubernetes/object-names.ts';
import { TransientError } from '../../../functions/core/problem.ts';
import type { IsolationOutcome } from '../../../functions/ports/isolation.ts';
import { traefik } from '../support/gateway.ts';
import { pushProgram } from '../support/node/images.ts';
import { kubeRouter, whyNoPolicies } from '../support/node/programs.ts';
import { type Resolver, startResolver } from './coredns.ts';
import { REGISTRY, type RealPlace, startPlace, whyNoPlace } from './place.ts';

const why = (await whyNoPlace()) ?? (await whyNoPolicies());
if (why) console.log(`Skipped: the trial of the network, since ${why}.`);

let counter = 0;

interface Trial {
  /** Without the resolver, as in a cluster whose policies do not let workloads ask it. */
  isDeaf?: boolean;
  /** Whether an object of this path is left out, as if somebody had taken it away. */
  lacks?(path: string): boolean;
}

const gateway = { namespace: 'berth-gateway', name: 'berth' };

/** A process of the gateway: its image tries the network, and what it tells of itself is to be out of reach. */
async function startGateway(client: KubernetesClient, image: string): Promise<void> {
  const { namespace } = gateway;
  await client.call('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  });
  await client.call('POST', `/api/v1/namespaces/${namespace}/pods`, {
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'gateway', labels: { 'app.kubernetes.io/name': 'gateway' } },
      spec: {
        containers: [
          {
            name: 'traefik',
            image,
            args: ['--ping=true', `--entrypoints.traefik.address=:${gatewayMetrics.port}`],
          },
        ],
      },
    },
  });
}

describe.skipIf(why).each([
  { engine: 'kube-router', isEnforced: true },
  { engine: 'no engine', isEnforced: false },
])('The trial of the network, with $engine', { timeout: 400_000 }, ({ isEnforced }) => {
  let place: RealPlace;
  let resolver: Resolver;
  beforeAll(async () => {
    place = await startPlace({ isBare: true, ...(isEnforced && { policies: await kubeRouter() }) });
    const { cluster, registry } = place;
    const digest = await pushProgram(registry, 'traefik', 'v3', {
      files: { traefik: await readFile(await traefik()) },
      config: { Entrypoint: ['/traefik'] },
      isStatic: true,
    });
    await startGateway(cluster.client, `${REGISTRY}/traefik@${digest}`);
    resolver = await startResolver(cluster.kubeconfig, cluster.node.host);
  }, 2_400_000);
  afterAll(async () => {
    await resolver?.stop();
    await place?.stop();
  });

  /** Pods ask the resolver of this machine: what a kubelet that was told of it writes into each of them. */
  const asking = (client: KubernetesClient, namespace: string, { lacks }: Trial): KubernetesClient => ({
    ...client,
    async call<T>(...[method, path, options]: Parameters<KubernetesClient['call']>): Promise<T> {
      if (method !== 'DELETE' && lacks?.(path)) return {} as T;
      const body = options?.body as { kind?: string; spec?: { template: { spec: object } } } | undefined;
      if (method === 'POST' && body?.kind === 'Job' && body.spec)
        Object.assign(body.spec.template.spec, {
          dnsPolicy: 'None',
          dnsConfig: {
            nameservers: [place.cluster.node.host],
            searches: [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'],
            options: [{ name: 'ndots', value: '5' }],
          },
        });
      return client.call<T>(method, path, options);
    },
  });

  async function outcomeOf(trial: Trial = {}): Promise<IsolationOutcome> {
    const namespacePrefix = `t${process.pid}x${++counter}`;
    const { client, node } = place.cluster;
    const { home, abroad } = trialNamespaces({ namespacePrefix });
    const resolverCidrs = trial.isDeaf ? [] : [`${node.host}/32`];
    const isolation = createKubernetesIsolation({
      client: asking(client, home, trial),
      render: { namespacePrefix, gateway, network: { ...defaultRenderOptions.network, resolverCidrs } },
      gateway: gatewayMetrics,
      now: Date.now,
    });
    for (const until = Date.now() + 180_000; Date.now() < until; await sleep(1_000)) {
      const outcome = await isolation.advance('trial').catch((error: unknown) => {
        if (error instanceof TransientError) return undefined;
        throw error;
      });
      if (!outcome) continue;
      await isolation.end();
      for (const name of [home, abroad])
        while (await client.get(`/api/v1/namespaces/${name}`)) await sleep(500);
      return outcome;
    }
    throw new Error('The trial did not end.');
  }

  it.runIf(isEnforced)(
    'finds policies in force, with names resolved, and leaves nothing behind',
    async () => {
      expect(await outcomeOf()).toEqual({ state: 'in_force' });
    },
  );

  it.runIf(isEnforced)('says which way got through where one namespace has lost its policies', async () => {
    const { abroad } = trialNamespaces({ namespacePrefix: `t${process.pid}x${counter + 1}` });
    const lacks = (path: string): boolean => path.includes(`/${abroad}/networkpolicies/`);
    // What is open to its own namespace alone stays so: the other end has its policies.
    expect(await outcomeOf({ lacks })).toEqual({ state: 'not_in_force', open: ['gateway'], shut: [] });
  });

  it.runIf(isEnforced)('says that names are not resolved where policies do not let them be', async () => {
    expect(await outcomeOf({ isDeaf: true })).toEqual({ state: 'not_in_force', open: [], shut: ['names'] });
  });

  it.runIf(!isEnforced)('says which ways got through where nothing enforces policies', async () => {
    expect(await outcomeOf()).toEqual({
      state: 'not_in_force',
      open: ['gateway', 'pod', 'service'],
      shut: [],
    });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where no network policy can be in force', () => undefined);
