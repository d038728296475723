import { expect, it } from 'vitest';
import { operationWords, stepWords } from '../../web/src/components/operation-words.ts';

it('An operation is told by what it is carried out on', () => {
  const deployment = { service: 'web', environment: 'dev', number: 3 };
  expect(operationWords({ kind: 'build', service: 'web' })).toBe('Build of web');
  expect(operationWords({ kind: 'deploy', ...deployment })).toBe('Deployment 3 of web to dev');
  expect(operationWords({ kind: 'rollback', ...deployment })).toBe('Rollback 3 of web in dev');
  expect(operationWords({ kind: 'hibernate', environment: 'dev' })).toBe('Putting dev to sleep');
});

it('A step is told by its name', () => {
  expect(stepWords('awaitRollout')).toBe('Await rollout');
});
