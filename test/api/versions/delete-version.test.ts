/** Versions are deleted by those who may, and by nobody under an environment that holds them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findVersion } from '../../../functions/commands/versions/versions.ts';
import { sweep } from '../../../functions/sweep/sweep.ts';
import { createSubject, DIGEST, deploy, expectProblem, LABELLED, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterAll(() => subject?.close());

const VERSIONS = '/v1/projects/demo/services/guestbook/versions';
const register = (image: string, tag: string) =>
  subject.api('POST', VERSIONS, { image, tags: [tag] }).then(({ body }) => body.id as string);
const remove = (version: string, headers = {}) =>
  subject.api('DELETE', `${VERSIONS}/${version}`, undefined, headers);

it('one that nobody holds goes with its tags, once, and its image is removed after it', async () => {
  const removed: string[] = [];
  const { registry } = subject.ports;
  registry.removeImage = async (_, digest) => void removed.push(digest);
  const id = await register(LABELLED, 'v7');
  expectProblem(await remove('v7', { 'if-match': '"other"' }), 412, 'precondition_failed');
  const key = { 'idempotency-key': 'once' };
  expect((await remove('v7', key)).status).toBe(204);
  expect((await remove('v7', key)).status).toBe(204);
  for (const wanted of [id, 'v7']) {
    expectProblem(await subject.api('GET', `${VERSIONS}/${wanted}`), 404, 'not_found');
    expectProblem(await remove(wanted), 404, 'not_found');
  }
  expect((await sweep(subject.ports)).errors).toEqual([]);
  expect(removed).toEqual([LABELLED]);
});

it('one that serves is refused with who holds it, and is deployed and deleted as before', async () => {
  const number = await deploy(subject);
  // The deployment has changed the record, which whoever deletes it meanwhile finds out.
  const { data } = await findVersion(subject.ports.store, { project: 'demo', service: 'guestbook' }, 'v1');
  expect(data.deployed).toBe(true);
  const refused = await remove('v1');
  expectProblem(refused, 409, 'version_in_use');
  expect(refused.body.detail).toContain(`#${number} in "dev" serves`);
  const { body } = await subject.api('GET', VERSIONS);
  expect(body.items.map(({ digest }: { digest: string }) => digest)).toEqual([DIGEST]);
  expect(await deploy(subject)).toBe(number + 1);
});

it('what is said of a service or a version that is not there is the usual', async () => {
  expectProblem(await remove('none'), 404, 'not_found');
  expectProblem(await subject.api('DELETE', '/v1/projects/demo/services/none/versions/v1'), 404, 'not_found');
});
