/** The forms of events for chats and pagers. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSmtpMail } from '../../../functions/adapters/outgoing/smtp.ts';
import type { EventFields } from '../../../functions/core/model/index.ts';
import { commit } from '../../../functions/records/commit.ts';
import { createDeliverer } from '../../../functions/webhooks/deliver.ts';
import { openMailServer } from '../../support/mail/mail-server.ts';
import { openReceiver, type Receiver } from '../../support/receiver.ts';
import { createSubject, expectProblem, type Subject, seed } from '../support.ts';

const WEBHOOKS = '/v1/projects/demo/webhooks';
const KEY = 'R0123456789ABCDEF0123456789ABCDE';
const alert = { alert: 'a1', rule: 'error-rate', subject: 'guestbook' };
const fired = {
  ...alert,
  kind: 'error-rate',
  cause: '30 % of 100 requests <!channel> [x](https://evil.example)',
  figures: { requests: 100 },
  firedAt: '2026-01-01T00:00:00.000Z',
  deployment: {
    service: 'guestbook',
    number: 3,
    version: 'v3',
    at: '2026-01-01T00:00:00.000Z',
    by: 'user:ada',
  },
  next: 'berth rollback -p demo -e dev -s guestbook',
};

let receiver: Receiver;
let subject: Subject;
beforeAll(async () => {
  receiver = await openReceiver();
});
afterAll(() => receiver.close());
beforeEach(async () => {
  receiver.received.length = 0;
  subject = await createSubject({ trustedReceivers: [receiver.origin] });
  await seed(subject);
  return () => subject.close();
});

const make = (body: object) => subject.api('POST', WEBHOOKS, { url: `${receiver.origin}/hook`, ...body });

async function tell(...more: EventFields[]): Promise<any[]> {
  const at = { project: 'demo', environment: 'dev', service: 'guestbook' };
  const events = [
    { ...at, type: 'alert.fired' as const, data: fired },
    { ...at, type: 'alert.acknowledged' as const, data: alert },
    {
      ...at,
      type: 'alert.resolved' as const,
      data: { ...alert, firedAt: fired.firedAt, end: 'cleared' as const },
    },
    { project: 'demo', type: 'project.changed' as const, data: { changes: {} } },
    ...more,
  ];
  await commit(subject.ports, { actor: 'berth' }, { writes: [], events });
  const errors: unknown[] = [];
  const deliverer = createDeliverer(subject.ports, {
    alone: true,
    onError: (_, error) => errors.push(error),
  });
  await deliverer.pass();
  await deliverer.idle();
  await deliverer.close();
  expect(errors).toEqual([]);
  return receiver.received.map(({ event }) => event);
}

describe('A webhook', () => {
  it('for Slack sends text in which nothing is a link or a mention', async () => {
    const made = await make({ format: 'slack', types: ['alert'] });
    expect(made.body).toMatchObject({ format: 'slack' });
    const [first, , last, ...rest] = await tell();
    expect(rest).toEqual([]);
    const lines = first.text.split('\n');
    expect(Object.keys(first)).toEqual(['text']);
    expect(lines[0]).toBe(
      'Alert error-rate on guestbook in dev: 30 % of 100 requests &lt;!channel&gt; [x](https://evil.example)',
    );
    expect(lines[1]).toBe('Deployment 3 (v3) by user:ada began at 2026-01-01T00:00:00.000Z');
    expect(lines.at(-1)).toBe('`berth rollback -p demo -e dev -s guestbook`');
    expect(last.text).toMatch(/^Alert error-rate on guestbook in dev is over\n/);
  });

  it('for a chat sends who used an environment last that expires, and what lets it stay', async () => {
    await make({ format: 'slack', types: ['environment'] });
    const { deployment } = fired;
    const [first, ...rest] = await tell({
      project: 'demo',
      environment: 'pr-7',
      type: 'environment.expiring',
      data: {
        expiresAt: '2026-01-02T00:00:00.000Z',
        left: '24 h',
        cause: 'last request 6 h ago, last deployment 2 d ago by user:ada',
        deployment,
        next: 'berth env extend -p demo pr-7 --by 1d',
      },
    });
    expect(rest).toEqual([]);
    expect(first.text.split('\n')).toEqual([
      'Environment pr-7 expires in 24 h: last request 6 h ago, last deployment 2 d ago by user:ada',
      'Deployment 3 (v3) by user:ada began at 2026-01-01T00:00:00.000Z',
      expect.stringMatching(/^Project demo, /),
      '`berth env extend -p demo pr-7 --by 1d`',
    ]);
  });

  it('for Teams sends an Adaptive Card of runs of text', async () => {
    await make({ format: 'teams', types: ['alert.fired'] });
    const [message] = await tell();
    expect(message.type).toBe('message');
    const [{ contentType, content }] = message.attachments;
    expect(contentType).toBe('application/vnd.microsoft.card.adaptive');
    expect(content).toMatchObject({ type: 'AdaptiveCard', version: '1.4' });
    expect(content.body.every(({ type }: any) => type === 'RichTextBlock')).toBe(true);
    expect(content.body[0].inlines[0].text).toContain('[x](https://evil.example)');
    expect(content.body.at(-1).inlines[0]).toMatchObject({ text: fired.next, fontType: 'Monospace' });
  });

  it('for PagerDuty triggers, acknowledges and resolves one incident, and sends nothing but alerts', async () => {
    await make({ format: 'pagerduty', url: `${receiver.origin}/v2/enqueue#${KEY}` });
    const sent = await tell();
    expect(sent.map(({ event_action }) => event_action)).toEqual(['trigger', 'acknowledge', 'resolve']);
    expect(new Set(sent.map(({ dedup_key }) => dedup_key)).size).toBe(1);
    expect(sent[0]).toMatchObject({
      routing_key: KEY,
      payload: {
        source: 'demo/dev',
        severity: 'error',
        component: 'guestbook',
        class: 'error-rate',
        custom_details: { figures: { requests: 100 }, next: fired.next },
      },
    });
    expect(receiver.received[0]!.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('for PagerDuty needs a key, its test calls nobody, and no event has the key', async () => {
    expectProblem(await make({ format: 'pagerduty' }), 400, 'invalid_request');
    expectProblem(await make({ url: `${receiver.origin}/hook#${KEY}` }), 400, 'invalid_request');
    expectProblem(await make({ format: 'irc' }), 400, 'invalid_request');
    const { body } = await make({ format: 'pagerduty', url: `${receiver.origin}/v2/enqueue#${KEY}` });
    const tested = await subject.api('POST', `${WEBHOOKS}/${body.id}/test`);
    expect(tested.body).toMatchObject({ delivered: true });
    expect(receiver.received[0]!.event.event_action).toBe('resolve');
    const path = `${WEBHOOKS}/${body.id}`;
    expectProblem(await subject.api('PATCH', path, { url: `${receiver.origin}/v2/enqueue` }), 400);
    expect((await subject.api('PATCH', path, { url: `${receiver.origin}/v2/enqueue#${KEY}` })).status).toBe(
      200,
    );
    expect((await subject.api('GET', '/v1/projects/demo/events')).text).not.toContain(KEY);
  });

  it('for e-mail writes to one mailbox of an allowed domain, the messages of one alert in one thread', async () => {
    const server = await openMailServer();
    subject.ports.mail = createSmtpMail({ url: server.url, from: 'berth@example.com', domains: [] });
    const email = { format: 'email', url: 'mailto:team@example.com', types: ['alert'] };
    const { body } = await make(email);
    await tell();
    expect(server.taken.map(({ to }) => to)).toEqual(Array(3).fill(['team@example.com']));
    expect(server.taken[0]).toMatchObject({
      subject:
        '[demo] Alert error-rate on guestbook in dev: 30 % of 100 requests <!channel> [x](https://evil.example)',
      text: expect.stringContaining(fired.next),
    });
    for (const { raw } of server.taken) expect(raw).toContain('References: <alert-a1@example.com>');
    const tested = await subject.api('POST', `${WEBHOOKS}/${body.id}/test`);
    expect(tested.body).toEqual({ delivered: true });
    expect(server.taken.at(-1)?.subject).toBe('[demo] This is a test from Berth');
    expect((await subject.api('GET', '/v1/projects/demo/events')).text).not.toContain('team@');
    for (const wrong of [
      { ...email, url: 'mailto:team@evil.example' },
      { ...email, url: 'mailto:team@example.com?cc=all@example.com' },
      { ...email, url: `${receiver.origin}/hook` },
      { format: 'email', url: email.url },
      { url: email.url },
    ])
      expectProblem(await make(wrong), 400, 'invalid_request');
    await server.close();
  });

  it('for e-mail is refused where there is no mail server', async () => {
    const email = { format: 'email', url: 'mailto:team@example.com', types: ['alert'] };
    expectProblem(await make(email), 400, 'invalid_request');
  });
});
