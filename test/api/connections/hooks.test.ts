/** Pushes are built and deployed by the rules: the same of each provider, which is played over real HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitProviders } from '../../../functions/core/model/index.ts';
import { expectProblem } from '../support.ts';
import { NONE, TOKEN } from './git-host.ts';
import { CONNECTION, type Connected, connect, SERVICE, settings, sha } from './support.ts';

const newest = async ({ subject }: Connected): Promise<{ version: string; number: number }> =>
  (await subject.api('GET', '/v1/projects/demo/environments/dev/services/guestbook/deployments?limit=1')).body
    .items[0];

describe.each(gitProviders)('A repository at %s', (provider) => {
  let at: Connected;
  beforeAll(async () => {
    at = await connect(provider, { watch: ['**'], rules: [{ branch: 'main', environment: 'dev' }] });
  });
  afterAll(() => at.close());

  it('is built and deployed by a push, and its commit is told so from the first second to the end', async () => {
    const { status, body, text } = await at.deliver(at.host.push({ after: sha(1) }, at.secret));
    expect(status, text).toBe(201);
    expect(body).toMatchObject({ number: 1, event: expect.any(String), environment: 'dev', commit: sha(1) });
    // Before anything else happens, and before the answer.
    expect(at.host.statuses).toMatchObject([
      { commit: sha(1), state: 'pending', context: 'berth/demo/guestbook/dev' },
    ]);
    await at.settle();
    expect(at.host.statuses.map(({ state }) => state)).toEqual(['pending', 'success']);
    expect(at.host.statuses.at(-1)?.url).toBe('http://guestbook.dev.demo.localhost:4600');
    const [delivery] = await at.deliveries();
    expect(delivery).toMatchObject({ state: 'succeeded', author: 'Ada', message: 'A change', deployment: 1 });
    const build = (await at.subject.api('GET', `/v1/operations/${delivery.build}`)).body;
    expect(build).toMatchObject({ kind: 'build', status: 'succeeded', createdBy: `connection:${at.id}` });
    expect(at.host.refused).toEqual([]);
  });

  it('is asked by one message once, however often it comes', async () => {
    const message = at.host.push({ before: sha(1), after: sha(2), at: 1_700_000_010 }, at.secret);
    const answers = await Promise.all([1, 2, 3].map(() => at.deliver(message)));
    await at.settle();
    answers.push(await at.deliver(message));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.number))).toEqual(new Set([2]));
    expect((await at.deliveries()).filter(({ commit }) => commit === sha(2))).toHaveLength(1);
  });

  it('answers who signs otherwise, or names another connection, with the same refusal', async () => {
    const good = at.host.push({ before: sha(2), after: sha(3) }, at.secret);
    const wrong = at.host.push({ before: sha(2), after: sha(3) }, `${at.secret}x`);
    const { headers } = good;
    const unsigned = Object.fromEntries(
      Object.entries(headers).filter(([name]) => !/signature|token/.test(name)),
    );
    const elsewhere = await at.subject.api('POST', `/v1/hooks/git/${'0'.repeat(26)}`, good.body, headers);
    const refused = [
      await at.deliver(wrong),
      await at.deliver({ ...good, headers: unsigned }),
      await at.deliver({
        ...good,
        headers: { ...headers, 'x-hub-signature-256': 'ä', 'x-gitea-signature': '', 'x-gitlab-token': '' },
      }),
      elsewhere,
    ];
    for (const answer of refused) expectProblem(answer, 401, 'unauthenticated');
    expect(new Set(refused.map(({ body }) => body.detail)).size).toBe(1);
    if (provider !== 'gitlab') expectProblem(await at.deliver({ ...good, body: `${good.body} ` }), 401);
    expect(await at.deliveries()).toHaveLength(2);
  });

  it('lists what asks for nothing, with the reason', async () => {
    const reasons: [Parameters<Connected['host']['push']>[0], string][] = [
      [{ after: sha(4), branch: 'try' }, 'no rule is for the branch try'],
      [{ after: sha(5), repository: 'octo/other' }, 'it is of another repository than octo/guestbook'],
      [
        { before: sha(2), after: sha(6), message: 'Words\n\n[skip ci]', at: 1_700_000_020 },
        'the message of the commit says so',
      ],
      [{ before: sha(6), after: NONE, at: 1_700_000_030 }, 'the branch was deleted'],
    ];
    for (const [push, reason] of reasons) {
      const { body } = await at.deliver(at.host.push(push, at.secret));
      expect(body).toMatchObject({ state: 'skipped', reason });
    }
    expect((await at.deliver(at.host.other(at.secret))).body.reason).toBe('this event asks for nothing');
    await at.settle();
    // A commit that was passed over has its word too; one that no rule is for has none.
    expect(at.lastStatuses().get(sha(6))).toBe('success');
    expect(at.lastStatuses().has(sha(4))).toBe(false);
  });

  it('tells of what failed, with the first error', async () => {
    await at.deliver(at.host.push({ after: sha(7), at: 1_700_000_040 }, at.secret));
    await at.settle(() => 'failed');
    expect(at.host.statuses.at(-1)).toMatchObject({
      commit: sha(7),
      state: 'failure',
      description: 'Not deployed: It has a fault.',
    });
    const [delivery] = await at.deliveries();
    expect(delivery.error).toMatchObject({ code: 'build_failed' });
    const again = await at.subject.api('POST', `${SERVICE}/deliveries/${delivery.number}/redeliver`);
    expect(again.status, again.text).toBe(201);
    expect(again.body).toMatchObject({ redelivers: delivery.number, state: 'waiting' });
    await at.settle();
    expect(at.host.statuses.at(-1)).toMatchObject({ commit: sha(7), state: 'success' });
  });

  it('is asked for what was lost, and what comes late all the same does nothing more', async () => {
    at.host.heads.set('main', sha(30));
    at.subject.pass(11 * 60_000);
    await at.settle();
    const [delivery] = await at.deliveries();
    expect(delivery).toMatchObject({ event: 'asked', commit: sha(30), state: 'succeeded' });
    const late = at.host.push({ before: sha(29), after: sha(30), at: 1_700_000_045 }, at.secret);
    expect((await at.deliver(late)).body).toMatchObject({
      state: 'skipped',
      reason: 'its commit came before',
    });
    const older = at.host.push({ before: sha(7), after: sha(29), at: 1_700_000_044 }, at.secret);
    expect((await at.deliver(older)).body.state).toBe('superseded');
    at.subject.pass(11 * 60_000);
    await at.settle();
    expect((await at.deliveries())[0].commit).toBe(sha(29));
    expect(at.lastStatuses().get(sha(30))).toBe('success');
    at.host.heads.clear();
  });

  it('tells what it could not tell while the provider was away, in order', async () => {
    at.host.fail(503);
    const before = at.host.statuses.length;
    await at.deliver(at.host.push({ before: sha(30), after: sha(8), at: 1_700_000_050 }, at.secret));
    await at.settle();
    expect((await at.subject.api('GET', CONNECTION)).body.failure).toMatchObject({
      reason: 'the provider answers with the status 503',
    });
    at.host.fail(undefined);
    at.subject.pass(3_600_000);
    await at.settle();
    expect(at.host.statuses.slice(before).map(({ commit, state }) => `${state} ${commit}`)).toEqual([
      `success ${sha(8)}`,
    ]);
  });
});

describe('Pushes in any order, twice', () => {
  it('leave the service at the newest, with a last word for each commit', async () => {
    const at = await connect('gitlab');
    const order = (number: number): number => (number * 7919) % 1009;
    const pushes = Array.from({ length: 25 }, (_, index) => index + 1)
      .flatMap((number) => [number, number])
      .map((number, index) => ({ number, key: order(index + 1) }))
      .sort((a, b) => a.key - b.key);
    let highest = 0;
    for (const [index, { number }] of pushes.entries()) {
      const push = {
        before: number === 1 ? NONE : sha(number - 1),
        after: sha(number),
        at: 1_700_000_000 + number,
      };
      expect((await at.deliver(at.host.push(push, at.secret, `push-${number}`))).status).toBeLessThan(202);
      if (index % 10 > 0) continue;
      await at.settle();
      // At no time an older commit comes after a newer one.
      const { version } = await newest(at);
      const { tags } = (await at.subject.api('GET', `${SERVICE}/versions/${version}`)).body;
      const deployed = pushes.findIndex((one) => tags.includes(sha(one.number)));
      expect(pushes[deployed]!.number).toBeGreaterThanOrEqual(highest);
      highest = pushes[deployed]!.number;
    }
    await at.settle();
    const { version } = await newest(at);
    const { tags } = (await at.subject.api('GET', `${SERVICE}/versions/${version}`)).body;
    expect(tags).toContain(sha(25));
    const last = at.lastStatuses();
    expect(last.size).toBe(25);
    expect([...last.values()]).not.toContain('pending');
    expect(last.get(sha(25))).toBe('success');
    await at.close();
  });
});

describe('A push whose message comes after the provider was first asked', () => {
  it('is built and deployed: that its commit was there already says nothing', async () => {
    const at = await connect('github');
    at.host.heads.set('main', sha(1));
    at.subject.pass(11 * 60_000);
    await at.settle();
    expect(await at.deliveries()).toEqual([]);
    const { status, body } = await at.deliver(at.host.push({ after: sha(1) }, at.secret));
    expect([status, body.state]).toEqual([201, 'waiting']);
    await at.settle();
    expect((await at.deliveries())[0]).toMatchObject({ commit: sha(1), state: 'succeeded', deployment: 1 });
    await at.close();
  });
});

describe('A commit that is about to be deployed', () => {
  it('is not, once a newer one was accepted in between', async () => {
    const at = await connect('github');
    const { store } = at.subject.ports;
    const query = store.query.bind(store) as typeof store.query;
    const get = store.get.bind(store) as typeof store.get;
    let isFirst = true;
    /** The version is read between the look at what is newest and the transaction. */
    const interfere = async (pk: string): Promise<void> => {
      const [delivery] = isFirst && pk.startsWith('versions#') ? await at.deliveries() : [];
      if (delivery?.state !== 'building' || !isFirst) return;
      const { status } = (await at.subject.api('GET', `/v1/operations/${delivery.build}`)).body;
      if (status !== 'succeeded') return;
      isFirst = false;
      const push = { before: sha(1), after: sha(2), at: 1_700_000_001 };
      expect((await at.deliver(at.host.push(push, at.secret))).status).toBe(201);
    };
    store.query = async (range) => {
      await interfere(range.pk);
      return query(range);
    };
    store.get = async (key) => {
      await interfere(key.pk);
      return get(key);
    };
    await at.deliver(at.host.push({ after: sha(1) }, at.secret));
    await at.settle();
    expect(isFirst).toBe(false);
    const [second, first] = await at.deliveries();
    expect(first).toMatchObject({ commit: sha(1), state: 'superseded' });
    expect(first.deployment).toBeUndefined();
    expect(second).toMatchObject({ commit: sha(2), state: 'succeeded', deployment: 1 });
    await at.close();
  });
});

