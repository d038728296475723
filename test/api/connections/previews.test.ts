/** Pull requests get environments of their own, and forks nothing before a maintainer lets their commit in. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageSchema } from '../../../functions/core/git/hook-facts.ts';
import { environmentKey, previewKey } from '../../../functions/core/keys.ts';
import { type Environment, gitProviders, type Preview } from '../../../functions/core/model/index.ts';
import { expectProblem } from '../support.ts';
import { type Connected, connect, SERVICE, sha } from './support.ts';

const PREVIEWS = '/v1/projects/demo/previews';
const previews = { base: 'dev', ttl: '2d', idleAfter: '10m' };

const comment = ({ host }: Connected): string => [...host.comments.values()].at(-1)?.at(-1) ?? '';

/** The base has a variable, a secret, and another service that runs. */
async function furnish({ subject, settle }: Connected): Promise<void> {
  const { api } = subject;
  const dev = '/v1/projects/demo/environments/dev';
  await api('PUT', `${dev}/variables`, { variables: { GREETING: 'Ahoy' } });
  await api('PUT', `${dev}/secrets/API_KEY`, { value: 'secret-of-the-base' });
  await api('POST', '/v1/projects/demo/services', { name: 'api' });
  const { body } = await api('POST', '/v1/projects/demo/services/api/builds', {
    git: { url: 'https://git.example.com/octo/api', ref: 'main' },
  });
  await settle();
  const version = (await api('GET', `/v1/operations/${body.id}`)).body.result.version;
  await api('POST', `${dev}/services/api/deployments`, { version });
  await settle();
}

