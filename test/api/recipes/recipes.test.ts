/** Recipes are kept in versions; deployments take the newest of them, and name which. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentWrite } from '../../../functions/commands/environments/environments.ts';
import { deploymentKey, environmentKey, eventsPartition, resourceKey } from '../../../functions/core/keys.ts';
import {
  type BerthEvent,
  type Deployment,
  type Environment,
  PLATFORM,
} from '../../../functions/core/model/index.ts';
import { withStanding } from '../../../functions/records/instances.ts';
import { readAll } from '../../../functions/records/read-all.ts';
import {
  createSubject,
  DIGEST,
  expectProblem,
  instance,
  instancePath,
  person,
  type Subject,
  seed,
  workload,
} from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const PATH = '/v1/recipes/shop-database';
const recipe = {
  type: 'shop-database',
  description: 'A database of the shop',
  params: { size: { kind: 'enum', values: ['small', 'large'], default: 'small' } },
  resources: { main: { type: 'postgres' } },
  outputs: { url: '${resources.main.url}', size: '${params.size}' },
};
const next = { ...recipe, resources: { main: { type: 'postgres', params: { extensions: ['pgcrypto'] } } } };

/** What asks for nothing more lacks it. */
const needy = { ...recipe, params: { tier: { kind: 'string' } }, outputs: { url: '${resources.main.url}' } };

const put = (body: unknown = recipe, headers: Record<string, string> = {}) =>
  subject.api('PUT', PATH, body, headers);

const asking = (params: object = {}, output = 'url') => ({
  ...workload,
  containers: { web: { image: '.', variables: { URL: `\${resources.db.${output}}` } } },
  resources: { db: { type: 'shop-database', params } },
});
const register = (body: object, tag = 'v1') =>
  subject.api('POST', '/v1/projects/demo/services/guestbook/versions', {
    image: DIGEST,
    workload: body,
    tags: [tag],
  });
const deployVersion = async (body: object = { version: 'v1' }) => {
  const answer = await subject.api('POST', `${instancePath}/deployments`, body);
  expect(answer.status, answer.text).toBe(202);
  return (await readAll<Deployment>(subject.ports.store, 'deployments#demo#dev#guestbook')).at(-1)!.data;
};
/** As if its workflow had gone well. */
async function serves({ number }: Deployment, fields: Partial<Deployment> = {}): Promise<void> {
  const { store } = subject.ports;
  const item = (await store.get<Deployment>(deploymentKey(instance, number)))!;
  const environment = (await store.get<Environment>(environmentKey(instance)))!;
  const data: Deployment = {
    ...item.data,
    status: 'succeeded',
    outputs: { db: { values: {}, secrets: {} } },
    ...fields,
  };
  await store.transact([
    { put: { ...deploymentKey(instance, number), data }, if: { version: item.version } },
    environmentWrite(withStanding(environment.data, instance, { newest: number, current: number }), {
      version: environment.version,
    }),
  ]);
}
const detail = async (number: number) =>
  (await subject.api('GET', `${instancePath}/deployments/${number}`)).body;

