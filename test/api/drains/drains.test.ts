/** Output leaves by log drains: over real HTTP, at least once, within bounds, to public addresses alone. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TransientError } from '../../../functions/core/problem.ts';
import { createDrainer, type Drainer } from '../../../functions/drains/drainer.ts';
import { type LineReceiver, openLineReceiver } from '../../support/drains/line-receiver.ts';
import { createSubject, expectProblem, person, type Subject } from '../support.ts';

const DRAINS = '/v1/projects/demo/drains';
let receiver: LineReceiver;
let subject: Subject;
let drainer: Drainer;
const errors: unknown[] = [];
const drainers: Drainer[] = [];

beforeAll(async () => {
  receiver = await openLineReceiver();
  subject = await createSubject({ trustedReceivers: [receiver.origin, 'http://127.0.0.1:1'] });
  for (const name of ['demo', 'other']) await subject.api('POST', '/v1/projects', { name });
});
afterAll(async () => {
  await Promise.all(drainers.map((one) => one.close()));
  receiver.close();
  await subject.close();
});

/** As a process that has just begun. */
function begin(): Drainer {
  drainer = createDrainer(subject.ports, { onError: (_, error) => errors.push(error) });
  drainers.push(drainer);
  return drainer;
}

beforeEach(async () => {
  receiver.answer = () => undefined;
  receiver.requests.length = 0;
  for (const project of ['demo', 'other']) {
    const path = `/v1/projects/${project}/drains`;
    for (const { id } of (await subject.api('GET', path)).body.items)
      await subject.api('DELETE', `${path}/${id}`);
  }
  begin();
  // What is printed at the same millisecond was printed before the next drain.
  subject.pass(10);
});

let made = 0;
/** A drain to a path of its own. */
async function create(fields: object = {}, project = 'demo') {
  const at = `/in-${++made}`;
  const { status, body, text } = await subject.api('POST', `/v1/projects/${project}/drains`, {
    url: `${receiver.origin}${at}`,
    format: 'ndjson',
    ...fields,
  });
  expect(status, text).toBe(201);
  return { at, path: `/v1/projects/${project}/drains/${body.id}`, body };
}

const print = (message: string, stream = 'demo/dev/web', fields: object = {}): void =>
  subject.ports.logs.append(stream, {
    at: new Date(subject.ports.effects.now()).toISOString(),
    message,
    source: 'stdout',
    ...fields,
  });

async function pass(): Promise<void> {
  await drainer.pass();
  await drainer.idle();
  expect(errors.splice(0)).toEqual([]);
}
const messages = (at: string) => receiver.lines(at).map(({ message }) => message);
const stateOf = async (path: string) => (await subject.api('GET', path)).body.state;

describe('Lines', () => {
  it('come once each, with what they are of, and none from before the drain', async () => {
    print('before');
    subject.pass(10);
    const { at, path } = await create({ headers: { 'X-Key': 'k3y' } });
    print('{"level":"error","message":"no"}', 'demo/dev/web', {
      source: 'stderr',
      deployment: 3,
      container: 'main',
      replica: 'web-3-0',
    });
    print('of another project', 'other/dev/web');
    await pass();
    print('second');
    await pass();
    await pass();
    expect(receiver.lines(at)).toMatchObject([
      {
        message: '{"level":"error","message":"no"}',
        level: 'error',
        stream: 'stderr',
        project: 'demo',
        environment: 'dev',
        service: 'web',
        process: 'web',
        deployment: 3,
        replica: 'web-3-0',
        container: 'main',
      },
      { message: 'second', stream: 'stdout' },
    ]);
    expect(receiver.requests[0]?.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'x-key': 'k3y',
    });
    expect(await stateOf(path)).toMatchObject({
      words: expect.stringMatching(/^2 lines were delivered, the last at \S+\.$/),
      delivered: 2,
      behind: 0,
      dropped: 0,
    });
  });

  it('of a service come in their order, also where the clock was put back between them', async () => {
    const { at } = await create();
    const times = [5000, 9000, 2000, 3000].map((ms) =>
      new Date(subject.ports.effects.now() + ms).toISOString(),
    );
    for (const [number, time] of times.entries()) print(String(number), 'demo/dev/web', { at: time });
    print('between', 'demo/dev/api', { at: times[0] });
    subject.pass(10_000);
    await pass();
    expect(messages(at).filter((text) => text !== 'between')).toEqual(['0', '1', '2', '3']);
    expect(messages(at).slice(0, 3)).toContain('between');
  });

  it('are chosen by environment, service and search', async () => {
    const filter = { environments: ['pr-*'], services: ['web'], search: '@level:>=warn' };
    const { at, path } = await create({ filter });
    for (const stream of ['demo/dev/web', 'demo/pr-1/web', 'demo/pr-1/db'])
      for (const level of ['INFO', 'ERROR']) print(`${level} ${stream}`, stream);
    await pass();
    expect(messages(at)).toEqual(['ERROR demo/pr-1/web']);
    // What a filter leaves out is not sent later either.
    await subject.api('PATCH', path, { filter: null });
    await pass();
    subject.pass(10);
    print('then');
    await pass();
    expect(messages(at)).toEqual(['ERROR demo/pr-1/web', 'then']);
  });

  it('of builds and other operations come where that is asked for', async () => {
    const [{ at }, plain] = [await create({ operations: true }), await create()];
    const { body } = await subject.api('POST', '/v1/projects/demo/environments', { name: `e${made}` });
    print('provisioned', `operations/${body.id}`, { source: 'berth' });
    await pass();
    expect(receiver.lines(at)).toMatchObject([
      { message: 'provisioned', stream: 'berth', operation: body.id, environment: `e${made}` },
    ]);
    expect(messages(plain.at)).toEqual([]);
  });

  it('that nobody has sent when the process ends come after it, those that were taken do not', async () => {
    const { at } = await create();
    print('one');
    await pass();
    print('two');
    // It is not closed: it ends as by kill -9.
    receiver.answer = () => 'later';
    void drainer.pass();
    await expect.poll(() => receiver.requests.length).toBe(2);
    receiver.answer = () => undefined;
    begin();
    print('three');
    await pass();
    expect(messages(at)).toEqual(['one', 'two', 'three']);
  });
});

