/** Events leave by webhooks: over real HTTP, signed, in order, at least once, to public addresses alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { GIVE_UP_MS } from '../../../functions/core/events/webhook-message.ts';
import { TransientError } from '../../../functions/core/problem.ts';
import { createDeliverer, type Deliverer } from '../../../functions/webhooks/deliver.ts';
import { codeBlocks, readDoc } from '../../docs/markdown.ts';
import { isSigned, openReceiver, type Receiver } from '../../support/receiver.ts';
import { createSubject, expectProblem, type Subject } from '../support.ts';

const WEBHOOKS = '/v1/projects/demo/webhooks';
let receiver: Receiver;
let subject: Subject;
const errors: unknown[] = [];

beforeAll(async () => {
  receiver = await openReceiver();
  subject = await createSubject({ trustedReceivers: [receiver.origin] });
  await subject.api('POST', '/v1/projects', { name: 'demo' });
});
afterAll(async () => {
  receiver.close();
  await subject.close();
});
beforeEach(async () => {
  receiver.behave(undefined);
  receiver.received.length = 0;
  const { body } = await subject.api('GET', WEBHOOKS);
  for (const { id } of body.items) await subject.api('DELETE', `${WEBHOOKS}/${id}`);
});

const deliverer = (): Deliverer =>
  createDeliverer(subject.ports, { onError: (_, error) => errors.push(error) });

/** Makes one pass, and gives its outcome. */
async function deliver(by = deliverer()): Promise<void> {
  await by.pass();
  await by.idle();
  expect(errors).toEqual([]);
}

async function create(fields: object = {}): Promise<{ id: string; secret: string; path: string }> {
  const { status, body, text } = await subject.api('POST', WEBHOOKS, {
    url: `${receiver.origin}/in`,
    ...fields,
  });
  expect(status, text).toBe(201);
  return { id: body.id, secret: body.secret, path: `${WEBHOOKS}/${body.id}` };
}

let made = 0;
/** Something happens. */
const happen = async (): Promise<string> => {
  const name = `service-${++made}`;
  expect((await subject.api('POST', '/v1/projects/demo/services', { name })).status).toBe(201);
  return name;
};

const types = (): string[] => receiver.received.map(({ event }) => event.type);
const numbers = (): number[] => receiver.received.map(({ event }) => Number(event.id));
const read = async (path: string) => (await subject.api('GET', path)).body;
const audit = async () => (await subject.api('GET', '/v1/projects/demo/events?limit=200')).body.items;

describe('A type of event that there is none of', () => {
  it.each([
    ['deployment.faild', 'did you mean deployment.failed?'],
    ['deployments', 'did you mean deployment?'],
    ['zebra', 'see docs/reference/events.md'],
  ])('is refused at once, with the nearest one: %s', async (type, hint) => {
    const { path } = await create({ types: ['deployment'] });
    const url = `${receiver.origin}/in`;
    for (const answer of [
      await subject.api('POST', WEBHOOKS, { url, types: ['build', type] }),
      await subject.api('PATCH', path, { types: ['build', type] }),
    ]) {
      expectProblem(answer, 400, 'invalid_request');
      expect(answer.body.errors).toMatchObject([
        { path: 'body.types[1]', message: expect.stringContaining(hint) },
      ]);
    }
  });
});

