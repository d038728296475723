/** Domains by the API and their pass, over records and secrets as they are; the DNS and the authority are in memory. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDomains, type RoutedDomains } from '../../../functions/adapters/router/domains.ts';
import { releaseDomains } from '../../../functions/commands/domains/domains.ts';
import { serveDomains } from '../../../functions/commands/domains/due-domains.ts';
import { domainProof } from '../../../functions/core/domains/domain-name.ts';
import {
  certificateOrdersKey,
  domainClaimKey,
  domainKey,
  eventsPartition,
} from '../../../functions/core/keys.ts';
import type { BerthEvent, Domain } from '../../../functions/core/model/index.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import { sweepDomains } from '../../../functions/sweep/domains.ts';
import { certificatesContract } from '../../contracts/certificates.ts';
import { dnsContract } from '../../contracts/dns.ts';
import { createTestAuthority, type TestAuthority } from '../../support/domains/authority.ts';
import { createTestDns, type TestDns } from '../../support/domains/dns.ts';
import { createSubject, deploy, expectProblem, type Subject, seed, setState } from '../support.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PATH = '/v1/projects/demo/environments/dev/domains';
const ref = { project: 'demo', environment: 'dev' };

let subject: Subject;
let dns: TestDns;
let authority: TestAuthority;
let served: RoutedDomains;
/** Whether the domains answer an authority. */
let leadsHere: boolean;
/** No two tests have the same. */
let name: string;
let count = 0;

beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
  await deploy(subject);
});
afterAll(() => subject.close());
beforeEach(async () => {
  name = `www${++count}.example.com`;
  dns = createTestDns();
  served = createDomains();
  leadsHere = true;
  authority = createTestAuthority({
    now: () => subject.ports.effects.now(),
    ask: async (domain, token) =>
      leadsHere ? served.find(domain)?.challenges.find((one) => one.token === token)?.answer : undefined,
  });
  subject.ports.domains = {
    dns,
    served,
    certificates: authority,
    own: ['localhost', 'apps.berth.example.net'],
    target: 'apps.berth.example.net',
  };
  await releaseDomains(subject.ports, { actor: 'berth' }, ref);
  // The budget of a week is free again.
  subject.pass(8 * DAY);
});

const add = (domain = name) => subject.api('POST', PATH, { name: domain, service: 'guestbook' });
const read = async (domain = name) => (await subject.api('GET', `${PATH}/${domain}`)).body;
const check = async (domain = name) => (await subject.api('POST', `${PATH}/${domain}/check`)).body;
const record = async (): Promise<Domain> =>
  (await subject.ports.store.get<Domain>(domainKey(ref, name)))!.data;
const prove = async (domain = name): Promise<void> =>
  void dns.texts.set(`_berth.${domain}`, [(await read(domain)).records[0].value]);
const told = async (type: string): Promise<BerthEvent[]> =>
  (await readAll<BerthEvent>(subject.ports.store, eventsPartition('demo')))
    .map(({ data }) => data)
    .filter((event) => event.type === type && (event.data as { domain: string }).domain === name);

/** Passes until nothing is due any more. */
async function settle(): Promise<void> {
  for (let passes = 0; passes < 20; passes++) {
    const { looked, errors } = await sweepDomains(subject.ports);
    expect(errors).toEqual([]);
    if (looked === 0) return;
    subject.pass(3_000);
  }
}

async function activate(): Promise<void> {
  await add();
  await prove();
  await settle();
  expect(await read()).toMatchObject({ state: 'active' });
}

certificatesContract('in memory', async () => {
  const answers = new Map<string, string>();
  const make = () => createTestAuthority({ now: Date.now, ask: async (_, token) => answers.get(token) });
  const away = make();
  away.away = true;
  return { certificates: make(), away, answers, dispose: async () => undefined };
});

dnsContract('in memory', async () => {
  const memory = createTestDns();
  memory.broken.add('broken.example.com');
  return {
    dns: memory,
    setText: async (at, ...texts) => void memory.texts.set(at, texts),
    setAlias: async (at, target) => void memory.aliases.set(at, target.toLowerCase()),
    broken: 'broken.example.com',
    dispose: async () => undefined,
  };
});