describe('A receiver', () => {
  it.each([
    ['answers with 500', 500, {}, 5],
    ['answers with 429 and asks for a pause', 429, { 'retry-after': '120' }, 120],
    ['leads to an address inside', 302, { location: 'http://127.0.0.1:9/' }, 5],
  ])('that %s gets the lines again, no sooner than it may', async (_, status, headers, seconds) => {
    const { at, path } = await create();
    receiver.answer = (_request, response) => void response.writeHead(status, headers).end();
    print('kept');
    await pass();
    await pass();
    expect(receiver.requests).toHaveLength(1);
    expect(await stateOf(path)).toMatchObject({
      behind: 1,
      failure: { attempts: 1, reason: status === 302 ? 'a redirect' : `the answer has the status ${status}` },
      words: expect.stringContaining('Behind by 1 line. Not taken since'),
    });
    receiver.answer = () => undefined;
    subject.pass((seconds - 1) * 1000);
    await pass();
    expect(messages(at)).toEqual([]);
    subject.pass(2000);
    await pass();
    expect(messages(at)).toEqual(['kept']);
    expect((await stateOf(path)).failure).toBeUndefined();
  });

  it('that is away is tried for a day; then the drain is paused, with an event', async () => {
    const { path } = await create({ url: 'http://127.0.0.1:1/' });
    print('nobody hears');
    await pass();
    expect((await stateOf(path)).failure).toMatchObject({ reason: 'the connection failed' });
    subject.pass(25 * 60 * 60 * 1000);
    await pass();
    expect((await subject.api('GET', path)).body).toMatchObject({
      enabled: false,
      pausedReason: 'For 24 hours: the connection failed.',
    });
    const { items } = (await subject.api('GET', '/v1/projects/demo/events?limit=200')).body;
    expect(items.map(({ type }: { type: string }) => type)).toContain('drain.paused');
  });

  it('that hangs keeps nobody else from theirs', async () => {
    const hung = await create();
    const other = await create({}, 'other');
    receiver.answer = ({ url }) => (url === hung.at ? 'later' : undefined);
    print('waits');
    print('goes', 'other/dev/web');
    await drainer.pass();
    await expect.poll(() => messages(other.at)).toEqual(['goes']);
    print('goes on', 'other/dev/web');
    await drainer.pass();
    await expect.poll(() => messages(other.at)).toEqual(['goes', 'goes on']);
    await drainer.close();
  });

  it('that refuses a batch three times loses it, is told so, and gets what comes behind it', async () => {
    const { at, path } = await create();
    receiver.answer = (_request, response) => void response.writeHead(400).end();
    print('poison');
    for (const seconds of [0, 6, 11]) {
      subject.pass(seconds * 1000);
      await pass();
    }
    expect(await stateOf(path)).toMatchObject({ dropped: 1, behind: 0 });
    receiver.answer = () => undefined;
    subject.pass(60_000);
    print('fine');
    await pass();
    expect(receiver.lines(at)).toMatchObject([
      { stream: 'berth', dropped: 1, message: expect.stringMatching(/^1 line was dropped here/) },
      { message: 'fine' },
    ]);
  });

  it('that was away, or refused other lines, still has three attempts for those that it refuses', async () => {
    const { at, path } = await create();
    let status = 503;
    receiver.answer = (_request, response) => void response.writeHead(status).end();
    print('first');
    for (const [answered, dropped] of [
      [503, 0],
      [503, 0],
      [400, 0],
      [503, 0],
      [400, 0],
      [400, 1],
    ] as const) {
      status = answered;
      await pass();
      expect((await stateOf(path)).dropped).toBe(dropped);
      subject.pass(3_600_000);
    }
    print('second');
    for (const dropped of [1, 1, 2]) {
      await pass();
      expect((await stateOf(path)).dropped).toBe(dropped);
      subject.pass(3_600_000);
    }
    receiver.answer = () => undefined;
    print('third');
    await pass();
    expect(messages(at)).toEqual([expect.stringMatching(/^2 lines were dropped/), 'third']);
  });

  it('that is slow costs no more than 8 MiB of a log, and what is dropped is counted', async () => {
    const { at, path } = await create();
    receiver.answer = (_request, response) => void response.writeHead(503).end();
    const text = 'x'.repeat(16_000);
    for (let number = 0; number < 700; number++) {
      print(`${number} ${text}`, 'demo/dev/loud');
      if (number % 50 === 0) await subject.ports.logs.read('demo/dev/loud', { tail: 1 });
      if (number % 300 === 0) await pass();
    }
    await subject.ports.logs.read('demo/dev/loud', { tail: 1 });
    await pass();
    const { dropped, words } = await stateOf(path);
    expect(dropped).toBeGreaterThan(100);
    expect(words).toContain(`${dropped} lines were dropped`);
    receiver.answer = () => undefined;
    subject.pass(6000);
    await pass();
    const [notice, ...rest] = receiver.lines(at);
    expect(notice).toMatchObject({ dropped });
    expect(rest.map(({ message }) => Number.parseInt(message, 10))).toEqual(
      Array.from({ length: 700 - dropped }, (_, index) => dropped + index),
    );
    expect(Math.max(...receiver.requests.map(({ body }) => body.length))).toBeLessThan(400_000);
  });
});

