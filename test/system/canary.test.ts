/** Versions that take over step by step, on a whole Berth with real programs and real requests. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../support/berth.ts';
import { type ProgramOptions, program } from '../support/programs.ts';

const DEV = '/v1/projects/shop/environments/dev';

let subject: TestBerth;
let told: Json[] = [];
/** What the webhook answers. */
let answer = 204;
const hook = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    told.push(JSON.parse(body));
    response.statusCode = answer;
    response.end();
  });
});
let hookUrl = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}`;
  subject = await startBerth({ trustedReceivers: [hookUrl] });
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.operation('POST', '/v1/projects/shop/environments', { name: 'dev' });
});
afterAll(async () => {
  hook.close();
  await subject?.close();
});

/** Answers 500 to so many of a hundred requests, after so many that were well. */
const server = (percent: number, wellFor = 0): string => `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const name = readFileSync('name.txt', 'utf8');
let count = 0;
createServer((request, response) => {
  if (request.url === '/healthz') return response.end('well');
  if (request.url === '/sick') { response.statusCode = 503; return response.end(); }
  count++;
  if (count > ${wellFor} && count % 100 < ${percent}) response.statusCode = 500;
  response.end(name);
}).listen(process.env.PORT);
`;

const steps = (more = ''): string => `berth.dev/strategy: canary
berth.dev/steps: 20% 2s, 50% 2s
berth.dev/bake-seconds: "2"
berth.dev/min-requests: "20"
${more}`;

async function build(
  service: string,
  name: string,
  annotations: string,
  text = server(0),
  more: ProgramOptions = {},
): Promise<string> {
  await subject.api('POST', '/v1/projects/shop/services', { name: service });
  const files = { 'exit.js': 'process.exit(7)' };
  const source = await program(name, { annotations, server: text, files, ...more });
  const built = await subject.operation('POST', `/v1/projects/shop/services/${service}/builds`, source);
  expect(built.error).toBeUndefined();
  return built.result.version;
}

const path = (service: string): string => `${DEV}/services/${service}`;
const instance = async (service: string): Promise<Json> => (await subject.api('GET', path(service))).body;

/** Starts a deployment, and resolves to it at once. */
async function begin(service: string, what: Json): Promise<{ number: number; ended: Promise<Json> }> {
  const { status, body } = await subject.api('POST', `${path(service)}/deployments`, what);
  expect([status, body.detail]).toEqual([202, undefined]);
  const ended = subject.waitFor(body.id);
  return { number: body.number, ended };
}

/** Requests that come all the time, and how they were answered. */
function load(service: string) {
  const seen: Record<string, number> = {};
  let isOn = true;
  const running = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (isOn) {
        const { status, text } = await subject.workload(`${service}.dev.shop.localhost`);
        const key = `${status} ${text}`;
        seen[key] = (seen[key] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }),
  );
  return {
    async end(): Promise<Record<string, number>> {
      isOn = false;
      await running;
      return seen;
    },
  };
}

const steer = (service: string, number: number, action: string) =>
  subject.api('POST', `${path(service)}/deployments/${number}/rollout`, { action });
const rolloutOf = async (service: string, number: number): Promise<Json> =>
  (await subject.api('GET', `${path(service)}/deployments/${number}/rollout`)).body;

it('A good canary takes over step by step and loses no request; the one before stays warm, and going back is a switch', async () => {
  const one = await build('good', 'one', steps());
  const two = await build(
    'good',
    'two',
    steps(`berth.dev/check-url: /healthz\nberth.dev/check-webhook: ${hookUrl}/checks`),
  );
  expect((await (await begin('good', { version: one })).ended).status).toBe('succeeded');
  const requests = load('good');
  const { number, ended } = await begin('good', { version: two });
  const operation = await ended;
  expect(operation).toMatchObject({ kind: 'deploy-in-steps', status: 'succeeded' });
  const rollout = await rolloutOf('good', number);
  expect(rollout).toMatchObject({ stage: 2, percent: 100, verdict: { state: 'passing' } });
  expect(rollout.verdict.words).toMatch(
    /^5xx 0 %.*, n = [\d,]+, at most 5 %; \/healthz answered 200; the webhook answered 204$/,
  );
  expect(told).toMatchObject([
    { percent: 20, service: 'good', deployment: number },
    { percent: 50 },
    { percent: 100, candidate: { errors: 0 }, verdict: expect.stringContaining('n = ') },
  ]);
  expect(await instance('good')).toMatchObject({
    current: { number },
    standby: { deployment: 1, why: 'warm', replicas: 1 },
  });
  const { ended: back } = await begin('good', { rollbackTo: 1 });
  expect((await back).status).toBe('succeeded');
  expect(await instance('good')).toMatchObject({
    current: { number: 3 },
    standby: { deployment: 2 },
    replicas: { items: expect.arrayContaining([expect.objectContaining({ deployment: 3, restarts: 0 })]) },
  });
  const seen = await requests.end();
  expect(Object.keys(seen).toSorted()).toEqual(['200 one', '200 two']);
  const events = (await subject.api('GET', '/v1/projects/shop/events')).body.items;
  const shares = events
    .filter(({ type }: Json) => type === 'deployment.shifted')
    .map(({ data }: Json) => data.percent);
  expect(shares).toEqual([100, 50, 20]);
});

it('A canary that goes bad is taken back by itself, told in numbers; it can be kept to be looked at, and tried again', async () => {
  const one = await build('bad', 'one', steps());
  const two = await build('bad', 'two', steps('berth.dev/keep-failed-seconds: "600"'), server(60, 40));
  await (await begin('bad', { version: one })).ended;
  const before = (await instance('bad')).replicas.items;
  const requests = load('bad');
  const { number, ended } = await begin('bad', { version: two });
  const operation = await ended;
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'check_failed' } });
  expect(operation.error.cause).toMatch(
    /^It was taken back at (20|50) % of the requests: 5xx \d+ % against 0 %, n = [\d,]+, at most 5 %\.$/,
  );
  expect((await rolloutOf('bad', number)).verdict).toMatchObject({ state: 'failing' });
  const after = await instance('bad');
  expect(after).toMatchObject({
    current: { number: 1 },
    standby: { deployment: number, why: 'failed', replicas: 1 },
  });
  expect(after.replicas.items[0]).toMatchObject({
    id: before[0].id,
    startedAt: before[0].startedAt,
    restarts: 0,
  });
  await requests.end();
  const again = await begin('bad', { version: two });
  expect((await again.ended).status).toBe('succeeded');
  expect(await rolloutOf('bad', again.number)).toMatchObject({ stage: 2 });
});

it('People pause, resume, hurry and cancel it, and what is not under way is refused', async () => {
  const held = steps().replace('20% 2s, 50% 2s', '20% hold');
  const one = await build('asked', 'one', steps());
  const two = await build('asked', 'two', held);
  await (await begin('asked', { version: one })).ended;
  expect(await steer('asked', 1, 'promote')).toMatchObject({ status: 409, body: { code: 'conflict' } });
  expect(await steer('asked', 1, 'hurry')).toMatchObject({ status: 400 });
  const canceled = await begin('asked', { version: two });
  await expect
    .poll(() => instance('asked'), { timeout: 10_000 })
    .toMatchObject({ candidate: { percent: 20 } });
  expect(await steer('asked', 2, 'resume')).toMatchObject({ status: 409 });
  expect(await steer('asked', 2, 'pause')).toMatchObject({
    status: 200,
    body: { pausedAt: expect.any(String) },
  });
  expect(await steer('asked', 2, 'pause')).toMatchObject({ status: 409 });
  expect(await steer('asked', 2, 'resume')).toMatchObject({ status: 200 });
  const from = performance.now();
  await subject.api('POST', `${path('asked')}/deployments/2/cancel`);
  await expect.poll(() => instance('asked'), { interval: 20 }).not.toHaveProperty('candidate');
  expect(performance.now() - from).toBeLessThan(2_000);
  expect((await canceled.ended).status).toBe('canceled');
  expect(await steer('asked', 2, 'promote')).toMatchObject({
    status: 409,
    body: { code: 'operation_ended' },
  });

  const promoted = await begin('asked', { version: two });
  await expect
    .poll(() => instance('asked'), { timeout: 10_000 })
    .toMatchObject({ candidate: { percent: 20 } });
  expect(await steer('asked', 3, 'promote')).toMatchObject({ status: 200, body: { asked: 'promote' } });
  expect((await promoted.ended).status).toBe('succeeded');
  expect((await subject.workload('asked.dev.shop.localhost')).text).toBe('two');
});

it('A newer version takes the place of one that is tried, and what serves serves on (I5)', async () => {
  const held = steps().replace('20% 2s, 50% 2s', '20% hold');
  const versions = [
    await build('newer', 'one', held),
    await build('newer', 'two', held),
    await build('newer', 'three', ''),
  ];
  await (await begin('newer', { version: versions[0] })).ended;
  const older = await begin('newer', { version: versions[1] });
  await expect
    .poll(() => instance('newer'), { timeout: 10_000 })
    .toMatchObject({ candidate: { deployment: 2 } });
  const requests = load('newer');
  const newer = await begin('newer', { version: versions[2] });
  expect((await older.ended).status).toBe('superseded');
  expect((await newer.ended).status).toBe('succeeded');
  const seen = await requests.end();
  expect(Object.keys(seen).every((key) => key.startsWith('200 '))).toBe(true);
  expect((await subject.workload('newer.dev.shop.localhost')).text).toBe('three');
});

it('Checks of a rolling version take it back after it had all requests, and blue-green asks before it has any', async () => {
  const one = await build('checked', 'one', '');
  const two = await build('checked', 'two', 'berth.dev/bake-seconds: "5"\nberth.dev/check-url: /sick');
  const three = await build(
    'checked',
    'three',
    'berth.dev/strategy: blue-green\nberth.dev/check-command: node exit.js',
  );
  await (await begin('checked', { version: one })).ended;
  const rolled = await (await begin('checked', { version: two })).ended;
  expect(rolled).toMatchObject({
    status: 'failed',
    error: { cause: 'It was taken back at 100 % of the requests: /sick answered 503.' },
  });
  const requests = load('checked');
  const green = await (await begin('checked', { version: three })).ended;
  expect(green.error.cause).toBe(
    'It was taken back at 0 % of the requests: node exit.js ended with exit code 7.',
  );
  expect(Object.keys(await requests.end())).toEqual(['200 one']);
});

it('A webhook that says no takes it back; a plan tells the steps, and what stays warm', async () => {
  const one = await build('hooked', 'one', steps());
  const two = await build('hooked', 'two', steps(`berth.dev/check-webhook: ${hookUrl}/checks`));
  await (await begin('hooked', { version: one })).ended;
  const plan = (await subject.api('GET', `${path('hooked')}/plan?version=${two}`)).body;
  expect(plan).toMatchObject({
    rollout: {
      stages: [
        { percent: 20, seconds: 2 },
        { percent: 50, seconds: 2 },
        { percent: 100, seconds: 2 },
      ],
    },
    warmSeconds: 900,
    problems: [],
  });
  answer = 409;
  told = [];
  const refused = await (await begin('hooked', { version: two })).ended;
  answer = 204;
  expect(refused.error.cause).toBe('It was taken back at 20 % of the requests: the webhook answered 409.');
  const inside = await build('hooked', 'three', steps('berth.dev/check-webhook: http://127.0.0.1:1/x'));
  const problems = (await subject.api('GET', `${path('hooked')}/plan?version=${inside}`)).body.problems;
  expect(problems).toMatchObject([
    { code: 'invalid_score', cause: expect.stringContaining('check-webhook') },
  ]);
});

it('What is warm ends when a credential that it pins is revoked, and a rollback then starts with what is good', async () => {
  const container = 'variables:\n  KEY: "${resources.env.KEY}"';
  const score = 'resources:\n  env: {type: environment}';
  await subject.api('PUT', `${DEV}/secrets/KEY`, { value: 'first' });
  const one = await build('pinned', 'one', '', server(0), { container, score });
  const two = await build('pinned', 'two', '');
  await (await begin('pinned', { version: one })).ended;
  await (await begin('pinned', { version: two })).ended;
  expect((await instance('pinned')).standby).toMatchObject({ deployment: 1, why: 'warm' });
  const { version } = (await subject.api('GET', `${DEV}/secrets/KEY`)).body;
  await subject.api('PUT', `${DEV}/secrets/KEY`, { value: 'second' });
  expect((await instance('pinned')).standby).toMatchObject({ deployment: 1 });
  const revoked = await subject.api('POST', `${DEV}/secrets/KEY/versions/${version}/revoke`);
  expect([revoked.status, revoked.body.detail]).toEqual([200, undefined]);
  expect((await instance('pinned')).standby).toBeUndefined();
  expect((await (await begin('pinned', { rollbackTo: 1 })).ended).status).toBe('succeeded');
  expect((await subject.workload('pinned.dev.shop.localhost')).text).toBe('one');
});

it('A Berth that starts anew goes on with the stage that was begun', async () => {
  const held = steps().replace('20% 2s, 50% 2s', '20% 1s, 50% hold');
  const one = await build('resumed', 'one', steps());
  const two = await build('resumed', 'two', held);
  await (await begin('resumed', { version: one })).ended;
  const { body: accepted } = await subject.api('POST', `${path('resumed')}/deployments`, { version: two });
  await expect
    .poll(() => instance('resumed'), { timeout: 20_000 })
    .toMatchObject({ candidate: { percent: 50 } });
  await subject.restart();
  await expect
    .poll(() => instance('resumed'), { timeout: 20_000 })
    .toMatchObject({
      current: { number: 1 },
      candidate: { deployment: 2, percent: 50 },
    });
  expect(await steer('resumed', 2, 'promote')).toMatchObject({ status: 200 });
  expect(await subject.waitFor(accepted.id)).toMatchObject({ status: 'succeeded' });
});