describe('What is delivered', () => {
  it('is a CloudEvent, signed, whose secret was shown once', async () => {
    const { secret, path } = await create({ description: 'Chat' });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const service = await happen();
    await deliver();
    expect(types()).toEqual(['dev.berth.webhook.created', 'dev.berth.service.created']);
    const [, message] = receiver.received;
    const [newest] = await audit();
    expect(message!.event).toMatchObject({
      specversion: '1.0',
      id: newest.id,
      source: '/v1/projects/demo',
      type: 'dev.berth.service.created',
      time: newest.at,
      subject: `services/${service}`,
      datacontenttype: 'application/json',
      data: { actor: 'administrator', service, hash: newest.hash },
    });
    expect(message!.event.data).not.toHaveProperty('from');
    expect(message!.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(message!.headers).not.toHaveProperty('authorization');
    for (const one of receiver.received) {
      expect(isSigned(one, secret)).toBe(true);
      expect(isSigned({ ...one, body: one.body.replace('demo', 'dema') }, secret)).toBe(false);
      expect(isSigned(one, `whsec_${Buffer.from('another').toString('base64')}`)).toBe(false);
    }
    expect(await read(path)).toMatchObject({
      description: 'Chat',
      delivered: Number(newest.id),
      enabled: true,
    });
    await deliver();
    expect(receiver.received).toHaveLength(2);
  });

  it('is what was asked for, and what is not is passed over', async () => {
    const { path } = await create({ types: ['project', 'service.deleted'] });
    const service = await happen();
    await subject.api('DELETE', `/v1/projects/demo/services/${service}`);
    await subject.api('PATCH', '/v1/projects/demo', { displayName: 'Demo' });
    await happen();
    await deliver();
    expect(types()).toEqual(['dev.berth.service.deleted', 'dev.berth.project.changed']);
    expect((await read(path)).delivered).toBe(Number((await audit())[0].id));
  });

  it('is signed by both secrets for a day after a rotation', async () => {
    const before = await create();
    const rotated = await subject.api('POST', `${before.path}/rotate`);
    expect(rotated.body.secret).not.toBe(before.secret);
    await deliver();
    const last = () => receiver.received.at(-1)!;
    const now = () => subject.ports.effects.now();
    expect(isSigned(last(), before.secret, now()) && isSigned(last(), rotated.body.secret, now())).toBe(true);
    subject.pass(24 * 60 * 60 * 1000 + 1);
    await happen();
    await deliver();
    expect(isSigned(last(), rotated.body.secret, now())).toBe(true);
    expect(isSigned(last(), before.secret, now())).toBe(false);
  });

  it('holds no secret anywhere but in the one answer', async () => {
    const key = { 'idempotency-key': 'webhook-1' };
    const body = { url: `${receiver.origin}/in/url-canary` };
    const first = await subject.api('POST', WEBHOOKS, body, key);
    const again = await subject.api('POST', WEBHOOKS, body, key);
    expect(again.body.id).toBe(first.body.id);
    expect(again.body).not.toHaveProperty('secret');
    const path = `${WEBHOOKS}/${first.body.id}`;
    const rotated = await subject.api('POST', `${path}/rotate`);
    await subject.api('PATCH', path, { url: `${receiver.origin}/in/url-canary-2` });
    receiver.behave(() => (_, response) => void response.writeHead(500).end());
    await deliver();
    const shown = [
      (await subject.api('GET', path)).text,
      (await subject.api('GET', WEBHOOKS)).text,
      (await subject.api('POST', `${path}/test`)).text,
      JSON.stringify(receiver.received),
      ...['berth.db', 'berth.db-wal', 'secrets'].map((file) =>
        readFileSync(join(subject.directory, file), 'latin1'),
      ),
    ].join('\n');
    for (const { secret } of [first.body, rotated.body] as { secret: string }[]) {
      const bare = secret.slice('whsec_'.length);
      for (const form of [bare, encodeURIComponent(bare), Buffer.from(bare, 'base64').toString('hex')])
        expect(shown.includes(form)).toBe(false);
    }
    expect(JSON.stringify([await audit(), receiver.received.map((one) => one.event)])).not.toContain(
      'url-canary',
    );
  });
});

describe('The check in docs/how-to/receive-events.md', () => {
  it('takes what Berth sent, and neither another body nor what is old', async () => {
    const [block] = codeBlocks(readDoc('docs/how-to/receive-events.md')).filter(
      ({ language }) => language === 'js',
    );
    const { isFromBerth } = await import(`data:text/javascript,${encodeURIComponent(block!.text)}`);
    const { secret } = await create();
    await deliver();
    const { headers, body } = receiver.received[0]!;
    const now = subject.ports.effects.now();
    expect(isFromBerth(headers, body, secret, now)).toBe(true);
    expect(isFromBerth(headers, `${body} `, secret, now)).toBe(false);
    expect(isFromBerth(headers, body, `whsec_${'A'.repeat(43)}=`, now)).toBe(false);
    expect(isFromBerth(headers, body, secret, now + 600_000)).toBe(false);
    expect(isFromBerth({ ...headers, 'webhook-timestamp': undefined }, body, secret, now)).toBe(false);
  });
});

describe('A receiver', () => {
  const faults = {
    'answers 500': (_: unknown, response: { writeHead(status: number): { end(): void } }) =>
      response.writeHead(500).end(),
    'answers with a redirect': (_: unknown, response: { writeHead(s: number, h: object): { end(): void } }) =>
      response.writeHead(302, { location: `${receiver.origin}/elsewhere` }).end(),
    'resets the connection': (request: { socket: { resetAndDestroy(): void } }) =>
      request.socket.resetAndDestroy(),
  };

  it.each(Object.entries(faults))(
    'that %s gets the event again, before those behind it',
    async (_, fault) => {
      const { path, secret } = await create({ types: ['service'] });
      await happen();
      await happen();
      let left = 2;
      receiver.behave(() => (left-- > 0 ? (fault as never) : undefined));
      await deliver();
      expect(await read(path)).toMatchObject({
        failure: { attempts: 1, reason: expect.stringMatching(/\S/) },
      });
      await deliver();
      expect(receiver.received).toHaveLength(1);
      subject.pass(5_000);
      await deliver();
      expect(await read(path)).toMatchObject({ failure: { attempts: 2 } });
      subject.pass(10_000);
      await deliver();
      const [first, second, third, behind] = receiver.received;
      expect(numbers()).toEqual([first, first, first, behind].map((one) => Number(one!.event.id)));
      expect(Number(behind!.event.id)).toBe(Number(first!.event.id) + 1);
      expect(new Set([first, second, third].map((one) => one!.headers['webhook-id'])).size).toBe(1);
      expect(new Set([first, second, third].map((one) => one!.body)).size).toBe(1);
      expect(isSigned(third!, secret, subject.ports.effects.now())).toBe(true);
      expect(await read(path)).not.toHaveProperty('failure');
    },
  );

  it('that does not answer, or without end, keeps nobody else waiting', async () => {
    const [silent, endless, quick] = await Promise.all(
      ['silent', 'endless', 'quick'].map((name) =>
        create({ url: `${receiver.origin}/${name}`, types: ['service'] }),
      ),
    );
    receiver.behave(() => (request, response) => {
      if (request.url === '/endless') {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'.repeat(1000)), 1);
        response.on('close', () => clearInterval(timer));
      } else if (request.url === '/quick') response.writeHead(204).end();
    });
    await happen();
    await happen();
    const by = deliverer();
    await by.pass();
    const newest = Number((await audit())[0].id);
    await expect.poll(async () => (await read(quick!.path)).delivered).toBe(newest);
    await expect.poll(async () => (await read(endless!.path)).delivered).toBe(newest);
    // Broken off by ourselves it is no failure of the receiver, and is sent again.
    await by.close();
    const left = await read(silent!.path);
    expect(left.delivered).toBeLessThan(newest);
    expect(left).not.toHaveProperty('failure');
    expect(errors).toEqual([]);
  });

  it('that takes nothing for 24 hours is given up with an event, and goes on where it was once enabled', async () => {
    const { path } = await create({ types: ['service'] });
    await happen();
    receiver.behave(() => (_, response) => void response.writeHead(503).end());
    let passes = 0;
    const started = subject.ports.effects.now();
    while ((await read(path)).enabled) {
      await deliver();
      const { failure } = await read(path);
      if (failure) subject.pass(Math.max(0, Date.parse(failure.nextAt) - subject.ports.effects.now()));
      expect(++passes).toBeLessThan(60);
    }
    expect(subject.ports.effects.now() - started).toBeGreaterThanOrEqual(GIVE_UP_MS);
    expect(subject.ports.effects.now() - started).toBeLessThan(GIVE_UP_MS + 60 * 60 * 1000);
    const [event] = await audit();
    expect(event).toMatchObject({
      type: 'webhook.disabled',
      actor: 'berth',
      data: { origin: receiver.origin },
    });
    const sent = receiver.received.length;
    receiver.behave(undefined);
    await happen();
    subject.pass(GIVE_UP_MS);
    await deliver();
    expect(receiver.received).toHaveLength(sent);
    expect((await subject.api('PATCH', path, { enabled: true })).body).toMatchObject({ enabled: true });
    await deliver();
    expect(numbers().slice(sent)).toEqual([numbers()[0], Number((await audit())[1].id)]);
    expect(await read(path)).not.toHaveProperty('disabledReason');
  });

  it('gets nothing more once its webhook is deleted, or disabled, in the middle', async () => {
    for (const end of [
      (path: string) => subject.api('DELETE', path),
      (path: string) => subject.api('PATCH', path, { enabled: false }),
    ]) {
      const { path } = await create({ types: ['service'] });
      for (let count = 0; count < 5; count++) await happen();
      receiver.received.length = 0;
      receiver.behave(() => (_, response) => {
        void end(path).then(() => response.writeHead(204).end());
        receiver.behave(undefined);
      });
      await deliver();
      await deliver();
      expect(receiver.received).toHaveLength(1);
    }
  });

  it('is delivered to by one of two processes at a time', async () => {
    await create({ types: ['service'] });
    for (let count = 0; count < 10; count++) await happen();
    await Promise.all([deliver(), deliver(), deliver()]);
    await deliver();
    expect(numbers()).toEqual([...new Set(numbers())].sort((a, b) => a - b));
    expect(receiver.received).toHaveLength(10);
  });
});

describe('A test', () => {
  it('is sent at once, and tells what came of it', async () => {
    const { path, secret } = await create({ types: ['member'] });
    const answer = await subject.api('POST', `${path}/test`);
    expect(answer.body).toEqual({ delivered: true, status: 204 });
    expect(types()).toEqual(['dev.berth.webhook.test']);
    expect(isSigned(receiver.received[0]!, secret, subject.ports.effects.now())).toBe(true);
    receiver.behave(() => (_, response) => void response.writeHead(404).end('a secret of the receiver'));
    const failed = await subject.api('POST', `${path}/test`);
    expect(failed.body).toMatchObject({ delivered: false, status: 404 });
    expect(failed.text).not.toContain('a secret of');
    expect((await audit())[0]).toMatchObject({
      type: 'webhook.tested',
      data: { delivered: false, status: 404 },
    });
  });
});

describe('An address', () => {
  it.each([
    'not a url',
    'http://example.com/in',
    'ftp://example.com/in',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://user:password@example.com/in',
    'https://example.com/in#fragment',
    'https://127.0.0.1/in',
    'https://127.1/in',
    'https://2130706433/in',
    'https://0x7f.1/in',
    'https://[::1]/in',
    'https://[::ffff:127.0.0.1]/in',
    'https://[::ffff:a9fe:a9fe]/latest/meta-data',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00:ec2::254]/latest/meta-data',
    'https://10.0.0.1/in',
    'https://192.168.0.1/in',
    'https://100.64.0.1/in',
    'https://[64:ff9b::7f00:1]/in',
    'https://0.0.0.0/in',
    `https://example.com/${'x'.repeat(2000)}`,
  ])('%s is refused, at first and later', async (url) => {
    expectProblem(await subject.api('POST', WEBHOOKS, { url }), 400, 'invalid_request');
    const { path } = await create();
    expectProblem(await subject.api('PATCH', path, { url }), 400, 'invalid_request');
    expect((await read(path)).url).toBe(`${receiver.origin}/in`);
  });
});

