import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDeployment } from '../../../functions/commands/deployments/deployments.ts';
import { createService } from '../../../functions/commands/services/services.ts';
import { registerVersion } from '../../../functions/commands/versions/versions.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { verifyChain } from '../../../functions/records/audit-trail.ts';
import { getEnvironment } from '../../../functions/records/read.ts';
import { type Bench, caller, openBench } from '../../support/bench.ts';

const SERVICES = 40;
const EACH = 5;
const at = { project: 'shop', environment: 'dev' };
const serviceOf = (index: number): string => `service-${index % SERVICES}`;
let bench: Bench;
const versions: string[] = [];

beforeAll(async () => {
  bench = await openBench();
  await bench.environment('dev');
  for (let index = 0; index < SERVICES; index++) {
    const service = serviceOf(index);
    await createService(bench.ports, caller, { project: at.project, name: service });
    const version = await registerVersion(bench.ports, caller, {
      project: at.project,
      service,
      digest: `sha256:${'0'.repeat(64)}`,
      workload: {
        apiVersion: 'score.dev/v1b1',
        metadata: { name: service },
        containers: { main: { image: '.' } },
      },
      source: { kind: 'image', reference: 'v1' },
      tags: [],
    });
    versions.push(version.id);
  }
}, 60_000);
afterAll(() => bench?.close());

/** @param processes how many take part: each has a store of its own, and no turns in common with others */
async function deployAll(processes: number): Promise<void> {
  const before = (await getEnvironment(bench.ports.store, at)).data.services;
  const each = Array.from(
    { length: processes },
    (): Ports => ({ ...bench.ports, store: { ...bench.ports.store } }),
  );
  const numbers = new Map<string, number[]>();
  await Promise.all(
    Array.from({ length: SERVICES * EACH }, async (_, index) => {
      const service = serviceOf(index);
      const version = versions[index % SERVICES] ?? '';
      const ports = each[index % processes] ?? bench.ports;
      const { deployment } = await createDeployment(ports, caller, { ...at, service }, { version });
      numbers.set(service, [...(numbers.get(service) ?? []), deployment.number]);
    }),
  );
  const { services } = (await getEnvironment(bench.ports.store, at)).data;
  for (const [service, given] of numbers) {
    const last = before[service]?.newest ?? 0;
    expect(given.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5].map((more) => last + more));
    expect(services[service]).toEqual({ newest: last + EACH });
  }
  expect(numbers.size).toBe(SERVICES);
}

it('200 deployments at once into one environment of 40 services are all accepted, each with a number', async () => {
  await deployAll(1);
});

it('from three processes, too', async () => {
  await deployAll(3);
  expect(await verifyChain(bench.ports, at.project)).toMatchObject({ intact: true });
});
