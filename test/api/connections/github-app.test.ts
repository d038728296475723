/** A service that is connected by the GitHub App: under the platform team's rules, with tokens that are kept nowhere. */
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gitCredentialOf } from '../../../functions/commands/connections/credential.ts';
import type { Operation } from '../../../functions/core/model/index.ts';
import { ADMINISTRATOR, type Answer, expectProblem, person } from '../support.ts';
import { NAME } from './git-host.ts';
import { APP_SECRET, type PlayedApp, playApp } from './played-app.ts';
import { CONNECTION, type Connected, connect, settings, sha } from './support.ts';

const HOOK = '/v1/hooks/github-app';
const RULES = '/v1/github-app';
const BY_APP = { app: true, token: undefined, api: undefined };
let github: PlayedApp;
let at: Connected;
beforeAll(async () => {
  let now = Date.now;
  github = playApp(() => now());
  github.installed.add(NAME);
  at = await connect('github', BY_APP, github);
  now = at.subject.ports.effects.now;
});
afterAll(() => at.close());

const show = async (): Promise<any> => (await at.subject.api('GET', CONNECTION)).body;
const allow = (...items: object[]): Promise<Answer> => at.subject.api('PUT', RULES, { items });
const rule = { project: 'demo', repository: NAME };
const toApp = ({ headers, body }: { headers: Record<string, string>; body: string }): Promise<Answer> =>
  at.subject.api('POST', HOOK, body, { ...headers, authorization: '' });

let events = 0;
/** What GitHub tells of the App itself. */
const tell = (event: string, payload: object): Promise<Answer> => {
  const body = JSON.stringify(payload);
  return toApp({
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': `event-${++events}`,
      'x-hub-signature-256': `sha256=${createHmac('sha256', APP_SECRET).update(body).digest('hex')}`,
    },
  });
};
const installation = (seconds: number) => ({
  account: { login: 'Octo' },
  updated_at: new Date(1_800_000_000_000 + seconds * 1000).toISOString(),
});

it('is built and deployed by what the App delivers, once, and tells its commits by tokens for that repository alone', async () => {
  expect(await show()).toMatchObject({ app: true, hasToken: false, api: at.host.origin });
  const message = at.host.push({ after: sha(1) }, APP_SECRET);
  const answers = await Promise.all([toApp(message), toApp(message)]);
  for (const { status, body, text } of answers)
    expect({ status, body }, text).toEqual({ status: 200, body: { connections: 1 } });
  await at.settle();
  expect(await toApp(message)).toMatchObject({ status: 200 });
  expect(await at.deliveries()).toMatchObject([{ number: 1, state: 'succeeded', deployment: 1 }]);
  expect(at.host.statuses.map(({ state }) => state)).toEqual(['pending', 'success']);
  expect(at.host.deployments).toHaveLength(1);
  expect(at.host.refused).toEqual([]);
  expect(github.given).toMatchObject([{ repositories: ['guestbook'] }]);
});

it('fetches its source by a token that can read, and keeps none of its tokens', async () => {
  const { ports } = at.subject;
  const [{ build }] = await at.deliveries();
  const operation = (await at.subject.api('GET', `/v1/operations/${build}`)).body as Operation<'build'>;
  const input = { kind: 'git', url: `https://git.example.com/${NAME}.git`, ref: 'refs/heads/main' } as const;
  const { credential } = await gitCredentialOf(ports, { ...operation, input } as Operation<'build'>);
  const token = await credential?.read();
  expect(github.given.at(-1)).toEqual({
    token,
    repositories: ['guestbook'],
    permissions: { contents: 'read' },
  });
  const files = readdirSync(at.subject.directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(at.subject.directory, name))
    .filter((path) => statSync(path).isFile());
  expect(files.length).toBeGreaterThan(2);
  for (const path of files)
    for (const each of github.given) expect(readFileSync(path).includes(each.token), path).toBe(false);
});

it('asks for another token where one is refused before its end', async () => {
  const before = github.given.length;
  github.revoke(github.given[0]!.token);
  await toApp(at.host.push({ before: sha(1), after: sha(2), at: 1_700_000_010 }, APP_SECRET));
  expect(at.host.statuses.some(({ commit }) => commit === sha(2))).toBe(false);
  at.subject.pass(6_000);
  await at.settle();
  expect(at.lastStatuses().get(sha(2))).toBe('success');
  expect(github.given.length).toBe(before + 1);
  at.host.refused.length = 0;
});

it('refuses who has not the secret of the App, answers a ping, and hands on nothing of other repositories', async () => {
  const push = { before: sha(2), after: sha(3), at: 1_700_000_020 };
  expectProblem(await toApp(at.host.push(push, `${APP_SECRET}x`)), 401, 'unauthenticated');
  expectProblem(await toApp(at.host.push(push, at.secret)), 401, 'unauthenticated');
  const ping = await tell('ping', { zen: 'Keep it logically awesome.', hook_id: 1 });
  const other = await toApp(at.host.push({ ...push, repository: 'octo/guestbook2' }, APP_SECRET));
  for (const { status, body } of [ping, other])
    expect({ status, body }).toEqual({ status: 200, body: { connections: 0 } });
  expect(await at.deliveries()).toHaveLength(2);
});