describe('Webhooks', () => {
  it('are ten a project, change with If-Match, and go with their project', async () => {
    await subject.api('POST', '/v1/projects', { name: 'short' });
    const at = '/v1/projects/short/webhooks';
    for (let count = 0; count < 10; count++)
      expect((await subject.api('POST', at, { url: receiver.origin })).status).toBe(201);
    expectProblem(await subject.api('POST', at, { url: receiver.origin }), 409, 'conflict');
    const { id } = (await read(at)).items[0];
    const stale = await subject.api('PATCH', `${at}/${id}`, { description: 'x' }, { 'if-match': '"7"' });
    expectProblem(stale, 412);
    expect((await subject.api('DELETE', '/v1/projects/short')).status).toBe(204);
    await subject.api('POST', '/v1/projects', { name: 'short' });
    expect((await read(at)).items).toEqual([]);
    expect(await subject.ports.secrets.list('short')).toEqual([]);
    await deliver();
    expect(receiver.received).toEqual([]);
  });

  it('leave no secret where their deletion breaks off and is asked for once more', async () => {
    const { path } = await create();
    const { secrets } = subject.ports;
    const fault = vi.spyOn(secrets, 'remove').mockRejectedValueOnce(new TransientError('It went away'));
    expect((await subject.api('DELETE', path)).status).toBe(503);
    expect(await secrets.list('demo/-webhooks')).toHaveLength(1);
    fault.mockRestore();
    expectProblem(await subject.api('DELETE', path), 404, 'not_found');
    expect(await secrets.list('demo/-webhooks')).toEqual([]);
  });
});