it('A service that prints faster than can be read keeps neither other services nor the end waiting', async () => {
  const { at } = await create({}, 'other');
  receiver.answer = (_request, response) => void response.writeHead(503).end();
  print('begins', 'other/dev/flood');
  await pass();
  const flood = async (): Promise<void> => {
    for (let lines = 30; lines > 0; lines--) print('x'.repeat(16_000), 'other/dev/flood');
    await subject.ports.logs.read('other/dev/flood', { tail: 1 });
  };
  for (let chunks = 20; chunks > 0; chunks--) await flood();
  print('heard', 'other/dev/web');
  const reading = subject.ports.logs.reading!;
  const { readOn } = reading;
  try {
    reading.readOn = async (...of) => {
      if (of[0] === 'other/dev/flood') await flood();
      return readOn(...of);
    };
    receiver.answer = () => undefined;
    subject.pass(6000);
    await drainer.pass();
    await expect.poll(() => messages(at), { timeout: 10_000 }).toContain('heard');
    await drainer.close();
  } finally {
    reading.readOn = readOn;
  }
});

it.each([
  ['refuses to keep it', false],
  ['keeps it and does not answer', true],
])('What became of a batch is counted once, and told, where the store %s', async (_, keeps) => {
  const { at, path } = await create();
  const { store } = subject.ports;
  const { transact } = store;
  /** Nothing more is sent until it is kept. */
  const passWithout = async (requests: number): Promise<void> => {
    store.transact = async (writes) => {
      if (keeps) await transact(writes);
      throw new TransientError('The store is away');
    };
    for (let times = 2; times > 0; times--) {
      await drainer.pass();
      await drainer.idle();
    }
    store.transact = transact;
    expect(errors.splice(0)).toHaveLength(2);
    expect(receiver.requests).toHaveLength(requests);
  };
  print('one');
  await passWithout(1);
  print('two');
  await pass();
  expect(await stateOf(path)).toMatchObject({ delivered: 2, dropped: 0, behind: 0 });
  receiver.answer = (_request, response) => void response.writeHead(400).end();
  print('poison');
  for (const seconds of [0, 6]) {
    subject.pass(seconds * 1000);
    await pass();
  }
  subject.pass(11_000);
  await passWithout(5);
  receiver.answer = () => undefined;
  subject.pass(60_000);
  print('three');
  await pass();
  await pass();
  expect(messages(at)).toEqual(['one', 'two', expect.stringMatching(/^1 line was dropped here/), 'three']);
  expect(await stateOf(path)).toMatchObject({ delivered: 3, dropped: 1, behind: 0 });
});

