/** What people are told when something of theirs fails: on the running product, from the source to the words. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../support/berth.ts';
import { archive, program } from '../support/programs.ts';

const BASE = '/v1/projects/words';
let subject: TestBerth;

beforeAll(async () => {
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'words' });
  await subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
});
afterAll(() => subject?.close());

const deployments = (service: string) => `${BASE}/environments/dev/services/${service}/deployments`;

async function build(service: string, source: Uint8Array): Promise<Json> {
  await subject.api('POST', `${BASE}/services`, { name: service });
  return subject.operation('POST', `${BASE}/services/${service}/builds`, source);
}

async function deploy(service: string, source: Uint8Array): Promise<Json> {
  const built = await build(service, source);
  expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'succeeded' });
  return subject.operation('POST', deployments(service), { version: built.result.version });
}

const WORKER = `apiVersion: score.dev/v1b1
metadata:
  name: worker
containers:
  main:
    image: .
`;
const worker = { 'package.json': '{"scripts":{"start":"node w.js"}}', 'w.js': 'setInterval(() => 0, 1000)' };

describe('The words of a failure', () => {
  it('of a crash begin with the message of the error, and the hint names the package', async () => {
    const files = {
      'package.json': '{"scripts":{"start":"node index.js"}}',
      'index.js': "require('leftpadx')",
    };
    const { error } = await deploy('missing', await archive(files));
    expect(error.cause.split('\n')[1]).toBe("Error: Cannot find module 'leftpadx'");
    expect(error.hint).toContain('Add leftpadx to dependencies');
  });

  it('of a failed build begin with every error of it', async () => {
    const script =
      "for (const n of [1, 2]) console.log('src/a.ts(' + n + ',1): error TS1005: no'); for (let i = 0; i < 40; i++) console.log('step', i); process.exit(2)";
    const files = {
      'package.json': JSON.stringify({ scripts: { start: 'node x.js', build: 'node build.js' } }),
      'build.js': script,
    };
    const { error } = await build('compiled', await archive(files));
    expect(error.cause).toContain('src/a.ts(1,1): error TS1005');
    expect(error.cause).toContain('src/a.ts(2,1): error TS1005');
  });

  it('of a release command promise the version before only where there is one', async () => {
    const annotations = 'berth.dev/release-command: "false"';
    const first = await deploy('release', await program('one', { annotations }));
    expect(first.error).toMatchObject({ code: 'release_failed' });
    expect(first.error.hint).not.toContain('version before');
    expect(await deploy('release', await program('two'))).toMatchObject({ status: 'succeeded' });
    const third = await deploy('release', await program('three', { annotations }));
    expect(third.error.hint).toContain('The version before still serves.');
  });

  it('of a missing secret name it and how to put it, and putting it so is enough', async () => {
    const source = await program('secret', {
      container: "variables:\n  NOPE: '${resources.env.NOPE}'",
      score: 'resources:\n  env:\n    type: environment',
    });
    const built = await build('secret', source);
    const refused = await subject.operation('POST', deployments('secret'), { version: built.result.version });
    const { cause, hint } = refused.error;
    expect(cause).toContain('${resources.env.NOPE}');
    const [, path = ''] = /PUT …(\/secrets\/\S+) /.exec(hint) ?? [];
    const target = `/v1/projects/words/environments/dev${path}`;
    expect((await subject.api('PUT', target, { value: 'here' })).status).toBe(201);
    const again = await subject.operation('POST', deployments('secret'), { version: built.result.version });
    expect(again).toMatchObject({ status: 'succeeded' });
  });
});

describe('A worker', () => {
  it('without service ports has no URL', async () => {
    const operation = await deploy('worker', await archive({ ...worker, 'score.yaml': WORKER }));
    expect(operation).toMatchObject({ status: 'succeeded', result: { number: 1 } });
    expect(operation.result).not.toHaveProperty('url');
    const shown = (await subject.api('GET', `${BASE}/environments/dev/services/worker`)).body;
    expect(shown).toMatchObject({ state: 'serving' });
    expect(shown).not.toHaveProperty('url');
  });

  it('without a score.yaml is told within seconds what it lacks', async () => {
    const built = await build('noscore', await archive(worker));
    const { body } = await subject.api('POST', deployments('noscore'), { version: built.result.version });
    const log = `${BASE}/environments/dev/services/noscore/logs?search=without%20service.ports`;
    let items: Json[] = [];
    for (let tries = 0; tries < 100 && items.length === 0; tries++) {
      await sleep(100);
      items = (await subject.api('GET', log)).body.items;
    }
    expect(items[0]?.message).toContain('needs a score.yaml without service.ports');
    await subject.api('POST', `/v1/operations/${body.id}/cancel`);
    await subject.waitFor(body.id);
  });
});