describe('A recipe', () => {
  it('gets a number with each change, and none without one', async () => {
    const created = await put();
    expect(created).toMatchObject({ status: 201, body: { version: 1, recipe, createdBy: 'administrator' } });
    expect(
      await put({ ...recipe, outputs: { size: '${params.size}', url: '${resources.main.url}' } }),
    ).toMatchObject({
      status: 200,
      body: { version: 1 },
    });
    expect((await put(next)).body.version).toBe(2);
    expectProblem(
      await put(recipe, { 'if-match': created.headers.get('etag')! }),
      412,
      'precondition_failed',
    );
    expect((await subject.api('GET', `${PATH}/versions/1`)).body.recipe).toEqual(recipe);
    expect((await subject.api('GET', '/v1/recipes')).body.items).toMatchObject([
      { version: 2, recipe: next },
    ]);
    const events = await readAll<BerthEvent>(subject.ports.store, eventsPartition(PLATFORM));
    expect(events.map(({ data: { type, data } }) => [type, data])).toMatchObject([
      ['recipe.put', { recipe: 'shop-database', version: 1 }],
      ['recipe.put', { recipe: 'shop-database', version: 2 }],
    ]);
  });

  it('is put by who runs the installation, and read by all who are known', async () => {
    subject.people.set('ada', person('ada'));
    const headers = { authorization: 'Bearer ada' };
    await put();
    expectProblem(await put(next, headers), 403, 'forbidden');
    expectProblem(await subject.api('DELETE', PATH, undefined, headers), 403, 'forbidden');
    expectProblem(await subject.api('GET', `${PATH}/uses`, undefined, headers), 403, 'forbidden');
    expect((await subject.api('GET', PATH, undefined, headers)).status).toBe(200);
  });

  it.each([
    ['a built-in name', { type: 'postgres' }, 'type'],
    ['another name', { type: 'other' }, 'type'],
    ['a type that is none', { resources: { main: { type: 'postgress' } } }, 'resources.main.type'],
    ['itself', { resources: { main: { type: 'shop-database' } } }, 'resources.main.type'],
    [
      'a class that is none',
      { resources: { main: { type: 'postgres', class: 'huge' } } },
      'resources.main.class',
    ],
    ['an output that is none', { outputs: { url: '${resources.main.uri}' } }, 'outputs.url'],
    [
      'a param that is none',
      { resources: { main: { type: 'postgres', params: { size: 1 } } } },
      'resources.main.params',
    ],
    [
      'a value of a parameter that can not be',
      {
        params: {
          to: { kind: 'enum', values: { a: { class: 'default' }, b: { class: 'huge' } }, default: 'a' },
        },
        resources: { main: { type: 'postgres', class: '${params.to.class}' } },
        outputs: {},
      },
      'resources.main.class',
    ],
  ])('is refused with %s, and the place is named', async (_, fields, path) => {
    const type = 'type' in fields ? fields.type : 'shop-database';
    const answer = await subject.api('PUT', type === 'other' ? PATH : `/v1/recipes/${type}`, {
      ...recipe,
      ...fields,
    });
    expectProblem(answer, 422, 'invalid_recipe');
    expect(answer.body.errors[0].path).toBe(path);
  });

  it('is checked as text, with lines', async () => {
    const text =
      'type: shop-database\ndescription: A database\nresources:\n  main:\n    type: postgres\noutputs:\n  url: ${resources.main.uri}\n';
    const { body } = await subject.api('POST', '/v1/recipe-checks', { recipe: text });
    expect(body.faults).toMatchObject([{ path: 'outputs.url', line: 7, column: 8 }]);
    const broken = await subject.api('POST', '/v1/recipe-checks', { recipe: 'type: [' });
    expect(broken.body).toMatchObject({ faults: [{ line: 1 }] });
    const right = await subject.api('POST', '/v1/recipe-checks', { recipe: text.replace('uri', 'url') });
    expect(right.body).toMatchObject({ faults: [], recipe: { type: 'shop-database' } });
  });
});

describe('A version of a service', () => {
  it('is refused as with Berth’s own types: by type, parameter and output', async () => {
    expectProblem(await register(asking()), 422, 'unknown_resource_type');
    await put();
    expectProblem(await register(asking({ size: 'huge' })), 422, 'invalid_resource');
    expectProblem(await register(asking({}, 'uri')), 422, 'unresolved_placeholder');
    expect((await register(asking())).status).toBe(201);
    const score = JSON.stringify(asking({ size: 'huge' }), null, 1);
    const { body } = await subject.api('POST', '/v1/score-checks', { score });
    const line = score.split('\n').findIndex((one) => one.includes('"huge"')) + 1;
    expect(body.faults).toMatchObject([{ code: 'invalid_resource', path: 'resources.db.params.size', line }]);
  });

  it('shows in the schema for editors what may be asked for', async () => {
    await put();
    const { body } = await subject.api('GET', '/v1/schemas/score.json');
    const resource = body.properties.resources.additionalProperties;
    expect(resource.properties.type.enum).toContain('shop-database');
    expect(resource.allOf.at(-1).then.properties.params.properties.size).toEqual({
      enum: ['small', 'large'],
      default: 'small',
    });
  });
});

