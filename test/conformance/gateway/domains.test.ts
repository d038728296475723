/** Domains of customers in a cluster: a whole Berth beside a real node, with the gateway and the activator that stacks install, and Pebble. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { domainRules } from '../../../functions/adapters/kubernetes/api/cluster-role.ts';
import type { ClusterObject } from '../../../stacks/place/cluster-objects.ts';
import { type DomainAnswer, domainsContract } from '../../contracts/domains.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import { type BerthChild, freePort, startChild } from '../../support/process.ts';
import { startPebble, type TestPebble, whyNoPebble } from '../acme/pebble.ts';
import { type RealPlace, startPlace, whyNoPlace } from '../node/place.ts';
import { programOf, pushProgram } from '../support/node/images.ts';
import { makeCertificate } from '../support/tls.ts';
import { installBeside } from './beside.ts';
import { type InstalledGateway, installGateway } from './install.ts';

const why = (await whyNoPlace()) ?? (await whyNoPebble());
if (why) console.log(`Skipped: domains in a cluster, since ${why}.`);

const PROJECT = '/v1/projects/demo';
const WEB = `${PROJECT}/environments/dev/services/web`;
const PREFIX = `domains${process.pid}`;
const DOMAIN = 'shop.example.com';

describe.skipIf(why)('Domains in a cluster', { timeout: 900_000 }, () => {
  let place: RealPlace;
  let gateway: InstalledGateway;
  let pebble: TestPebble;
  let directory: string;
  let beside: Awaited<ReturnType<typeof installBeside>>;
  let berth: BerthChild;
  let root: string;
  let settings: Record<string, string>;
  let port: number;

  beforeAll(async () => {
    place = await startPlace({ isBare: true });
    const { client } = place.cluster;
    directory = await mkdtemp(join(tmpdir(), 'berth-domains-'));
    const own = await makeCertificate(directory, ['*.apps.example.com']);
    gateway = await installGateway(place, [], endingTls);
    await client.call('POST', `/api/v1/namespaces/${gateway.namespace}/secrets`, {
      body: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'apps-example-com' },
        type: 'kubernetes.io/tls',
        stringData: {
          'tls.crt': await readFile(own.certificate, 'utf8'),
          'tls.key': await readFile(own.key, 'utf8'),
        },
      },
    });
    // An authority asks at port 80, which is where the gateway takes HTTP.
    pebble = await startPebble(80);
    await pebble.leadTo(gateway.address);
    root = await pebble.root();
    port = await freePort();
    beside = await installBeside({ place, gateway, prefix: PREFIX, directory, port, rules: domainRules });
    settings = {
      ...beside.settings,
      BERTH_ACME_DIRECTORY: pebble.directory,
      BERTH_ACME_TERMS: 'accepted',
      BERTH_ACME_CA_FILE: pebble.authorityFile,
      BERTH_DNS_SERVERS: pebble.dns,
    };
    berth = await startChild(join(directory, 'berth'), port, settings);
    await beside.whenUp();
  }, 2_400_000);
  afterAll(async () => {
    await berth?.kill('SIGTERM');
    await beside?.stop();
    await pebble?.stop();
    await place?.stop();
    if (directory) await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  async function deploy(tag: string): Promise<void> {
    await pushProgram(place.registry, 'berth/demo/web', tag, programOf(`${programs.server}\n// ${tag}`));
    const workload = {
      apiVersion: 'score.dev/v1b1',
      metadata: { name: 'web', annotations: { 'berth.dev/drain-seconds': '5' } },
      service: { ports: { www: { port: 80, targetPort: 8080 } } },
      containers: { web: { image: '.', variables: { ANSWER: tag } } },
    };
    await berth.api('POST', `${PROJECT}/services/web/versions`, { image: tag, tags: [tag], workload });
    const operation = await berth.operation('POST', `${WEB}/deployments`, { version: tag });
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
  }

  const ask = (path = '/', isSecure = true, host = DOMAIN): Promise<DomainAnswer> =>
    new Promise((resolve, reject) => {
      const send = isSecure ? httpsRequest : httpRequest;
      send(
        {
          ...{ host: gateway.address, port: isSecure ? 443 : 80, path, agent: false, headers: { host } },
          ...(isSecure && { servername: host, ca: root }),
        },
        async (response) => {
          let body = '';
          for await (const chunk of response) body += chunk;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        },
      )
        .on('error', reject)
        .end();
    });
  async function objects(): Promise<string[]> {
    const { client } = place.cluster;
    const query = { labelSelector: `berth.dev/domains-of=${PREFIX}` };
    const api = '/apis/gateway.networking.k8s.io/v1';
    const found = await Promise.all(
      [`${api}/gateways`, `${api}/httproutes`, '/api/v1/secrets'].map((path) =>
        client.list<{ metadata: { name: string } }>(path, query),
      ),
    );
    return found.flatMap(({ items }, at) => items.map(() => ['gateway', 'route', 'secret'][at] ?? ''));
  }

  domainsContract('the gateway of a cluster', async () => ({
    berth: () => berth,
    deploy,
    domain: DOMAIN,
    setText: (name, text) => pebble.setText(name, text),
    ask,
    origin: () => `https://${DOMAIN}`,
    async restart() {
      await berth.kill('SIGTERM');
      berth = await startChild(join(directory, 'berth'), port, settings);
    },
    left: objects,
    close: async () => undefined,
  }));

  it('no name that is no domain has a certificate but that of the platform', async () => {
    await expect(ask('/', true, 'other.example.com')).rejects.toThrow(/certificate|self-signed/i);
  });
});

/** The gateway that ends TLS itself, with a certificate of the platform, and takes Gateways of domains beside its own. */
function endingTls(object: ClusterObject): ClusterObject {
  if (object.kind === 'Deployment')
    for (const container of object.spec?.template.spec?.containers ?? [])
      container.args = (container.args ?? []).filter((flag) => !flag.includes('kubernetesgateway.gateways['));
  if (object.kind === 'Gateway')
    for (const listener of object.spec.listeners)
      if (listener.name === 'https')
        Object.assign(listener, {
          protocol: 'HTTPS',
          tls: { certificateRefs: [{ name: 'apps-example-com' }] },
        });
  return object;
}

// A file without a test is an error.
it.runIf(why)('is skipped where there is no real node', () => undefined);