it('says with the connection that the App was suspended or removed, whatever comes late', async () => {
  const trouble = async (): Promise<string | undefined> => (await show()).appTrouble;
  await tell('installation', { action: 'suspend', installation: installation(2) });
  expect(await trouble()).toMatch(/suspended/);
  await tell('installation', { action: 'created', installation: installation(1) });
  expect(await trouble()).toMatch(/suspended/);
  await tell('installation', { action: 'unsuspend', installation: installation(3) });
  expect(await trouble()).toBeUndefined();
  const removed = [{ full_name: NAME }];
  await tell('installation_repositories', {
    action: 'removed',
    installation: installation(4),
    repositories_removed: removed,
    repositories_added: [],
  });
  expect(await trouble()).toMatch(/removed from octo\/guestbook/);
  await tell('installation', { action: 'created', installation: installation(5) });
  expect(await trouble()).toBeUndefined();
  // Whoever installs a public App chooses how many repositories it tells of.
  const { store } = at.subject.ports;
  const { query } = store;
  let reads = 0;
  store.query = <T>(asked: Parameters<typeof query>[0]) => {
    reads += 1;
    return query<T>(asked);
  };
  const many = Array.from({ length: 300 }, (_, index) => ({ full_name: `octo/of-nobody-${index}` }));
  const told = await tell('installation_repositories', {
    action: 'added',
    installation: installation(6),
    repositories_added: [...many, { full_name: 'octo/Guestbook' }],
    repositories_removed: [],
  });
  store.query = query;
  expect(told.body).toEqual({ connections: 1 });
  expect(reads).toBeLessThan(10);
});

it('stops at its next use, in words, where its rule was taken away', async () => {
  expect((await allow()).status).toBe(200);
  expect((await show()).appTrouble).toMatch(/no rule that lets "demo" use octo\/guestbook/);
  const given = github.given.length;
  await toApp(at.host.push({ before: sha(2), after: sha(4), at: 1_700_000_030 }, APP_SECRET));
  await at.settle();
  const [delivery] = await at.deliveries();
  expect(delivery).toMatchObject({
    state: 'skipped',
    reason: expect.stringMatching(/no rule that lets "demo"/),
  });
  const input = { kind: 'git', url: `https://git.example.com/${NAME}.git`, ref: 'main' };
  const build = { project: 'demo', service: 'guestbook', input } as Operation<'build'>;
  const { credential } = await gitCredentialOf(at.subject.ports, build);
  await expect(credential?.read()).rejects.toMatchObject({
    code: 'source_unavailable',
    message: expect.stringMatching(/no rule that lets "demo"/),
  });
  expect((await show()).failure.reason).toMatch(/no rule that lets "demo"/);
  expect(at.host.statuses.some(({ commit }) => commit === sha(4))).toBe(false);
  expect(github.given).toHaveLength(given);
});

it('is connected only under a rule, for repositories of the GitHub whose App it is; rules are the platform team’s, and audited', async () => {
  const { subject, host } = at;
  const put = (fields: object = {}) =>
    subject.api('PUT', CONNECTION, settings(host, { ...BY_APP, ...fields }));
  for (const items of [
    [],
    [{ project: 'other', repository: NAME }],
    [{ project: 'demo', repository: 'octo/guest' }],
  ]) {
    await allow(...items);
    const refused = await put();
    expectProblem(refused, 403, 'forbidden');
    expect(refused.body.hint).toBe(
      'Ask the platform team: berth github-app allow octo/guestbook --project demo',
    );
  }
  for (const repository of ['*/*', '*', 'octo', 'octo/**', 'oct*/guestbook', 'octo/guestbook/x'])
    expectProblem(await allow({ project: 'demo', repository }), 400, 'invalid_request');
  expect((await allow({ project: 'demo', repository: 'OCTO/guest*' })).status).toBe(200);
  expect((await put()).status).toBe(200);
  expectProblem(await put({ repository: `https://evil.example.com/${NAME}.git` }), 400, 'invalid_request');
  expectProblem(await put({ api: 'https://evil.example.com' }), 400, 'invalid_request');
  expectProblem(await put({ provider: 'gitea' }), 400, 'invalid_request');
  subject.people.set('dora', person('dora'));
  await subject.api('PUT', '/v1/projects/demo/members/user:dora', { role: 'administrator' });
  const asDora = { authorization: 'Bearer dora' };
  expectProblem(await subject.api('PUT', RULES, { items: [rule] }, asDora), 403, 'forbidden');
  expectProblem(await subject.api('GET', RULES, undefined, asDora), 403, 'forbidden');
  const trail = await subject.app.request('http://localhost/v1/audit/export', {
    headers: { authorization: `Bearer ${ADMINISTRATOR}` },
  });
  expect(await trail.text()).toContain('"data":{"added":["demo OCTO/guest*"],"removed":["demo octo/guest"]}');
  delete subject.ports.githubApp;
  expectProblem(await put(), 501, 'not_supported');
  expectProblem(await toApp(host.push({ after: sha(9) }, APP_SECRET)), 401, 'unauthenticated');
});
