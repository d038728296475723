import { afterEach, beforeEach, expect, it } from 'vitest';
import { unknownActivity } from '../../../functions/adapters/kubernetes/activity/unknown-activity.ts';
import { Problem } from '../../../functions/core/problem.ts';
import { createSubject, deploy, instancePath, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
  await deploy(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const unavailable = async (): Promise<never> => {
  throw new Problem('unavailable', 'The node does not answer.', { hint: 'Look at it.' });
};

it('figures that could not be read are named, beside those that could', async () => {
  const { api, ports } = subject;
  expect((await api('GET', `${instancePath}/metrics`)).body.missing).toBeUndefined();
  ports.activity.requests = unknownActivity.requests;
  const { body } = await api('GET', `${instancePath}/metrics`);
  expect(body).toMatchObject({
    compute: [{ cpu: 0.5 }],
    requests: [],
    missing: [{ figures: 'requests', why: expect.stringContaining('not counted') }],
  });
  ports.workloads.metrics = unavailable;
  const { missing } = (await api('GET', `${instancePath}/metrics`)).body;
  expect(missing).toContainEqual({ figures: 'compute', why: 'The node does not answer.' });
});

it('output that could not be read is told in the list of lines', async () => {
  const { api, ports } = subject;
  ports.logs.page = async () => ({ lines: [], missing: 'The output of web can not be read: no.' });
  expect((await api('GET', `${instancePath}/logs`)).body).toEqual({
    items: [],
    missing: 'The output of web can not be read: no.',
  });
});

it('Berth is degraded while output can not be read', async () => {
  const { api, ports } = subject;
  expect((await api('GET', '/healthz')).body).toEqual({ status: 'ok' });
  ports.logs.check = unavailable;
  expect((await api('GET', '/healthz')).body).toEqual({ status: 'degraded', logs: 'unreadable' });
  ports.workloads.check = unavailable;
  expect((await api('GET', '/healthz')).body).toEqual({
    status: 'degraded',
    workloads: 'unreachable',
    logs: 'unreadable',
  });
});