describe('A name', () => {
  it.each([
    ['*.example.com', 'wildcard'],
    ['localhost', 'belongs to this Berth'],
    ['guestbook.dev.demo.localhost', 'belongs to this Berth'],
    ['x.apps.berth.example.net', 'belongs to this Berth'],
    ['co.uk', 'public suffix'],
    ['github.io', 'public suffix'],
    ['example', 'host name'],
    ['10.0.0.1', 'address'],
    ['db.internal', 'public DNS'],
    ['a..example.com', 'host name'],
    ['-a.example.com', 'host name'],
    ['a_b.example.com', 'host name'],
    ['https://example.com/', 'host name'],
    ['user@example.com', 'host name'],
    [`${'a'.repeat(64)}.example.com`, 'host name'],
    ['a b.example.com', 'host name'],
    ['1.2.3', 'address'],
  ])('is refused with the reason: %s', async (wrong, why) => {
    const answer = await add(wrong);
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.body.detail).toContain(why);
  });

  it('has one form, whatever the form that it is given in', async () => {
    expect((await add('Bücher.Example.COM.')).body).toMatchObject({ name: 'xn--bcher-kva.example.com' });
    expectProblem(await add('xn--bcher-kva.example.com'), 409, 'already_exists');
    expectProblem(await add('BÜCHER.example.com'), 409, 'already_exists');
    expectProblem(await subject.api('GET', `${PATH}/WWW.example.com`), 400, 'invalid_request');
  });

  it('needs a service that is deployed, and a place that serves domains', async () => {
    const none = await subject.api('POST', PATH, { name, service: 'nobody' });
    expectProblem(none, 404, 'not_found');
    delete subject.ports.domains;
    const answer = await add();
    expectProblem(answer, 501, 'not_supported');
    expect(answer.body.hint).toContain('proxy');
  });
});

