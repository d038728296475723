/** Places are kept by those who run the installation, and an environment comes to the one that it asks for. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createByPlace, type InPlace } from '../../../functions/adapters/placement/by-place.ts';
import { environmentKey, eventsPartition, resourceKey } from '../../../functions/core/keys.ts';
import {
  type BerthEvent,
  type Environment,
  PLATFORM,
  type Place,
} from '../../../functions/core/model/index.ts';
import { Problem } from '../../../functions/core/problem.ts';
import { wrongKind } from '../../../functions/hosts/place-access.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import { lookAtPlaces } from '../../../functions/sweep/look-at-places.ts';
import { createSubject, expectProblem, person, type Subject, seed } from '../support.ts';

let subject: Subject;
/** Names of places that nobody answers from. */
let away: Set<string>;
const environments = '/v1/projects/demo/environments';

const emea = {
  name: 'emea',
  access: { kind: 'kubeconfig', context: 'emea' },
  domain: 'emea.example.com',
  labels: { region: 'eu', tier: 'production' },
};

function reached({ name }: Place): InPlace {
  const answer = <T>(value: T): T => {
    if (away.has(name)) throw new Problem('unavailable', 'Nobody answers there.', { hint: 'Start it.' });
    return value;
  };
  const { workloads, activity, logs } = subject.ports;
  return {
    logs,
    workloads: { ...workloads, check: async () => answer('complete') },
    activity: { ...activity, lastRequests: async () => answer([1]) },
  };
}