it('What is printed while it is paused is not sent, and a receiver is tried at once when it goes on', async () => {
  const { at, path } = await create();
  receiver.answer = (_request, response) => void response.writeHead(500).end();
  print('kept');
  await pass();
  receiver.answer = () => undefined;
  await subject.api('PATCH', path, { enabled: true });
  await pass();
  await subject.api('PATCH', path, { enabled: false });
  print('lost');
  await pass();
  subject.pass(10);
  await subject.api('PATCH', path, { enabled: true });
  print('then');
  await pass();
  expect(messages(at)).toEqual(['kept', 'then']);
  receiver.answer = (_request, response) => void response.writeHead(500).end();
  print('away');
  await pass();
  expect((await stateOf(path)).words).toContain('sent again at');
  await subject.api('PATCH', path, { enabled: false });
  expect((await stateOf(path)).words).not.toContain('sent again');
});

describe('A drain', () => {
  it('tells neither the values of headers nor more of its address than the origin in events', async () => {
    const { path, body } = await create({ headers: { Authorization: 'Bearer s3cret' } });
    expect(body).toMatchObject({ headers: ['authorization'], operations: false });
    await subject.api('PATCH', path, {
      headers: { authorization: 'Bearer s4cret' },
      url: `${receiver.origin}/t0ken`,
    });
    const events = await subject.api('GET', '/v1/projects/demo/events?limit=200');
    const all = `${(await subject.api('GET', path)).text}${events.text}`;
    expect(all).not.toMatch(/s3cret|s4cret/);
    expect(events.text).not.toContain('t0ken');
    expect(await subject.api('POST', `${path}/test`)).toMatchObject({
      body: { delivered: true, status: 200 },
    });
    expect(receiver.requests.at(-1)?.headers.authorization).toBe('Bearer s4cret');
  });

  it('sends to public addresses by https alone, and sets its own headers alone', async () => {
    const asked = (fields: object) =>
      subject.api('POST', DRAINS, { url: 'https://logs.example.com/', format: 'otlp', ...fields });
    for (const url of [
      'http://logs.example.com/',
      'https://10.0.0.1/',
      'https://user:pass@logs.example.com/',
    ])
      expectProblem(await asked({ url }), 400, 'invalid_request');
    for (const headers of [{ Host: 'x' }, { 'content-length': '1' }, { a: 'b\r\nc: d' }, { 'a b': 'c' }])
      expectProblem(await asked({ headers }), 400, 'invalid_request');
    expectProblem(await asked({ filter: { search: '(' } }), 400, 'invalid_request');
  });

  it('is the sixth of no project, and made by maintainers', async () => {
    for (let number = 0; number < 5; number++) await create();
    const input = { url: receiver.origin, format: 'ndjson' };
    expectProblem(await subject.api('POST', DRAINS, input), 409, 'conflict');
    subject.people.set('dev', person('dev'));
    await subject.api('PUT', '/v1/projects/demo/members/user:dev', { role: 'developer' });
    const authorization = 'Bearer dev';
    expectProblem(await subject.api('POST', DRAINS, input, { authorization }), 403, 'forbidden');
    expectProblem(await subject.api('GET', DRAINS, undefined, { authorization }), 403, 'forbidden');
  });

  it('is refused where Berth does not keep the output itself', async () => {
    const { reading, ...logs } = subject.ports.logs;
    subject.ports.logs = logs;
    const answer = await subject.api('POST', DRAINS, { url: receiver.origin, format: 'ndjson' });
    subject.ports.logs = { ...logs, ...(reading && { reading }) };
    expectProblem(answer, 501, 'not_supported');
    expect(answer.body.hint).toContain('subscription filter');
  });

  it('leaves no headers where its deletion breaks off and is asked for once more', async () => {
    const { path } = await create({ headers: { 'x-api-key': 'hush' } });
    const { secrets } = subject.ports;
    const fault = vi.spyOn(secrets, 'remove').mockRejectedValueOnce(new TransientError('It went away'));
    expect((await subject.api('DELETE', path)).status).toBe(503);
    expect(await secrets.list('demo/-drains')).toHaveLength(1);
    fault.mockRestore();
    expectProblem(await subject.api('DELETE', path), 404, 'not_found');
    expect(await secrets.list('demo/-drains')).toEqual([]);
  });
});