describe('A domain', () => {
  it('waits for its DNS, and says which record is missing and what is there now', async () => {
    const { status, body } = await add();
    expect(status).toBe(201);
    const [txt, cname] = body.records;
    expect(txt).toMatchObject({
      type: 'TXT',
      name: `_berth.${name}`,
      value: expect.stringMatching(/^berth-verify=\w{32}$/),
    });
    expect(cname).toMatchObject({
      type: 'CNAME',
      name,
      value: expect.stringMatching(/^\w{32}\.apps\.berth\.example\.net$/),
    });
    expect(body.state).toBe('waiting_for_dns');
    dns.texts.set(`_berth.${name}`, ['berth-verify=of-another', 'a\u202eb']);
    expect(await check()).toMatchObject({
      state: 'waiting_for_dns',
      message: expect.stringMatching(
        /_berth\.www.*berth-verify=.*There is "berth-verify=of-another", "a b" now/,
      ),
    });
    dns.broken.add(`_berth.${name}`);
    expect((await check()).message).toContain('could not be looked at: its name servers failed');
    expect(authority.ordered).toEqual([]);
    expect(served.find(name)).toBeUndefined();
  });

  it('is ordered a certificate once it is proven, and never before', async () => {
    await add();
    await settle();
    expect(authority.ordered).toEqual([]);
    await prove();
    expect(await check()).toMatchObject({ state: 'ordering', provenAt: expect.any(String) });
    await settle();
    expect(authority.ordered).toEqual([name]);
    const active = await read();
    expect(active).toMatchObject({
      state: 'active',
      message: expect.stringMatching(/^Active until 20/),
      certificate: { issuer: 'Test' },
    });
    const { notBefore, notAfter, renewsAt } = active.certificate;
    const left = Date.parse(notAfter) - Date.parse(renewsAt);
    expect(left).toBeCloseTo((Date.parse(notAfter) - Date.parse(notBefore)) / 3, -4);
    expect(served.find(name)).toMatchObject({ challenges: [], certificate: expect.any(String) });
    for (const type of ['domain.added', 'domain.proven', 'domain.certificate-issued'])
      expect(await told(type), type).toHaveLength(1);
  });

  it('is proven by a CNAME to a host that is its environment’s alone', async () => {
    const { body } = await add();
    dns.aliases.set(name, 'guestbook.dev.demo.apps.berth.example.net');
    expect((await check()).state).toBe('waiting_for_dns');
    dns.aliases.set(name, body.records[1].value);
    expect((await check()).state).toBe('ordering');
    expect((await told('domain.proven'))[0]).toMatchObject({ data: { by: 'CNAME' } });
  });

  it('never shows its key or its certificate, and keeps them among the secrets of its environment', async () => {
    await activate();
    const { certificate } = await record();
    const path = `demo/dev/-domains/${name}`;
    expect(await subject.ports.secrets.get(`${path}/key`, certificate!.version)).toContain('PRIVATE KEY');
    expect(await subject.ports.secrets.get(`${path}/certificate`, certificate!.version)).toContain('BEGIN');
    for (const where of [PATH, `${PATH}/${name}`, '/v1/projects/demo/events?limit=100'])
      expect((await subject.api('GET', where)).text).not.toMatch(/PRIVATE KEY|BEGIN CERT|\.account/);
    expect((await subject.api('GET', '/v1/projects/demo/environments/dev/secrets')).text).not.toContain(name);
    expectProblem(await subject.api('GET', '/v1/projects/demo/environments/dev/secrets/-domains'), 400);
  });

  it('is renewed when a third of its life is left, under a key of its own', async () => {
    await activate();
    const first = await record();
    subject.pass(59 * DAY);
    await settle();
    expect((await record()).certificate).toEqual(first.certificate);
    subject.pass(2 * DAY);
    await settle();
    const second = await record();
    expect(second.certificate?.version).not.toBe(first.certificate?.version);
    const key = (version = '') => subject.ports.secrets.get(`demo/dev/-domains/${name}/key`, version);
    expect(await key(first.certificate?.version)).toBeUndefined();
    expect(await key(second.certificate?.version)).toContain('PRIVATE KEY');
    expect(authority.ordered).toEqual([name, name]);
  });

  it('says why an order failed and when it is tried again, later each time, and at once when somebody asks', async () => {
    leadsHere = false;
    await add();
    await prove();
    await settle();
    const failing = await read();
    expect(failing).toMatchObject({
      state: 'failing',
      message: expect.stringMatching(
        /failed: The domain did not answer as it should\. It is tried again at 20/,
      ),
      failure: { cause: 'The domain did not answer as it should.' },
    });
    expect(authority.ordered).toHaveLength(1);
    const wait = Date.parse(failing.failure.retryAt) - Date.parse(failing.failure.at);
    expect(wait).toBe(HOUR);
    subject.pass(30 * MINUTE);
    await settle();
    expect(authority.ordered).toHaveLength(1);
    subject.pass(31 * MINUTE);
    await settle();
    expect(authority.ordered).toHaveLength(2);
    const { failure } = await read();
    expect(Date.parse(failure.retryAt) - Date.parse(failure.at)).toBe(2 * HOUR);
    expect(await told('domain.order-failed')).toHaveLength(2);
    // Too soon.
    leadsHere = true;
    await check();
    await settle();
    expect(authority.ordered).toHaveLength(2);
    subject.pass(15 * MINUTE);
    await check();
    await settle();
    expect(await read()).toMatchObject({ state: 'active' });
    expect((await read()).failure).toBeUndefined();
  });

  it('waits where the project has ordered as many as it may within a week', async () => {
    const { store, effects } = subject.ports;
    const at = Array.from({ length: 20 }, (_, days) =>
      new Date(effects.now() - days * 8 * HOUR).toISOString(),
    );
    await store.transact([{ put: { ...certificateOrdersKey('demo'), data: { at: at.reverse() } } }]);
    await add();
    await prove();
    await settle();
    expect(authority.ordered).toEqual([]);
    expect(await read()).toMatchObject({
      state: 'failing',
      message: expect.stringMatching(
        /as many certificates as it may within a week; the next one is ordered at 20/,
      ),
    });
    subject.pass(17 * HOUR);
    await settle();
    expect(await read()).toMatchObject({ state: 'active' });
  });

  it('is told of before its certificate ends, and when it has, where nothing renews it', async () => {
    await activate();
    authority.away = true;
    subject.pass(70 * DAY);
    await settle();
    expect(await told('domain.expiring')).toHaveLength(0);
    subject.pass(6 * DAY);
    for (let passes = 0; passes < 4; passes++) await settle();
    expect(await told('domain.expiring')).toHaveLength(1);
    subject.pass(15 * DAY);
    for (let passes = 0; passes < 4; passes++) await settle();
    expect(await told('domain.expiring')).toHaveLength(1);
    expect(await told('domain.expired')).toHaveLength(1);
    expect(await read()).toMatchObject({ state: 'failing', message: expect.stringContaining('Expired at') });
  });

  it('is served by HTTP alone, and active, where no certificates are ordered', async () => {
    delete subject.ports.domains!.certificates;
    await add();
    await prove();
    await settle();
    expect(await read()).toMatchObject({ state: 'active', message: expect.stringContaining('HTTP alone') });
    expect(served.find(name)).toMatchObject({ instance: { service: 'guestbook' } });
  });
});

