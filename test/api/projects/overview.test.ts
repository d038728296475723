import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStream } from '../stream-client.ts';
import { createSubject, deploy, expectProblem, type Subject, seed, setState } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const path = '/v1/projects/demo/overview';

describe('The overview of a project', () => {
  it('shows what each service does in each environment', async () => {
    await deploy(subject);
    await deploy(subject, 'failed');
    await subject.api('POST', '/v1/projects/demo/services', { name: 'web' });
    await subject.api('POST', '/v1/projects/demo/environments', { name: 'staging' });
    const { status, body } = await subject.api('GET', path);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      project: 'demo',
      services: [{ name: 'guestbook' }, { name: 'web' }],
      environments: [
        { name: 'dev', state: 'ready' },
        { name: 'staging', state: 'provisioning' },
      ],
      truncated: false,
    });
    expect(body.instances).toHaveLength(1);
    expect(body.instances[0]).toMatchObject({
      environment: 'dev',
      service: 'guestbook',
      state: 'serving',
      health: 'healthy',
      url: 'http://guestbook.dev.demo.localhost:4600',
      current: { number: 1, status: 'succeeded', revision: { tag: 'v1' }, createdBy: 'administrator' },
      newest: { number: 2, status: 'failed' },
    });
  });

  it('is read in few requests, and asks nothing of what sleeps', async () => {
    await deploy(subject);
    await setState(subject.ports, 'dev', 'hibernated');
    const { store, workloads } = subject.ports;
    const calls: string[] = [];
    for (const name of ['get', 'getMany', 'query'] as const) {
      const original = store[name].bind(store) as (...args: unknown[]) => never;
      store[name] = ((...args: unknown[]) => {
        calls.push(name);
        return original(...args);
      }) as never;
    }
    workloads.status = async () => {
      throw new Error('asked');
    };
    const { body } = await subject.api('GET', path);
    expect(body.instances[0]).toMatchObject({ state: 'stopped', health: 'stopped' });
    expect(calls.sort()).toEqual(['get', 'getMany', 'query', 'query']);
  });

  it('shows what can not be asked as unknown', async () => {
    await deploy(subject);
    subject.ports.workloads.status = async () => {
      throw new Error('The cluster can not be reached');
    };
    expect((await subject.api('GET', path)).body.instances[0].health).toBe('unknown');
  });

  it('is none of a project that is not there', async () => {
    expectProblem(await subject.api('GET', '/v1/projects/none/overview'), 404, 'not_found');
    const headers = { accept: 'text/event-stream' };
    expectProblem(
      await subject.api('GET', '/v1/projects/none/overview', undefined, headers),
      404,
      'not_found',
    );
  });
});

describe('The stream of an overview', () => {
  it('starts with all of it, then tells what is new, different and gone', async () => {
    const stream = await openStream(subject, path);
    expect(await stream.next()).toMatchObject({
      event: 'overview',
      data: { instances: [], truncated: false },
    });
    await subject.api('POST', '/v1/projects/demo/services', { name: 'web' });
    expect(await stream.next()).toMatchObject({
      event: 'change',
      data: { services: [{ name: 'web' }], environments: [], instances: [] },
    });
    await deploy(subject);
    const deployed = await stream.next();
    expect(deployed?.data.instances).toMatchObject([{ service: 'guestbook', environment: 'dev' }]);
    await subject.api('DELETE', '/v1/projects/demo/services/web');
    let removed: string[] = [];
    for (let tries = 0; tries < 5 && removed.length === 0; tries++) {
      const change = await stream.next();
      removed = (change?.data.removed as { services: string[] } | undefined)?.services ?? [];
    }
    expect(removed).toEqual(['web']);
    stream.stop.abort();
    expect(await stream.next()).toBeUndefined();
  });

  it('tells no overview again to who resumes where nothing changed, and all of it where something did', async () => {
    const first = await openStream(subject, path);
    const { id } = (await first.next())!;
    first.stop.abort();
    const again = await openStream(subject, path, id);
    const next = again.next();
    await subject.api('POST', '/v1/projects/demo/services', { name: 'web' });
    expect(await next).toMatchObject({ event: 'change' });
    again.stop.abort();
    const late = await openStream(subject, path, id);
    expect(await late.next()).toMatchObject({ event: 'overview', data: { services: [{}, { name: 'web' }] } });
    late.stop.abort();
  });
});