beforeEach(async () => {
  subject = await createSubject();
  away = new Set();
  const { store, effects, workloads, activity, logs } = subject.ports;
  const places = createByPlace({
    home: { workloads, activity, logs },
    store,
    effects,
    accept({ cluster }) {
      if (cluster?.access.kind !== 'kubeconfig') throw wrongKind('eks', 'a context');
    },
    open: async (place) => reached(place),
  });
  await seed(subject);
  Object.assign(subject.ports, places);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const add = async (fields: object = {}) => {
  const answer = await subject.api('POST', '/v1/places', { ...emea, ...fields });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
};
/** Types of the events of the platform that are about places. */
const told = async () =>
  (await readAll<BerthEvent>(subject.ports.store, eventsPartition(PLATFORM)))
    .map(({ data }) => data.type)
    .filter((type) => type.startsWith('place.'));
const create = (name: string, placement?: unknown) =>
  subject.api('POST', environments, { name, ...(placement !== undefined && { placement }) });
const placementOf = async (name: string) =>
  (await subject.api('GET', `${environments}/${name}`)).body.placement;

describe('The registry of places', () => {
  it('has the place of the installation from the start, and environments are in it', async () => {
    const { body } = await subject.api('GET', '/v1/places');
    expect(body.items).toMatchObject([{ name: 'home', default: true, databases: true, state: 'reachable' }]);
    expect(await placementOf('dev')).toBe('home');
    const stored = await subject.ports.store.get<Environment>(
      environmentKey({ project: 'demo', environment: 'dev' }),
    );
    expect(stored?.data).not.toHaveProperty('placement');
  });

  it('is added to, read and changed, with an event each', async () => {
    await add({ projects: ['demo', 'team-*'], default: true });
    const { body } = await subject.api('GET', '/v1/places');
    expect(body.items.map(({ name, default: is }: { name: string; default: boolean }) => [name, is])).toEqual(
      [
        ['home', false],
        ['emea', true],
      ],
    );
    const changed = await subject.api('PATCH', '/v1/places/emea', { projects: null, labels: {} });
    expect(changed.body).toMatchObject({ labels: {}, gateway: 'berth-gateway/berth' });
    expect(changed.body).not.toHaveProperty('projects');
    await subject.api('PATCH', '/v1/places/home', { default: true });
    expect((await subject.api('GET', '/v1/places/emea')).body.default).toBe(false);
    expect(await told()).toEqual(['place.created', 'place.changed', 'place.changed']);
  });

  it('is for those who run the installation alone', async () => {
    subject.people.set('ada', person('ada'));
    const headers = { authorization: 'Bearer ada' };
    for (const [method, path] of [
      ['GET', '/v1/places'],
      ['POST', '/v1/places'],
      ['DELETE', '/v1/places/emea'],
    ] as const)
      expectProblem(await subject.api(method, path, method === 'POST' ? emea : undefined, headers), 403);
  });

  it('refuses what is there already, what it can not reach, and changes of its own place', async () => {
    await add();
    expectProblem(await subject.api('POST', '/v1/places', emea), 409, 'already_exists');
    expectProblem(await subject.api('POST', '/v1/places', { ...emea, name: 'home' }), 409, 'already_exists');
    const eks = { kind: 'eks', cluster: 'a', region: 'eu-west-1', role: 'arn:aws:iam::444455556666:role/r' };
    const other = { ...emea, name: 'other', access: eks };
    expectProblem(await subject.api('POST', '/v1/places', other), 400, 'invalid_request');
    expectProblem(await subject.api('DELETE', '/v1/places/home'), 400, 'invalid_request');
    expectProblem(await subject.api('PATCH', '/v1/places/home', { domain: 'a.example' }), 400);
    expectProblem(await subject.api('GET', '/v1/places/none'), 404, 'not_found');
    expectProblem(await subject.api('PATCH', '/v1/places/none', {}), 404, 'not_found');
    expectProblem(await subject.api('DELETE', '/v1/places/none'), 404, 'not_found');
  });

  it('removes no place that environments are in, and names them; an empty one goes', async () => {
    await add();
    expect((await create('far', 'emea')).status).toBe(202);
    const refused = await subject.api('DELETE', '/v1/places/emea');
    expectProblem(refused, 409, 'not_empty');
    expect(refused.body.detail).toContain('demo/far');
    expect((await create('farther', 'emea')).status, 'it takes environments as before').toBe(202);
    await add({ name: 'empty' });
    expect((await subject.api('DELETE', '/v1/places/empty')).status).toBe(204);
    expectProblem(await subject.api('GET', '/v1/places/empty'), 404, 'not_found');
  });
});

describe('An environment', () => {
  it('comes to the place that it names, or whose labels it asks for, or to the default', async () => {
    await add();
    await add({ name: 'us', labels: { region: 'us', tier: 'production' } });
    await create('a', 'emea');
    await create('b', { labels: { region: 'us' } });
    await create('c');
    expect(await Promise.all(['a', 'b', 'c'].map(placementOf))).toEqual(['emea', 'us', 'home']);
    await subject.api('PATCH', '/v1/places/us', { default: true });
    await create('d');
    await create('e', 'home');
    expect(await Promise.all(['d', 'e', 'dev'].map(placementOf))).toEqual(['us', 'home', 'home']);
  });

  it('is refused with what can be asked for where the place is none, not for it, or not the only one', async () => {
    await add({ projects: ['team-*'] });
    await add({ name: 'us', environments: ['production'] });
    await add({ name: 'asia' });
    const unknown = await create('x', 'mars');
    expectProblem(unknown, 422, 'placement_not_found');
    expect(unknown.body.hint).toContain('"home", "asia"');
    expectProblem(await create('x', { labels: { region: 'mars' } }), 422, 'placement_not_found');
    expectProblem(await create('x', 'emea'), 403, 'placement_not_allowed');
    expectProblem(await create('x', 'us'), 403, 'placement_not_allowed');
    const several = await create('production', { labels: { region: 'eu' } });
    expectProblem(several, 409, 'placement_ambiguous');
    expect(several.body.detail).toContain('"asia", "us"');
    expect((await create('production', 'us')).status).toBe(202);
    expect((await create('x', { labels: { region: 'eu' } })).status, 'one of them may be used').toBe(202);
    expectProblem(await create('y', { labels: {} }), 400, 'invalid_request');
  });

  it('is refused in a place that can not be reached, and made elsewhere all the same', async () => {
    await add();
    away.add('emea');
    const refused = await create('x', 'emea');
    expectProblem(refused, 409, 'place_unreachable');
    expect(refused.body.detail).toContain('Nobody answers there');
    expect((await create('x')).status).toBe(202);
  });

  it('stays in its place: a move is refused with the names of what it holds', async () => {
    await add();
    const uid = 'postgres.default#demo.db';
    const key = resourceKey({ project: 'demo', environment: 'dev' }, uid);
    await subject.ports.store.transact([{ put: { ...key, data: { uid, type: 'postgres' } } }]);
    const refused = await subject.api('PATCH', `${environments}/dev`, { placement: 'emea' });
    expectProblem(refused, 409, 'placement_fixed');
    expect(refused.body.detail).toContain(uid);
    const same = await subject.api('PATCH', `${environments}/dev`, { placement: 'home', idleAfter: '1h' });
    expect(same.status).toBe(200);
  });
});

describe('A place that is away', () => {
  it('is told of by /healthz and the list, once with an event, until it is back', async () => {
    await add();
    await add({ name: 'us' });
    const look = () => lookAtPlaces(subject.ports);
    const health = async () => (await subject.api('GET', '/healthz')).body;
    await look();
    expect(await health()).toEqual({ status: 'ok' });
    away.add('emea');
    subject.pass(60_000);
    await look();
    await look();
    expect(await health()).toEqual({ status: 'degraded', placesAway: ['emea'] });
    const { body } = await subject.api('GET', '/v1/places');
    expect(body.items.map(({ state }: { state: string }) => state)).toEqual([
      'reachable',
      'unreachable',
      'reachable',
    ]);
    expect(body.items[1]).toMatchObject({ reason: 'Nobody answers there.' });
    away.clear();
    subject.pass(60_000);
    await look();
    expect(await health()).toEqual({ status: 'ok' });
    expect((await told()).slice(-2)).toEqual(['place.unreachable', 'place.reachable']);
  });

  it('is not asked in vain when its environments were used last, and others are told as ever', async () => {
    await add();
    await create('far', 'emea');
    const asked = ['far', 'dev'].map((environment) => ({ project: 'demo', environment }));
    expect(await subject.ports.activity.lastRequests(asked)).toEqual([1, undefined]);
    away.add('emea');
    expect(await subject.ports.activity.lastRequests(asked)).toEqual(['unknown', undefined]);
  });
});