describe('A deployment', () => {
  beforeEach(async () => {
    await put();
    await register(asking());
  });

  it('takes the recipe as it is now, and keeps it; a restart keeps that of what serves', async () => {
    const first = await deployVersion();
    await serves(first);
    expect(await detail(1)).toMatchObject({
      recipes: { db: { type: 'shop-database', version: 1 } },
      workload: { resources: { db: { type: 'postgres' } } },
    });
    await put(next);
    const planned = (await subject.api('GET', `${instancePath}/plan?version=v1`)).body;
    expect(planned.recipes).toEqual({ db: { type: 'shop-database', version: 2 } });
    expect(planned.changes).toMatchObject([{ area: 'resource', change: 'added', after: '["pgcrypto"]' }]);

    const restart = await subject.api('POST', `${instancePath}/restart`);
    expect(restart.status, restart.text).toBe(202);
    expect((await detail(2)).recipes.db.version).toBe(1);
    await serves((await subject.ports.store.get<Deployment>(deploymentKey(instance, 2)))!.data);

    await serves(await deployVersion());
    expect(await detail(3)).toMatchObject({
      recipes: { db: { version: 2 } },
      workload: { resources: { db: { params: { extensions: ['pgcrypto'] } } } },
    });
  });

  it('that races with changes of its recipe has the outputs of the version that it names', async () => {
    const labelled = (label: string) => ({ ...recipe, outputs: { url: `\${resources.main.url}#${label}` } });
    const labels = ['a', 'b', 'c', 'd', 'e', 'f'];
    const [puts, deployments] = await Promise.all([
      Promise.all(labels.map((label) => put(labelled(label)))),
      Promise.all(labels.map(() => subject.api('POST', `${instancePath}/deployments`, { version: 'v1' }))),
    ]);
    expect(puts.map(({ body }) => body.version).sort()).toEqual([2, 3, 4, 5, 6, 7]);
    const outputs = new Map<number, string>([
      [1, recipe.outputs.url],
      ...puts.map(({ body }): [number, string] => [body.version, body.recipe.outputs.url]),
    ]);
    for (const { body } of deployments) {
      const { recipes, workload: made } = await detail(body.number);
      const said = outputs.get(recipes.db.version)!.replace('main', 'db');
      expect(made.containers.web.variables.URL).toBe(said);
    }
  });

  it('is refused where the recipe no longer takes what is asked for, and nothing is accepted', async () => {
    await put(needy);
    expectProblem(
      await subject.api('POST', `${instancePath}/deployments`, { version: 'v1' }),
      422,
      'invalid_resource',
    );
    expect(await readAll(subject.ports.store, 'deployments#demo#dev#guestbook')).toEqual([]);
    const { body } = await subject.api('GET', `${instancePath}/plan?version=v1`);
    expect(body).toMatchObject({ changes: [], resources: [], problems: [{ code: 'invalid_resource' }] });
  });

  it('is told of before a recipe is put, and keeps it from being deleted', async () => {
    await serves(await deployVersion());
    const { body } = await subject.api('POST', `${PATH}/plan`, next);
    expect(body).toMatchObject({
      version: 2,
      items: [
        {
          project: 'demo',
          environment: 'dev',
          service: 'guestbook',
          state: 'runs',
          version: 1,
          problems: [],
        },
      ],
    });
    expect(body.items[0].changes).toMatchObject([{ area: 'resource', after: '["pgcrypto"]' }]);
    const needs = await subject.api('POST', `${PATH}/plan`, needy);
    expect(needs.body.items[0].problems[0].code).toBe('invalid_resource');
    const refused = await subject.api('DELETE', PATH);
    expectProblem(refused, 409, 'not_empty');
    expect(refused.body.detail).toContain('demo/dev/guestbook');
    // Nothing was kept of the plans.
    expect((await subject.api('GET', PATH)).body.version).toBe(1);
  });

  it('would lose data by some recipes: that is told before one is put', async () => {
    await serves(await deployVersion());
    const uid = 'postgres.default#guestbook.db';
    const data = {
      ...{ project: 'demo', environment: 'dev', uid, id: 'guestbook.db', type: 'postgres', class: 'default' },
      ...{ state: 'ready', services: ['guestbook'], outputs: { values: {}, secrets: {} } },
    };
    const put = { ...resourceKey(instance, uid), data };
    await subject.ports.store.transact([{ put, if: 'absent' }]);
    const lossesOf = async (of: object) =>
      (await subject.api('POST', `${PATH}/plan`, of)).body.items[0].losses;
    expect(await lossesOf(next)).toEqual([]);
    const renamed = { ...recipe, resources: { base: { type: 'postgres' } }, outputs: { url: 'x' } };
    expect(await lossesOf(renamed)).toMatchObject([{ uid, data: 'left' }]);
    const moved = { ...recipe, resources: { main: { type: 'postgres', class: 'dedicated' } } };
    expect(await lossesOf(moved)).toMatchObject([
      { uid: 'postgres.dedicated#guestbook.db', data: 'empty' },
      { uid, data: 'left' },
    ]);
  });

  it('stays readable when its recipe is deleted, and the number of a version is never given twice', async () => {
    const first = await deployVersion();
    await serves(first);
    await register({ ...workload, containers: { web: { image: '.' } } }, 'v2');
    await serves(await deployVersion({ version: 'v2' }));
    expect((await subject.api('DELETE', PATH)).status).toBe(204);
    expect((await detail(1)).workload.resources).toEqual({ db: { type: 'postgres' } });
    expectProblem(await subject.api('GET', PATH), 404, 'not_found');
    expect((await put(next)).body.version).toBe(2);
  });
});
