import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packExample, startBerth, type TestBerth } from '../support/berth.ts';

const BASE = '/v1/projects/examples';
let subject: TestBerth;

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'examples' });
  await subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
});

afterAll(() => subject?.close());

/** Builds and deploys an example; resolves to how to ask it. */
async function deploy(name: string) {
  await subject.api('POST', `${BASE}/services`, { name });
  const built = await subject.operation('POST', `${BASE}/services/${name}/builds`, await packExample(name));
  expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'succeeded' });
  const path = `${BASE}/environments/dev/services/${name}`;
  const deployed = await subject.operation('POST', `${path}/deployments`, { version: built.result.version });
  expect(deployed, JSON.stringify(deployed.error)).toMatchObject({ status: 'succeeded' });
  return {
    ask: (route: string, init?: Parameters<TestBerth['workload']>[2]) =>
      subject.workload(`${name}.dev.examples.localhost`, route, init),
    status: async () => (await subject.api('GET', path)).body,
  };
}

/** Programs that others wrote, as they come from npm: they build, deploy and answer. */
describe('The example', () => {
  it('json-server stores what it is sent', async () => {
    const { ask } = await deploy('json-server');
    const [collection] = Object.keys(JSON.parse((await ask('/db')).text));
    const created = await ask(`/${collection}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'from a test' }),
    });
    expect(created.status).toBe(201);
    expect((await ask(`/${collection}`)).text).toContain('from a test');
  }, 120_000);

  it('http-server serves its files, and 404 for others', async () => {
    const { ask, status } = await deploy('http-server');
    const page = await ask('/');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect((await ask('/no-such-file')).status).toBe(404);
    expect(await status()).toMatchObject({
      url: expect.stringContaining('http-server.dev.examples.localhost'),
    });
  }, 120_000);

  it('node-red serves its editor and keeps flows', async () => {
    const { ask } = await deploy('node-red');
    expect((await ask('/')).text).toContain('Node-RED');
    const flows = [{ id: 'tab1', type: 'tab', label: 'From a test' }];
    const saved = await ask('/flows', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(flows),
    });
    expect(saved.status).toBe(204);
    await sleep(100);
    expect((await ask('/flows')).text).toContain('From a test');
  }, 170_000);

  it('static-site needs nothing but its files', async () => {
    const { ask } = await deploy('static-site');
    expect(await ask('/')).toMatchObject({ status: 200 });
    expect((await ask('/%2e%2e/%2e%2e/etc/passwd')).status).toBe(404);
  }, 60_000);
});
