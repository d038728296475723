import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsPartition } from '../../../functions/core/keys.ts';
import type { BerthEvent } from '../../../functions/core/model/index.ts';
import type { ShellRequest } from '../../../functions/ports/shells.ts';
import type { ExecRequest } from '../../../functions/ports/workloads.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import {
  createSubject,
  deploy,
  expectProblem,
  instancePath,
  person,
  type Subject,
  seed,
  setProcesses,
  setState,
} from '../support.ts';

const PATH = `${instancePath}/shells`;
const PROTECTION = '/v1/projects/demo/environments/dev/protection';

let subject: Subject;
const asked: ShellRequest[] = [];
const begun: ExecRequest[] = [];
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
  await deploy(subject);
});
afterAll(() => subject.close());

describe('A shell', () => {
  it('is refused for good where nothing holds connections, with what to do instead', async () => {
    const refused = await subject.api('POST', PATH, {});
    expectProblem(refused, 501, 'not_supported');
    expect(refused.body.hint).toContain('/runs');
  });

  it('is opened by a path that is kept nowhere; who opened it, and its length, are on record', async () => {
    Object.assign(subject.ports, {
      shells: {
        open(request: ShellRequest) {
          asked.push(request);
          return { path: '/v1/shells/the-key', expiresAt: '2026-01-01T00:00:00.000Z' };
        },
      },
    });
    subject.ports.workloads.exec = async (_, request) => {
      begun.push(request);
      throw new Error('not part of this test');
    };
    const opened = await subject.api(
      'POST',
      PATH,
      { command: ['ls', '-l'] },
      { 'idempotency-key': 'shell-key-1' },
    );
    expect(opened).toMatchObject({ status: 201, body: { path: '/v1/shells/the-key' } });
    asked.at(-1)?.ended({ seconds: 3, bytesIn: 5, bytesOut: 700, exitCode: 0 });
    const told = async () =>
      (await readAll<BerthEvent>(subject.ports.store, eventsPartition('demo')))
        .map(({ data }) => data)
        .filter(({ type }) => type.startsWith('shell.'));
    while ((await told()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await told()).toMatchObject([
      { type: 'shell.opened', actor: 'administrator', service: 'guestbook', data: { command: 'ls -l' } },
      {
        type: 'shell.closed',
        actor: 'administrator',
        data: { seconds: 3, bytesIn: 5, bytesOut: 700, exitCode: 0 },
      },
    ]);
    const again = await subject.api(
      'POST',
      PATH,
      { command: ['ls', '-l'] },
      { 'idempotency-key': 'shell-key-1' },
    );
    expect(again.status).toBe(201);
    expect(asked).toHaveLength(2);
  });

  it('is beside a process that there is, and the audit trail names it', async () => {
    const unknown = await subject.api('POST', PATH, { process: 'worker' });
    expectProblem(unknown, 404, 'not_found');
    expect(unknown.body.hint).toMatch(/^It has web alone\./);
    await setProcesses(subject.ports, { worker: { replicas: 1 }, clock: { replicas: 0 } });
    expect((await subject.api('POST', PATH, { process: 'worker' })).status).toBe(201);
    const [opened] = (await subject.api('GET', '/v1/projects/demo/events?type=shell.opened')).body.items;
    expect(opened.data).toEqual({ command: 'sh -i', process: 'worker' });
    await expect(asked.at(-1)?.start()).rejects.toThrow();
    expect(begun).toEqual([{ command: ['sh', '-i'], tty: false, process: 'worker' }]);
    expect((await subject.api('POST', PATH, { process: 'web' })).status).toBe(201);
    const [ofWeb] = (await subject.api('GET', '/v1/projects/demo/events?type=shell.opened')).body.items;
    expect(ofWeb.data).toEqual({ command: 'sh -i' });
    expect((await subject.api('POST', PATH, { process: 'mail' })).body.hint).toBe(
      'It has web, worker, clock.',
    );
    const none = await subject.api('POST', PATH, { process: 'clock' });
    expectProblem(none, 409, 'conflict');
    expect(none.body.hint).toContain('/scale');
  });

  it('is for maintainers, since it shows secrets', async () => {
    subject.people.set('developer', person('dev'));
    await subject.api('PUT', '/v1/projects/demo/members/user:dev', { role: 'developer' });
    expectProblem(
      await subject.api('POST', PATH, {}, { authorization: 'Bearer developer' }),
      403,
      'forbidden',
    );
  });

  it('is off in a protected environment until an administrator allows it', async () => {
    await subject.api('PUT', PROTECTION, { approval: false });
    const refused = await subject.api('POST', PATH, {});
    expectProblem(refused, 403, 'forbidden');
    expect(refused.body.hint).toContain('"shells": true');
    subject.people.set('maintainer', person('max'));
    await subject.api('PUT', '/v1/projects/demo/members/user:max', { role: 'maintainer' });
    const loosen = { approval: false, shells: true };
    expectProblem(
      await subject.api('PUT', PROTECTION, loosen, { authorization: 'Bearer maintainer' }),
      403,
      'forbidden',
    );
    expect((await subject.api('PUT', PROTECTION, loosen)).body.protection).toEqual(loosen);
    expect((await subject.api('POST', PATH, {})).status).toBe(201);
    await subject.api('DELETE', PROTECTION);
  });

  it('is asked for again with the same credentials: an end of the membership, or a protection, ends it', async () => {
    subject.people.set('leaver', person('leaver'));
    const MEMBER = '/v1/projects/demo/members/user:leaver';
    await subject.api('PUT', MEMBER, { role: 'maintainer' });
    await subject.api('POST', PATH, {}, { authorization: 'Bearer leaver' });
    const request = asked.at(-1);
    const isAllowed = () => request?.stillAllowed().catch(() => false);
    expect(request?.person).toBe('user:leaver');
    expect(await isAllowed()).toBe(true);
    await subject.api('PUT', PROTECTION, { approval: false });
    expect(await isAllowed()).toBe(false);
    await subject.api('DELETE', PROTECTION);
    expect(await isAllowed()).toBe(true);
    await subject.api('DELETE', MEMBER);
    expect(await isAllowed()).toBe(false);
  });

  it('is refused where the environment sleeps', async () => {
    await setState(subject.ports, 'dev', 'hibernated');
    expectProblem(await subject.api('POST', PATH, {}), 409, 'environment_not_ready');
  });
});