describe('A proof that is gone', () => {
  it('is told of at once, ends the domain after three days, and brings it back when it is there again', async () => {
    await activate();
    const texts = dns.texts.get(`_berth.${name}`)!;
    dns.texts.clear();
    subject.pass(7 * HOUR);
    await settle();
    expect(await read()).toMatchObject({
      state: 'active',
      message: expect.stringContaining('Its proof is gone'),
    });
    expect(await told('domain.proof-missing')).toHaveLength(1);
    subject.pass(2 * DAY);
    await settle();
    expect(served.find(name)).toBeDefined();
    subject.pass(DAY);
    await settle();
    expect(await read()).toMatchObject({
      state: 'suspended',
      message: expect.stringContaining('Suspended since'),
    });
    expect(await told('domain.suspended')).toHaveLength(1);
    expect(served.find(name)).toBeUndefined();
    expect(await subject.ports.secrets.list(`demo/dev/-domains/${name}`)).toEqual([]);
    dns.texts.set(`_berth.${name}`, texts);
    await check();
    await settle();
    expect(await read()).toMatchObject({ state: 'active' });
  });

  it('is not gone because name servers do not answer', async () => {
    await activate();
    dns.broken.add(`_berth.${name}`).add(name);
    for (let days = 0; days < 5; days++) {
      subject.pass(DAY);
      await settle();
    }
    expect(await told('domain.proof-missing')).toEqual([]);
    expect(served.find(name)).toBeDefined();
  });

  it('has nothing ordered meanwhile', async () => {
    await activate();
    subject.pass(59 * DAY);
    await settle();
    dns.texts.clear();
    subject.pass(2 * DAY - HOUR);
    await settle();
    const before = authority.ordered.length;
    subject.pass(6 * HOUR);
    await settle();
    expect(authority.ordered).toHaveLength(before);
  });
});

describe('Another tenant', () => {
  const OTHER = '/v1/projects/other/environments/dev/domains';
  const theirs = async () => (await subject.api('GET', `${OTHER}/${name}`)).body;
  beforeAll(async () => {
    const { api, ports } = subject;
    await api('POST', '/v1/projects', { name: 'other' });
    await api('POST', '/v1/projects/other/services', { name: 'guestbook' });
    await api('POST', '/v1/projects/other/environments', { name: 'dev' });
    // A service that is deployed there, and the state of an environment that is ready.
    const key = { pk: 'project#other', sk: 'environment#dev' };
    const item = await ports.store.get<Record<string, unknown>>(key);
    const services = { guestbook: { newest: 1, current: 1 } };
    await ports.store.transact([{ put: { ...key, data: { ...item!.data, state: 'ready', services } } }]);
  });
  const addTheirs = () => subject.api('POST', OTHER, { name, service: 'guestbook' });

  it('adds a name that is not proven yet, and whose proof comes first holds it', async () => {
    await add();
    expect((await addTheirs()).status).toBe(201);
    const [ours, other] = [(await read()).records[0].value, (await theirs()).records[0].value];
    expect(ours).not.toBe(other);
    dns.texts.set(`_berth.${name}`, [other]);
    await check();
    expect(await read()).toMatchObject({ state: 'waiting_for_dns' });
    await settle();
    expect(await theirs()).toMatchObject({ state: 'active' });
    expect(served.find(name)?.instance.project).toBe('other');
    await subject.api('DELETE', `${OTHER}/${name}`);
  });

  it('gets none that is held, with a proof of its own either, until it is let go', async () => {
    await activate();
    await addTheirs();
    const mine = dns.texts.get(`_berth.${name}`)!;
    dns.texts.set(`_berth.${name}`, [...mine, (await theirs()).records[0].value]);
    const answer = (await subject.api('POST', `${OTHER}/${name}/check`)).body;
    expect(answer).toMatchObject({
      state: 'waiting_for_dns',
      message: expect.stringContaining('held elsewhere'),
    });
    expect(JSON.stringify(answer)).not.toContain('demo');
    expect(served.find(name)?.instance.project).toBe('demo');
    // Their leaving takes nothing from who holds it.
    await subject.api('DELETE', `${OTHER}/${name}`);
    expect(served.find(name)?.instance.project).toBe('demo');
    expect(await subject.ports.store.get(domainClaimKey(name))).toBeDefined();
    await addTheirs();
    await subject.api('DELETE', `${PATH}/${name}`);
    expect(served.find(name)).toBeUndefined();
    expect((await subject.api('POST', `${OTHER}/${name}/check`)).body.state).toBe('ordering');
    expect(served.find(name)?.instance.project).toBe('other');
    await subject.api('DELETE', `${OTHER}/${name}`);
  });

  it('an environment that has the name of an earlier one can not use what stayed in the DNS', () => {
    expect(domainProof('01A', name)).not.toBe(domainProof('01B', name));
    expect(domainProof('01A', name)).toBe(domainProof('01A', name));
  });
});

