/** What a place guarantees whose way in serves domains of customers: with a whole Berth, and an authority that asks the domain itself. */
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../support/client.ts';
import { eventually } from './workloads/workloads-spec.ts';

const PROJECT = '/v1/projects/demo';
const ENVIRONMENT = `${PROJECT}/environments/dev`;

export interface DomainAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface DomainsSubject {
  berth(): ApiClient;
  /** Of the project `demo`: the service `web` in the environment `dev` has a version that answers with that text. */
  deploy(text: string): Promise<void>;
  domain: string;
  setText(name: string, text: string): Promise<void>;
  /** By HTTPS, whose certificate has to be the authority's, or by HTTP. */
  ask(path?: string, isSecure?: boolean): Promise<DomainAnswer>;
  /** Where HTTPS of the domain is, such as `https://shop.example.com:4643`. */
  origin(): string;
  restart(): Promise<void>;
  /** What the way in has of domains, each in words; none where it has nothing. */
  left(): Promise<string[]>;
  close(): Promise<void>;
}

export function domainsContract(name: string, makeSubject: () => Promise<DomainsSubject>): void {
  describe(`Domains contract: ${name}`, () => {
    let subject: DomainsSubject;
    beforeAll(async () => {
      subject = await makeSubject();
      const berth = subject.berth();
      await berth.api('POST', '/v1/projects', { name: 'demo' });
      await berth.api('POST', `${PROJECT}/services`, { name: 'web' });
      await berth.operation('POST', `${PROJECT}/environments`, { name: 'dev' });
      await subject.deploy('one');
    }, 2_400_000);
    afterAll(() => subject?.close());

    const add = () =>
      subject.berth().api('POST', `${ENVIRONMENT}/domains`, { name: subject.domain, service: 'web' });
    const untilActive = async () =>
      eventually(
        async () => (await subject.berth().api('GET', `${ENVIRONMENT}/domains/${subject.domain}`)).body,
        ({ state }) => state === 'active',
        90_000,
      );
    /** Each process of the way in hears of it by itself. */
    const untilAll = (isRight: (answer: DomainAnswer) => boolean, path = '/', isSecure = true) =>
      eventually(
        () =>
          Promise.all(
            Array.from({ length: 10 }, () => subject.ask(path, isSecure).catch((error: Error) => error)),
          ),
        (answers) => answers.every((answer) => !(answer instanceof Error) && isRight(answer)),
        30_000,
      );
    const isNobodys = () =>
      eventually(
        () => subject.ask().then(String, (error: Error) => error),
        (answer) => answer instanceof Error,
        30_000,
      );

    it('is served by HTTPS once its DNS proves it, and HTTP leads there', async () => {
      const added = (await add()).body;
      expect(added.state).toBe('waiting_for_dns');
      expect(await subject.left()).toEqual([]);
      expect((await subject.ask('/', false)).body).not.toBe('one');
      const [{ name: record, value }] = added.records;
      await subject.setText(record, value);
      await subject.berth().api('POST', `${ENVIRONMENT}/domains/${subject.domain}/check`);
      expect((await untilActive()).certificate.issuer).toMatch(/Pebble/);
      await untilAll(({ status, body }) => status === 200 && body === 'one');
      const isLed = ({ status, headers }: DomainAnswer) =>
        [301, 308].includes(status) && new URL(headers.location ?? '').href === `${subject.origin()}/a?b=c`;
      await untilAll(isLed, '/a?b=c', false);
      await untilAll(({ status }) => [301, 308].includes(status), '/.well-known/acme-challenge/none', false);
    });

    it('tells the workload that it was HTTPS', async () => {
      const raw = JSON.parse((await subject.ask('/headers')).body) as string[];
      const of = (field: string) => raw[raw.findIndex((text) => text.toLowerCase() === field) + 1];
      expect(of('x-forwarded-proto')).toBe('https');
      expect(of('x-forwarded-host')).toBe(new URL(subject.origin()).host);
    });

    it('goes over from version to version without a lost request', async () => {
      let isRunning = true;
      const lost: string[] = [];
      const load = (async () => {
        while (isRunning)
          await subject.ask().then(
            ({ status }) => status === 200 || lost.push(String(status)),
            (error: Error) => lost.push(error.message),
          );
      })();
      await subject.deploy('two');
      await untilAll(({ body }) => body === 'two');
      isRunning = false;
      await load;
      expect(lost).toEqual([]);
    });

    it('wakes its environment', async () => {
      await subject.berth().operation('POST', `${ENVIRONMENT}/hibernate`);
      expect(await subject.ask()).toMatchObject({ status: 200, body: 'two' });
      await eventually(
        async () => (await subject.berth().api('GET', ENVIRONMENT)).body,
        ({ state }) => state === 'ready',
        60_000,
      );
    });

    it('is there again after a restart, without another order', async () => {
      const { certificate } = await untilActive();
      await subject.restart();
      await untilAll(({ status, body }) => status === 200 && body === 'two');
      expect((await untilActive()).certificate).toEqual(certificate);
    });

    it('is nobody’s once it is removed, and nothing of it stays', async () => {
      await subject.berth().api('DELETE', `${ENVIRONMENT}/domains/${subject.domain}`);
      await eventually(subject.left, (left) => left.length === 0, 30_000);
      await isNobodys();
    });

    it('goes with its environment', async () => {
      await add();
      await untilActive();
      const { status } = await subject.berth().operation('DELETE', ENVIRONMENT);
      expect(status).toBe('succeeded');
      await eventually(subject.left, (left) => left.length === 0, 60_000);
      await isNobodys();
    });
  });
}
