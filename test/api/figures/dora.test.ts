import { afterAll, beforeAll, expect, it } from 'vitest';
import { versionIdKey, versionKey } from '../../../functions/core/keys.ts';
import type { EventFields } from '../../../functions/core/model/index.ts';
import { commit } from '../../../functions/records/commit.ts';
import { createSubject, expectProblem, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterAll(() => subject.close());

const PATH = '/v1/projects/demo/figures';

it('Figures come from the events, with commit times of the versions, by service and kind of environment', async () => {
  const { ports } = subject;
  const of = { project: 'demo', environment: 'dev', service: 'web' };
  const told = (...events: EventFields[]) => commit(ports, { actor: 'user:ada' }, { writes: [], events });
  const committedAt = new Date(ports.effects.now() - 3_600_000).toISOString();
  for (let number = 1; number <= 6; number++) {
    const version = `v${number}`;
    await ports.store.transact([
      { put: { ...versionIdKey(of, version), data: { order: version } } },
      {
        put: {
          ...versionKey(of, version),
          data: { service: 'web', id: version, source: { kind: 'git', committedAt } },
        },
      },
    ]);
    await told({ ...of, type: 'deployment.created', data: { number, kind: 'deploy', version } });
    await told(
      number === 6
        ? { ...of, type: 'deployment.failed', data: { number, code: 'check_failed', cause: 'Slow.' } }
        : { ...of, type: 'deployment.succeeded', data: { number, kind: 'deploy' } },
    );
  }
  const { status, body } = await subject.api('GET', `${PATH}?days=90`);
  expect(status).toBe(200);
  expect(body.all).toMatchObject({
    deployments: { n: 5 },
    leadTime: { n: 5, medianSeconds: expect.closeTo(3_600, -2) },
    changeFailures: { n: 6, failed: 1, checked: 1, rate: 0.167 },
    timeToRestore: { n: 0, open: 1, medianSeconds: null },
  });
  expect(body.services).toMatchObject([{ service: 'web', deployments: { n: 5 } }]);
  expect(body.classes).toMatchObject([{ class: 'persistent' }]);
  expect(body.use).toContainEqual({
    noun: 'deployment',
    counts: { created: 6, succeeded: 5, failed: 1 },
    actors: 1,
    failures: [{ code: 'check_failed', n: 1 }],
  });
  // What was before the period is not in it.
  subject.pass(31 * 24 * 3_600_000);
  expect((await subject.api('GET', PATH)).body.all.changeFailures).toMatchObject({ n: 0, rate: null });
});

it('Figures are of 30 or 90 days', async () => {
  expectProblem(await subject.api('GET', `${PATH}?days=31`), 400, 'invalid_request');
  expectProblem(await subject.api('GET', '/v1/projects/none/figures'), 404, 'not_found');
});