describe.each(gitProviders)('A pull request at %s', (provider) => {
  let at: Connected;
  const preview = async (number = 7) => (await at.subject.api('GET', `${SERVICE}/previews/${number}`)).body;
  beforeAll(async () => {
    at = await connect(provider, { previews });
    await furnish(at);
  });
  afterAll(() => at.close());

  it('gets an environment that begins as the base, with its own commit built and the others as there', async () => {
    await at.deliver(at.host.pull({ action: 'opened', commit: sha(1), at: 1_700_000_001 }, at.secret));
    expect(await preview()).toMatchObject({ state: 'opening', commit: sha(1), isFork: false });
    await at.settle();
    const { environment, state } = await preview();
    expect({ environment, state }).toEqual({ environment: 'guestbook-pr7', state: 'ready' });
    const path = `/v1/projects/demo/environments/${environment}`;
    const { body } = await at.subject.api('GET', path);
    expect(body).toMatchObject({ kind: 'ephemeral', idleAfter: '10m', expiresAt: expect.any(String) });
    const instances = (await at.subject.api('GET', `${path}/services`)).body.items;
    expect(instances.map(({ service }: { service: string }) => service)).toEqual(['api', 'guestbook']);
    const variables = (await at.subject.api('GET', `${path}/variables`)).text;
    expect(variables).toContain('Ahoy');
    const ref = 'demo/guestbook-pr7/env/API_KEY';
    expect(await at.subject.ports.secrets.get(ref)).toBe('secret-of-the-base');
    expect(at.host.statuses.map((one) => one.state)).toEqual(['pending', 'success']);
    expect(at.host.statuses.at(-1)?.context).toBe('berth/demo/guestbook/preview');
  });

  it('has one comment, which is kept up to date', async () => {
    expect(comment(at)).toContain('is ready');
    expect(comment(at)).toContain('http://guestbook.guestbook-pr7.demo.localhost:4600');
    expect(comment(at)).toMatch(/\| Cost \| 0\.\d\d USD a day while it is awake, if it ran on AWS \|/);
    await at.deliver(at.host.pull({ action: 'synchronize', commit: sha(2), at: 1_700_000_002 }, at.secret));
    await at.settle((operation) => (operation.kind === 'build' ? 'failed' : 'succeeded'));
    expect(at.host.comments.size).toBe(1);
    expect(comment(at)).toContain('First error (build_failed): `It has a fault.`');
    expect(await preview()).toMatchObject({ state: 'failed', commit: sha(2) });
  });

  it('is passed over where it has no other commit, and where a message comes late', async () => {
    const labeled = await at.deliver(at.host.pull({ action: 'labeled', commit: sha(2) }, at.secret));
    expect(labeled.body.state).toBe('skipped');
    const late = at.host.pull(
      { action: 'synchronize', commit: sha(1), at: 1_700_000_001 },
      at.secret,
      'late',
    );
    expect((await at.deliver(late)).body.state).toBe('superseded');
    expect((await preview()).commit).toBe(sha(2));
  });

  it('leaves nothing when it is closed, whatever comes after', async () => {
    await at.deliver(at.host.pull({ action: 'synchronize', commit: sha(3), at: 1_700_000_003 }, at.secret));
    await at.deliver(at.host.pull({ action: 'closed', commit: sha(3), at: 1_700_000_004 }, at.secret));
    await at.settle();
    expect(await preview()).toMatchObject({ state: 'closed' });
    expectProblem(await at.subject.api('GET', '/v1/projects/demo/environments/guestbook-pr7'), 404);
    expect(comment(at)).toContain('is gone');
    expect(at.lastStatuses().get(sha(3))).toBe('superseded');
    const late = at.host.pull({ action: 'synchronize', commit: sha(9) }, at.secret, 'much later');
    expect((await at.deliver(late)).body.state).toBe('superseded');
    // The provider counts in seconds.
    const opened = at.host.pull({ action: 'opened', commit: sha(3), at: 1_700_000_004 }, at.secret, 'late');
    expect((await at.deliver(opened)).body.state).toBe('superseded');
    await at.settle();
    expectProblem(await at.subject.api('GET', '/v1/projects/demo/environments/guestbook-pr7'), 404);
  });

  it('of a fork gets nothing before a maintainer lets that very commit in', async () => {
    const pull = (commit: string, action: 'opened' | 'synchronize', time: number) =>
      at.deliver(at.host.pull({ action, number: 8, commit, from: 'mallory/guestbook', at: time }, at.secret));
    const { body } = await pull(sha(20), 'opened', 1_700_000_020);
    expect(body).toMatchObject({ state: 'held', reason: expect.stringContaining('fork') });
    expect(body.build).toBeUndefined();
    await at.settle();
    expectProblem(await at.subject.api('GET', '/v1/projects/demo/environments/guestbook-pr8'), 404);
    expect(comment(at)).toContain(`berth previews approve 8 ${sha(20)} --project demo --service guestbook`);
    expect(at.lastStatuses().get(sha(20))).toBe('failure');

    const approve = (commit: string) => at.subject.api('POST', `${SERVICE}/previews/8/approve`, { commit });
    expectProblem(await approve(sha(21)), 409, 'conflict');
    const approved = await approve(sha(20));
    expect(approved.status, approved.text).toBe(201);
    await at.settle();
    expect(await preview(8)).toMatchObject({ state: 'ready', approved: { commit: sha(20) } });
    expect(at.lastStatuses().get(sha(20))).toBe('success');

    // The next commit is another one, and an approval of the one before is none of it.
    expect((await pull(sha(21), 'synchronize', 1_700_000_021)).body.state).toBe('held');
    expectProblem(await approve(sha(20)), 409, 'conflict');
    const { items } = (await at.subject.api('GET', '/v1/projects/demo/events?limit=200')).body;
    expect(items.filter(({ type }: { type: string }) => type === 'preview.approved')).toHaveLength(1);
  });
});

