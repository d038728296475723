/** Previews whose databases begin with the masked data of their base, and those that never get any. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { environmentKey, operationKey, resourceKey } from '../../../functions/core/keys.ts';
import type { Environment, Operation, Resource } from '../../../functions/core/model/index.ts';
import { expectProblem } from '../support.ts';
import { CONNECTION, type Connected, connect, SERVICE, settings, sha } from './support.ts';

const previews = { base: 'dev', withData: true };
const DEV = { project: 'demo', environment: 'dev' };
const UID = 'postgres.default#guestbook.db';

let at: Connected;
beforeAll(async () => {
  at = await connect('github');
  const database: Resource = {
    ...DEV,
    uid: UID,
    type: 'postgres',
    class: 'default',
    id: 'guestbook.db',
    params: {},
    state: 'ready',
    outputs: { values: {}, secrets: {} },
    services: ['guestbook'],
    operation: 'made-it',
    createdAt: '2026-01-01T00:00:00.000Z',
  };
  await at.subject.ports.store.transact([{ put: { ...resourceKey(DEV, UID), data: database } }]);
});
afterAll(() => at.close());

const mask = (rules: object[]) => at.subject.api('PUT', '/v1/projects/demo/masking', { rules });
const open = (number: number, from?: string) =>
  at.deliver(
    at.host.pull({ action: 'opened', number, commit: sha(number), ...(from && { from }) }, at.secret),
  );
const preview = async (number: number) => (await at.subject.api('GET', `${SERVICE}/previews/${number}`)).body;

/** What made the environment of a pull request. */
async function madeBy(number: number): Promise<Operation | undefined> {
  const { store } = at.subject.ports;
  const key = environmentKey({ project: 'demo', environment: `guestbook-pr${number}` });
  const environment = await store.get<Environment>(key);
  return (await store.get<Operation>(operationKey(environment?.data.operation ?? '')))?.data;
}

it('are set where each database of the base has a rule', async () => {
  const put = () => at.subject.api('PUT', CONNECTION, settings(at.host, { previews }));
  expectProblem(await put(), 409, 'masking_required');
  await mask([{ resource: UID, sql: "UPDATE users SET email = '';" }]);
  const { status, body } = await put();
  expect(status).toBe(200);
  expect(body.previews).toMatchObject(previews);
});

it('begin with data that are masked', async () => {
  await open(1);
  const made = await madeBy(1);
  expect(made).toMatchObject({ kind: 'provision-with-data', input: { from: 'dev', masked: true } });
  // They take longer than anything else is waited for.
  for (const minutes of [0, 20]) {
    at.subject.pass(minutes * 60_000);
    await at.settle(({ kind }) => (kind === 'provision-with-data' ? 'running' : 'succeeded'));
    expect(await preview(1)).toMatchObject({ state: 'opening' });
  }
  await at.settle();
  expect(await preview(1)).toMatchObject({ state: 'ready' });
});

it('of a fork get none, though a maintainer has let its commit in', async () => {
  await open(2, 'mallory/guestbook');
  await at.subject.api('POST', `${SERVICE}/previews/2/approve`, { commit: sha(2) });
  await at.settle();
  expect(await preview(2)).toMatchObject({ state: 'ready' });
  expect(await madeBy(2)).toMatchObject({ kind: 'provision-environment' });
});

it('say in the pull request why the data did not come', async () => {
  await open(3);
  await at.settle(({ kind }) => (kind === 'provision-with-data' ? 'failed' : 'succeeded'));
  expect(await preview(3)).toMatchObject({ state: 'failed', error: { cause: 'It has a fault.' } });
  expect([...at.host.comments.values()].at(-1)?.at(-1)).toContain('It has a fault.');
});

it('are not made where a rule was taken away meanwhile', async () => {
  await mask([]);
  await open(4);
  await at.settle();
  expect(await preview(4)).toMatchObject({ state: 'failed', error: { code: 'masking_required' } });
  expect(await madeBy(4)).toBeUndefined();
});
