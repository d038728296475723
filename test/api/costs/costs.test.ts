import { afterAll, beforeAll, expect, it } from 'vitest';
import { environmentUse } from '../../../functions/commands/environments/environments.ts';
import { deploymentKey, resourceKey, versionIdKey } from '../../../functions/core/keys.ts';
import type { Resource } from '../../../functions/core/model/index.ts';
import { getDeployment, getEnvironment } from '../../../functions/records/read.ts';
import { createSubject, deploy, expectProblem, instance, type Subject, seed, setState } from '../support.ts';

let subject: Subject;
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
  await deploy(subject);
  await subject.api('POST', '/v1/projects/demo/environments', {
    name: 'spare',
    kind: 'ephemeral',
    ttl: '30d',
  });
  await setState(subject.ports, 'spare', 'ready');
});
afterAll(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const cost = (path: string) => subject.api('GET', `/v1/projects/demo${path}`);

const put = (uid: string, of: Pick<Resource, 'type' | 'class' | 'params'>) => {
  const ref = { project: 'demo', environment: 'dev' };
  const data = {
    ...ref,
    uid,
    id: 'x',
    state: 'ready',
    outputs: { values: {}, secrets: {} },
    services: [],
    ...of,
  };
  return subject.ports.store.transact([{ put: { ...resourceKey(ref, uid), data } }]);
};

it('An environment costs what its services and resources do, and its storage alone while it sleeps', async () => {
  const before = (await cost('/environments/dev/cost')).body;
  expect(before).toMatchObject({ environment: 'dev', basis: 'as_if_on_aws', unpriced: [] });
  expect(before.lines.map(({ kind, name, unit }: Record<string, string>) => [kind, name, unit])).toEqual([
    ['service', 'guestbook', 'eks.nodeHour'],
    ['service', 'guestbook', 'logs.gbIngested'],
  ]);
  await put('volume.default#x', { type: 'volume', class: 'default', params: { size: '100Gi' } });
  await put('odd.default#x', { type: 'odd', class: 'default', params: {} });
  const { body } = await cost('/environments/dev/cost');
  expect(body.usdPerMonth).toBeCloseTo(before.usdPerMonth + 8, 2);
  expect(body.unpriced).toEqual(['odd.default#x']);
  expect(body.usdPerDay).toBeCloseTo((body.usdPerMonth / 730) * 24, 1);
  expect(body.common.usdPerMonth).toBeGreaterThan(200);
  await setState(subject.ports, 'dev', 'hibernated');
  expect((await cost('/environments/dev/cost')).body).toMatchObject({
    usdPerMonth: 8,
    lines: [{ kind: 'resource', name: 'volume.default#x', unit: 'ebs.gbMonth', amount: 100 }],
  });
  await setState(subject.ports, 'dev', 'ready');
  expectProblem(await cost('/environments/none/cost'), 404, 'not_found');
});

it('A project has its environments by what they cost, and those that nobody uses', async () => {
  const { body } = await cost('/cost');
  expect(body.environments).toMatchObject([
    { environment: 'dev', share: 1, idleDays: 0 },
    { environment: 'spare', kind: 'ephemeral', usdPerMonth: 0, usdUntilExpiry: 0, share: 0 },
  ]);
  expect(body.idle).toEqual({ days: 7, environments: [], usdPerMonth: 0 });
  subject.pass(8 * 86_400_000);
  const later = (await cost('/cost')).body;
  expect(later.idle).toEqual({
    days: 7,
    environments: ['dev', 'spare'],
    usdPerMonth: later.usdPerMonth,
  });
  expect((await cost('/cost?idleDays=9')).body.idle.environments).toEqual([]);
  expectProblem(await cost('/cost?idleDays=0'), 400, 'invalid_request');
  expectProblem(await subject.api('GET', '/v1/projects/none/cost'), 404, 'not_found');
});

it('All services of an environment cost something, and a project says when it counts some of them only', async () => {
  const { store } = subject.ports;
  const item = await getEnvironment(store, instance);
  const { data } = await getDeployment(store, instance, 1);
  const kept = await store.get(versionIdKey(instance, data.version));
  const names = Array.from({ length: 100 }, (_, at) => `more-${at}`);
  const services = Object.fromEntries(names.map((name) => [name, { newest: 1, current: 1 }]));
  await store.transact([
    environmentUse(item, { ...item.data, services: { ...item.data.services, ...services } }),
  ]);
  for (const service of names) {
    const of = { ...instance, service };
    await store.transact([
      { put: { ...deploymentKey(of, 1), data: { ...data, service } } },
      { put: { ...versionIdKey(of, data.version), data: kept!.data } },
    ]);
  }
  const { body } = await cost('/environments/dev/cost');
  expect(body.lines.filter(({ unit }: Record<string, string>) => unit === 'eks.nodeHour')).toHaveLength(101);
  const project = (await cost('/cost')).body;
  expect(project).toMatchObject({ truncated: true });
  expect(project.environments[0].usdPerMonth).toBeLessThan(body.usdPerMonth);
});