describe('Previews', () => {
  let at: Connected;
  beforeAll(async () => {
    at = await connect('github', { previews });
  });
  afterAll(() => at.close());

  it('end by their time where the message of the end was lost, and the pull request is told', async () => {
    await at.deliver(at.host.pull({ action: 'opened', number: 30, commit: sha(30) }, at.secret));
    await at.settle();
    const path = '/v1/projects/demo/environments/guestbook-pr30';
    expect((await at.subject.api('GET', path)).body.expiresAt).toBeDefined();
    // As the sweep does when its time has come.
    await at.subject.api('DELETE', path);
    await at.settle();
    at.subject.pass(10 * 60_000);
    await at.settle();
    expectProblem(await at.subject.api('GET', '/v1/projects/demo/environments/guestbook-pr30'), 404);
    const { body } = await at.subject.api('GET', PREVIEWS);
    expect(body.items).toMatchObject([{ number: 30, state: 'closed' }]);
    expect(comment(at)).toContain('is gone');
  });

  it('are as many as a project may have, and the one too many says so', async () => {
    const open = async (number: number): Promise<void> => {
      await at.deliver(at.host.pull({ action: 'opened', number, commit: sha(number) }, at.secret));
      await at.settle();
    };
    await open(101);
    // The others are as the first.
    const { store } = at.subject.ports;
    const ref = { project: 'demo', service: 'guestbook' };
    const preview = (await store.get<Preview>(previewKey(ref, 101)))!.data;
    const own = (await store.get<Environment>(environmentKey({ ...ref, environment: preview.environment })))!
      .data;
    for (let number = 102; number <= 120; number++) {
      const name = `guestbook-pr${number}`;
      const id = `${own.id.slice(0, 23)}${number}`;
      await store.transact([
        { put: { ...environmentKey({ ...ref, environment: name }), data: { ...own, name, id } } },
        {
          put: {
            ...previewKey(ref, number),
            data: { ...preview, number, environment: name, environmentId: id },
          },
        },
      ]);
    }
    await open(121);
    const read = async (number: number) =>
      (await at.subject.api('GET', `${SERVICE}/previews/${number}`)).body;
    expect(await read(101)).toMatchObject({ state: 'ready' });
    expect(await read(121)).toMatchObject({ state: 'failed', error: { code: 'too_many_requests' } });
    expect(at.host.statuses.at(-1)).toMatchObject({
      commit: sha(121),
      description: 'Not deployed: the project has 20 previews already',
    });
    await at.deliver(
      at.host.pull({ action: 'closed', number: 101, commit: sha(101), at: 1_700_000_001 }, at.secret),
    );
    await at.settle();
    const { number } = (await at.deliveries()).find(({ pullRequest }) => pullRequest === 121);
    await at.subject.api('POST', `${SERVICE}/deliveries/${number}/redeliver`);
    await at.settle();
    expect(await read(121)).toMatchObject({ state: 'ready' });
  });

  it('take no environment that somebody else made', async () => {
    await at.subject.api('POST', '/v1/projects/demo/environments', { name: 'guestbook-pr40' });
    await at.settle();
    await at.deliver(
      at.host.pull({ action: 'closed', number: 102, commit: sha(102), at: 1_700_000_001 }, at.secret),
    );
    await at.settle();
    await at.deliver(at.host.pull({ action: 'opened', number: 40, commit: sha(40) }, at.secret));
    await at.settle();
    const { body } = await at.subject.api('GET', `${SERVICE}/previews/40`);
    expect(body).toMatchObject({ state: 'failed', error: { code: 'already_exists' } });
    await at.deliver(
      at.host.pull({ action: 'closed', number: 40, commit: sha(40), at: 1_700_000_001 }, at.secret),
    );
    await at.settle();
    expect((await at.subject.api('GET', '/v1/projects/demo/environments/guestbook-pr40')).status).toBe(200);
  });
});

describe('The secrets of a protected environment', () => {
  const PROTECTION = '/v1/projects/demo/environments/dev/protection';

  it('get into no preview, also where it was protected after it became their base', async () => {
    const at = await connect('github', { previews });
    await furnish(at);
    await at.subject.api('PUT', PROTECTION, { approval: false });
    await at.deliver(at.host.pull({ action: 'opened', commit: sha(1), at: 1_700_000_001 }, at.secret));
    await at.settle();
    const { body } = await at.subject.api('GET', `${SERVICE}/previews/7`);
    expect(body).toMatchObject({ state: 'failed', error: { code: 'forbidden' } });
    expect(await at.subject.ports.secrets.get('demo/guestbook-pr7/env/API_KEY')).toBeUndefined();
    await at.close();
  });

  it('are not those that a connection may name for its previews', async () => {
    const at = await connect('github', {});
    await at.subject.api('PUT', PROTECTION, { approval: true });
    const body = { provider: 'github', repository: 'https://github.com/octo/guestbook', previews };
    const refused = await at.subject.api('PUT', `${SERVICE}/connection`, body);
    expectProblem(refused, 403, 'forbidden');
    await at.close();
  });
});

it.each(['javascript:alert(1)', 'data:text/html,x', ' https://x y', 'JaVaScRiPt://x'])(
  'The address of a pull request is that of a page, or none: %j',
  (url) => {
    expect(pageSchema.parse(url)).toBeUndefined();
    expect(pageSchema.parse('https://git.example.com/octo/web/pull/7')).toMatch(/^https:/);
  },
);