describe('A connection', () => {
  let at: Connected;
  beforeAll(async () => {
    at = await connect('github');
  });
  afterAll(() => at.close());

  it('shows its secret once, and its token never', async () => {
    const { body, text } = await at.subject.api('GET', CONNECTION);
    expect(body).toMatchObject({ hasToken: true, hook: `/v1/hooks/git/${at.id}` });
    expect(text).not.toContain(at.secret);
    const events = (await at.subject.api('GET', '/v1/projects/demo/events?limit=200')).text;
    for (const secret of [at.secret, TOKEN]) expect(`${text}${events}`).not.toContain(secret);
  });

  it('takes messages signed by either secret for a day after a rotation', async () => {
    const rotated = (await at.subject.api('POST', `${CONNECTION}/rotate`)).body.secret;
    expect(rotated).not.toBe(at.secret);
    const push = (number: number, secret: string) =>
      at.deliver(at.host.push({ after: sha(number), branch: 'no-rule' }, secret));
    expect((await push(1, at.secret)).status).toBe(201);
    expect((await push(2, rotated)).status).toBe(201);
    at.subject.pass(24 * 3_600_000 + 1);
    expectProblem(await push(3, at.secret), 401);
    expect((await push(4, rotated)).status).toBe(201);
    at.secret = rotated;
  });

  it('forgets its token when it is pointed elsewhere', async () => {
    const other = settings(at.host, {
      repository: 'https://git.example.com/octo/other.git',
      token: undefined,
    });
    const { status, body } = await at.subject.api('PUT', CONNECTION, other);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: at.id, hasToken: false });
    const same = await at.subject.api('PUT', CONNECTION, settings(at.host));
    expect(same.body.hasToken).toBe(true);
    const kept = await at.subject.api('PUT', CONNECTION, settings(at.host, { token: undefined }));
    expect(kept.body.hasToken).toBe(true);
  });

  it('is refused with what is wrong', async () => {
    const refused: [object, string][] = [
      [{ repository: 'git@github.com:octo/guestbook.git' }, 'body.repository'],
      [{ repository: 'https://ada:secret@git.example.com/octo/guestbook' }, 'body.repository'],
      [{ api: 'http://169.254.169.254/latest' }, 'body.api'],
      [{ rules: [{ branch: 'a b', environment: 'dev' }] }, 'body.rules[0].branch'],
      [{ path: '../..' }, 'body.path'],
    ];
    for (const [fields, path] of refused) {
      const answer = await at.subject.api('PUT', CONNECTION, settings(at.host, fields));
      expectProblem(answer, 400, 'invalid_request');
      expect(answer.body.errors[0].path).toBe(path);
    }
  });

  it('builds nothing for an environment that there is none of', async () => {
    const rules = [{ branch: 'main', environment: 'nowhere' }];
    await at.subject.api('PUT', CONNECTION, settings(at.host, { rules }));
    await at.deliver(at.host.push({ after: sha(50) }, at.secret));
    await at.settle();
    const [delivery] = await at.deliveries();
    expect(delivery).toMatchObject({ state: 'failed', error: { code: 'not_found' } });
    expect(delivery.build).toBeUndefined();
    expect(at.host.statuses.at(-1)).toMatchObject({ commit: sha(50), state: 'failure' });
  });

  it('bounds what is delivered, and takes JSON alone', async () => {
    const large = { ...at.host.push({ after: sha(9) }, at.secret), body: 'x'.repeat(4 * 1024 ** 2 + 1) };
    expectProblem(await at.deliver(large), 413, 'payload_too_large');
    const form = at.host.push({ after: sha(9) }, at.secret);
    form.headers['content-type'] = 'application/x-www-form-urlencoded';
    expectProblem(await at.deliver(form), 415, 'unsupported_media_type');
  });

  it('takes nothing more once it is gone, with its service or without', async () => {
    expect((await at.subject.api('DELETE', CONNECTION)).status).toBe(204);
    expectProblem(await at.deliver(at.host.push({ after: sha(10) }, at.secret)), 401, 'unauthenticated');
    expectProblem(await at.subject.api('GET', CONNECTION), 404, 'not_found');
    const { body } = await at.subject.api('PUT', CONNECTION, settings(at.host));
    expect(body.secret).toMatch(/\S{40}/);
    expect((await at.subject.api('DELETE', SERVICE)).status).toBe(204);
    const { headers, body: sent } = at.host.push({ after: sha(11) }, body.secret);
    expectProblem(await at.subject.api('POST', `/v1/hooks/git/${body.id}`, sent, headers), 401);
    expect(await at.subject.ports.secrets.list('demo/-connections')).toEqual([]);
    expect(await at.subject.ports.secrets.list('-builds/demo')).toEqual([]);
  });
});
