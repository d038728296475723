/** GitHub is told of deployments beside the statuses of commits: from the first second to the end, and softly where it is refused. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONNECTION, type Connected, connect, settings, sha } from './support.ts';

const previews = { base: 'dev', ttl: '2d' };
const options = { rules: [{ branch: 'main', environment: 'dev' }], previews };
let at: Connected;
beforeAll(async () => {
  at = await connect('github', options);
  at.subject.ports.origin = 'https://berth.example.com';
});
afterAll(() => at.close());

const newest = () => at.host.deployments.at(-1)!;
const statesOf = ({ statuses }: { statuses: { state?: string }[] }) => statuses.map(({ state }) => state);
const push = (number: number, more: object = {}) => {
  const before = number === 1 ? {} : { before: sha(number - 1) };
  return at.deliver(
    at.host.push({ ...before, after: sha(number), at: 1_700_000_000 + number, ...more }, at.secret),
  );
};

it('A push is a deployment that begins before the answer, and ends with its address', async () => {
  await push(1);
  const { made } = newest();
  expect(made).toMatchObject({
    ref: sha(1),
    environment: 'demo/guestbook/dev',
    transient_environment: false,
  });
  expect(statesOf(newest())).toEqual(['in_progress']);
  await at.settle();
  expect(at.host.deployments).toHaveLength(1);
  expect(statesOf(newest())).toEqual(['in_progress', 'success']);
  expect(newest().statuses.at(-1)).toMatchObject({
    environment_url: 'http://guestbook.dev.demo.localhost:4600',
    log_url: expect.stringMatching(/^https:\/\/berth\.example\.com\/projects\/demo\/operations\/\w{26}$/),
  });
});

it('What fails ends as a failure, what is overtaken as inactive, and what deploys nothing is none', async () => {
  await push(2);
  await at.settle(() => 'failed');
  expect(statesOf(newest())).toEqual(['in_progress', 'failure']);
  await push(3);
  await push(4);
  await at.settle();
  const [third, fourth] = at.host.deployments.slice(-2);
  expect([statesOf(third!), statesOf(fourth!)]).toEqual([
    ['in_progress', 'inactive'],
    ['in_progress', 'success'],
  ]);
  const before = at.host.deployments.length;
  await push(5, { message: '[skip ci]' });
  await at.settle();
  expect(at.host.deployments).toHaveLength(before);
  expect(at.host.refused).toEqual([]);
});

it('A pull request has one that goes with it; a newer commit of it takes the place of the one before', async () => {
  const pull = (action: 'opened' | 'synchronize' | 'closed', commit: number, second: number) =>
    at.deliver(at.host.pull({ action, commit: sha(commit), at: 1_700_000_100 + second }, at.secret));
  await pull('opened', 11, 1);
  await at.settle();
  const first = newest();
  expect(first.made).toMatchObject({ environment: 'demo/guestbook/pr-7', transient_environment: true });
  await pull('synchronize', 12, 2);
  await at.settle();
  expect(statesOf(first)).toEqual(['in_progress', 'success', 'inactive']);
  const second = newest();
  expect(second.made.ref).toBe(sha(12));
  await pull('closed', 12, 3);
  await at.settle();
  expect(statesOf(second)).toEqual(['in_progress', 'success', 'inactive']);
});

it('A token without the right stops nothing: it is said with the connection, and tried again with another token', async () => {
  at.host.denyDeployments(403);
  const before = at.host.deployments.length;
  await push(6, { before: sha(5) });
  await at.settle();
  expect(at.lastStatuses().get(sha(6))).toBe('success');
  const shown = async () => (await at.subject.api('GET', CONNECTION)).body.deploymentsRefused;
  expect(await shown()).toBe('the token has no right to write deployments (status 403)');
  at.host.denyDeployments(undefined);
  await push(7);
  await at.settle();
  // It was not asked again with the same token.
  expect(at.host.deployments).toHaveLength(before);
  await at.subject.api('PUT', CONNECTION, settings(at.host, options));
  expect(await shown()).toBeUndefined();
  await push(8);
  await at.settle();
  expect(at.host.deployments).toHaveLength(before + 1);
});

it('What could not be told while GitHub was away is told later, once', async () => {
  at.host.denyDeployments(503);
  const before = at.host.deployments.length;
  await push(9);
  await at.settle();
  at.host.denyDeployments(undefined);
  at.subject.pass(3_600_000);
  await at.settle();
  expect(at.host.deployments).toHaveLength(before + 1);
  expect(statesOf(newest()).at(-1)).toBe('success');
});
