/** Requests wake environments of a cluster: a whole Berth beside a real node, with the gateway and the activator that stacks install. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wakingContract } from '../../contracts/traffic/waking.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import { type BerthChild, freePort, startChild } from '../../support/process.ts';
import { type RealPlace, startPlace, whyNoPlace } from '../node/place.ts';
import { programOf, pushProgram } from '../support/node/images.ts';
import { installBeside } from './beside.ts';
import { type InstalledGateway, installGateway } from './install.ts';

const why = await whyNoPlace();
if (why) console.log(`Skipped: waking in a cluster, since ${why}.`);

const PROJECT = '/v1/projects/demo';
const WEB = `${PROJECT}/environments/dev/services/web`;
const PREFIX = `wake${process.pid}`;
/** So often in a row; BERTH_WAKES takes more. */
const WAKES = Number(process.env.BERTH_WAKES ?? 10);

describe.skipIf(why)('Waking in a cluster', { timeout: Math.max(900_000, WAKES * 60_000) }, () => {
  let place: RealPlace;
  let gateway: InstalledGateway;
  let directory: string;
  let beside: Awaited<ReturnType<typeof installBeside>>;
  let berth: BerthChild;

  beforeAll(async () => {
    place = await startPlace({ isBare: true });
    gateway = await installGateway(place, []);
    directory = await mkdtemp(join(tmpdir(), 'berth-waking-'));
    const port = await freePort();
    beside = await installBeside({ place, gateway, prefix: PREFIX, directory, port });
    berth = await startChild(join(directory, 'berth'), port, beside.settings);
    await beside.whenUp();
  }, 2_400_000);
  afterAll(async () => {
    await berth?.kill('SIGTERM');
    await beside?.stop();
    await place?.stop();
    if (directory) await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  async function deploy(tag: string, source: string): Promise<void> {
    await pushProgram(place.registry, 'berth/demo/web', tag, programOf(source));
    const workload = {
      apiVersion: 'score.dev/v1b1',
      metadata: { name: 'web', annotations: { 'berth.dev/drain-seconds': '5' } },
      service: { ports: { www: { port: 80, targetPort: 8080 } } },
      containers: { web: { image: '.', variables: { ANSWER: 'one' } } },
    };
    const { status, body } = await berth.api('POST', `${PROJECT}/services/web/versions`, {
      image: tag,
      tags: [tag],
      workload,
    });
    expect(status, JSON.stringify(body)).toBe(201);
    const operation = await berth.operation('POST', `${WEB}/deployments`, { version: tag });
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
  }

  wakingContract(
    'the activator of a cluster',
    async () => {
      await berth.api('POST', '/v1/projects', { name: 'demo' });
      await berth.api('POST', `${PROJECT}/services`, { name: 'web' });
      await berth.operation('POST', `${PROJECT}/environments`, { name: 'dev' });
      await deploy('one', programs.server);
      let renewed = 0;
      return {
        async renew() {
          await berth.operation('DELETE', `${PROJECT}/environments/dev`);
          await berth.operation('POST', `${PROJECT}/environments`, { name: 'dev' });
          await deploy(`one-${++renewed}`, `${programs.server}\n// ${renewed}`);
        },
        berth,
        front: { hostname: gateway.address, port: 443 },
        host: 'web-dev-demo.apps.example.com',
        async deployBrittle() {
          const until = Date.now() + 45_000;
          await deploy('brittle', brittle(until));
          await sleep(Math.max(0, until - Date.now()));
        },
        close: async () => undefined,
      };
    },
    { storm: 1_000, wakes: WAKES, failsWith: 503 },
  );

  it('takes away what it was given for an environment with the environment', async () => {
    const path = `/apis/gateway.networking.k8s.io/v1beta1/namespaces/${gateway.namespace}/referencegrants`;
    expect((await place.cluster.client.list(path)).items).toHaveLength(1);
    await berth.operation('DELETE', `${PROJECT}/environments/dev`);
    expect((await place.cluster.client.list(path)).items).toEqual([]);
  });
});

/** Serves until that time, and crashes whenever it is started after it. */
const brittle = (until: number): string => `
  if (Date.now() > ${until}) { console.error('Error: the anchor is missing'); process.exit(3); }
  ${programs.server}`;

// A file without a test is an error.
it.runIf(why)('is skipped where there is no real node', () => undefined);