describe('What goes', () => {
  it('a domain that is removed is free, without a key, and has the same proof when it is added again', async () => {
    await activate();
    const { records } = await read();
    expect((await subject.api('DELETE', `${PATH}/${name}`)).status).toBe(204);
    expectProblem(await subject.api('GET', `${PATH}/${name}`), 404, 'not_found');
    expect(await subject.ports.store.get(domainClaimKey(name))).toBeUndefined();
    expect(await subject.ports.secrets.list('demo/dev/-domains')).toEqual([]);
    expect(await told('domain.removed')).toHaveLength(1);
    expect((await add()).body.records).toEqual(records);
  });

  it('one that is removed while its order is under way leaves no key behind', async () => {
    await add();
    await prove();
    await check();
    await sweepDomains(subject.ports);
    const { ports } = subject;
    const order = authority.order;
    authority.order = async (domain) => {
      await subject.api('DELETE', `${PATH}/${name}`);
      return order(domain);
    };
    subject.pass(3_000);
    await sweepDomains(ports);
    expect(await ports.secrets.list('demo/dev/-domains')).toEqual([]);
    expect(served.find(name)).toBeUndefined();
  });

  it('a service that goes takes its domains with it, twice as well as once', async () => {
    await activate();
    await releaseDomains(subject.ports, { actor: 'berth' }, ref, 'another');
    expect(await read()).toMatchObject({ state: 'active' });
    for (let times = 0; times < 2; times++)
      await releaseDomains(subject.ports, { actor: 'berth' }, ref, 'guestbook');
    expect((await subject.api('GET', PATH)).body.items).toEqual([]);
    expect(served.find(name)).toBeUndefined();
  });

  it('one whose environment was put in the place of its own is struck off, and its claim with it', async () => {
    await activate();
    const { store } = subject.ports;
    const item = (await store.get<Domain>(domainKey(ref, name)))!;
    const gone = { ...item.data, environmentId: '01GONE', nextAt: new Date(0).toISOString() };
    const due = { queue: 'domains', at: 0 };
    const claim = (await store.get<object>(domainClaimKey(name)))!.data;
    await store.transact([
      { put: { ...domainKey(ref, name), data: gone, due } },
      { put: { ...domainClaimKey(name), data: { ...claim, environmentId: '01GONE' } } },
    ]);
    await settle();
    expectProblem(await subject.api('GET', `${PATH}/${name}`), 404, 'not_found');
    expect(await store.get(domainClaimKey(name))).toBeUndefined();
    expect(served.find(name)).toBeUndefined();
  });

  it('nothing is added to an environment that is being destroyed', async () => {
    await setState(subject.ports, 'dev', 'destroying');
    expectProblem(await add(), 409, 'environment_not_ready');
    await setState(subject.ports, 'dev', 'ready');
  });
});

describe('After a crash', () => {
  it('the way in is told again of all that is proven, with what an order waits for', async () => {
    await activate();
    const other = createDomains();
    await serveDomains(subject.ports, { ...subject.ports.domains!, served: other });
    expect(other.find(name)).toEqual(served.find(name));
  });

  it.each(['put', 'order', 'finish'] as const)(
    'an order that was cut off at "%s" goes on, and counts once',
    async (at) => {
      await add();
      await prove();
      await check();
      const { ports } = subject;
      const target: { [key: string]: unknown } = at === 'put' ? { ...ports.secrets } : { ...authority };
      let cuts = 0;
      const cut = async (...args: unknown[]) => {
        const result = await (target[at] as (...args: unknown[]) => Promise<unknown>)(...args);
        // The effect is there, and nobody hears of it.
        if (cuts++ < 2) throw new Error('cut off');
        return result;
      };
      const secrets = ports.secrets;
      if (at === 'put') ports.secrets = { ...secrets, put: cut as typeof secrets.put };
      else ports.domains!.certificates = { ...authority, [at]: cut };
      for (let passes = 0; passes < 12; passes++) {
        await sweepDomains(ports);
        subject.pass(61_000);
      }
      ports.secrets = secrets;
      expect(await read()).toMatchObject({ state: 'active' });
      const { data } = (await ports.store.get<{ at: string[] }>({
        pk: 'certificate-orders#demo',
        sk: 'certificate-orders',
      }))!;
      expect(data.at).toHaveLength(1);
    },
  );
});
