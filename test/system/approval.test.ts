/** Approval on a whole Berth: a waiting deployment does not run, and an approved one serves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rememberPerson } from '../../functions/commands/access/people.ts';
import { createToken } from '../../functions/commands/access/tokens.ts';
import { type Json, startBerth, type TestBerth } from '../support/berth.ts';
import { program } from '../support/programs.ts';

const BASE = '/v1/projects/shop';
const deployments = `${BASE}/environments/production/services/web/deployments`;
const host = 'web.production.shop.localhost';

let subject: TestBerth;
let one: string;
let two: string;
beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', `${BASE}/services`, { name: 'web' });
  const provisioning = subject.operation('POST', `${BASE}/environments`, { name: 'production' });
  const build = async (text: string) =>
    (await subject.operation('POST', `${BASE}/services/web/builds`, await program(text))).result.version;
  [one, two] = [await build('one'), await build('two')];
  await provisioning;
  await subject.operation('POST', deployments, { version: one });
});
afterAll(() => subject?.close());

it('a deployment waits through sweeps and a restart, then serves once someone else has approved it', async () => {
  const { status } = await subject.api('PUT', `${BASE}/environments/production/protection`, {
    approval: true,
  });
  expect(status).toBe(200);
  // Of whom nothing is known, it is not known either that they do not hold the administrator's token.
  await rememberPerson(subject.berth.ports, {
    id: 'user:ada',
    kind: 'user',
    groups: [],
    administrator: false,
  });
  const { token } = await createToken(
    subject.berth.ports,
    { actor: 'user:ada' },
    {
      name: 'x',
      kind: 'project',
      project: 'shop',
      role: 'developer',
      expiresAt: Date.now() + 60_000,
      person: 'user:ada',
    },
  );
  const asked = await subject.api(
    'POST',
    deployments,
    { version: two },
    { authorization: `Bearer ${token}` },
  );
  expect(asked.body).toMatchObject({ number: 2, status: 'queued', approval: { state: 'pending' } });
  const read = async (): Promise<Json> => (await subject.api('GET', `/v1/operations/${asked.body.id}`)).body;
  // The sweep runs five times a second, and would start an operation that was not started.
  await sleep(500);
  await subject.restart();
  await sleep(500);
  expect(await read()).toMatchObject({ status: 'queued', steps: [] });
  expect((await subject.workload(host)).text).toBe('one');
  const approved = await subject.operation('POST', `${deployments}/2/approve`);
  expect(approved).toMatchObject({ status: 'succeeded', approval: { decidedBy: 'administrator' } });
  expect((await subject.workload(host)).text).toBe('two');
});

it('one that is rejected leaves what serves alone', async () => {
  const asked = await subject.api('POST', deployments, { rollbackTo: 1 });
  expect((await subject.api('POST', `${deployments}/3/approve`)).body.code).toBe('forbidden');
  await subject.api('POST', `${deployments}/3/reject`, {});
  expect(await subject.waitFor(asked.body.id)).toMatchObject({ status: 'canceled' });
  expect((await subject.workload(host)).text).toBe('two');
});
